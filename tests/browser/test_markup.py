"""The script shows a message's text, and a name, exactly as the server does."""

import json

from tests.live.cluster import ROOT

TEXTS = json.loads((ROOT / "tests/fixtures/message_text.json").read_text("utf-8"))
AVATARS = json.loads((ROOT / "tests/fixtures/avatars.json").read_text("utf-8"))
MARKED = """async (texts) => {
  const { messageText } = await import('/static/js/markup.js');
  return texts.map((text) => {
    const place = document.createElement('div');
    place.append(messageText(text));
    return place.innerHTML;
  });
}"""


def test_a_text_becomes_this_html(at_browser):
    ann = at_browser("ann")
    ann.page.goto("/rooms")
    made = ann.page.evaluate(MARKED, [case["text"] for case in TEXTS])
    assert {case["name"]: html for case, html in zip(TEXTS, made, strict=True)} == {
        case["name"]: case["html"] for case in TEXTS
    }


def test_a_name_has_this_colour_and_these_initials(at_browser):
    ann = at_browser("ann")
    ann.page.goto("/rooms")
    made = ann.page.evaluate(
        """async (names) => {
          const { hue, initials } = await import('/static/js/avatar.js');
          return names.map((name) => ({ name, hue: hue(name), initials: initials(name) }));
        }""",
        [avatar["name"] for avatar in AVATARS],
    )
    assert made == AVATARS
