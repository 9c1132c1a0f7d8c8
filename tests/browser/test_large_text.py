"""Text of twice the usual size: nothing is cut off or covered, also on the smallest phone."""

import pytest
from playwright.sync_api import expect

from tests.browser.people import DESKTOP, PHONE

LARGE = "document.documentElement.style.fontSize = '200%'"
#: What is wider than the box around it, where nothing scrolls sideways.
CUT = """box => [...box.querySelectorAll('button, input, h1, h2, h3, p, a')]
  .filter((it) => it.checkVisibility() && !it.closest('.visually-hidden'))
  .filter((it) => {
    const [inner, outer] = [it.getBoundingClientRect(), box.getBoundingClientRect()];
    return inner.left < outer.left - 1 || inner.right > outer.right + 1;
  })
  .map((it) => it.outerHTML.slice(0, 100))"""
SIDEWAYS = "box => box.scrollWidth - box.clientWidth"
NAME = "A name as long as a name of a room may be, which is eighty characters in all, so"


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE, {"width": 320, "height": 568}])
@pytest.mark.parametrize("lang", ["en-GB", "ko-KR"])
def test_dialogs_are_as_wide_as_what_is_in_them(at_browser, lang, viewport):
    ann, ben = at_browser("ann", locale=lang, viewport=viewport), at_browser("ben")
    room_id = ann.api.create_room(NAME, private=True)
    ann.api.request("PUT", f"/api/rooms/{room_id}/members/{ben.name}")
    ann.enter(room_id)
    ann.page.evaluate(LARGE)
    for name in ("about", "delete", "delete-message", "remove-member"):
        dialog = ann.page.locator(f"#{name}")
        dialog.evaluate("it => it.showModal()")
        assert dialog.evaluate(CUT) == [], name
        assert dialog.evaluate(SIDEWAYS) <= 0, name
        dialog.evaluate("it => it.close()")


def test_the_whole_name_of_a_room_can_be_read_on_a_phone(at_browser):
    ann, ben = at_browser("ann"), at_browser("ben", viewport={"width": 320, "height": 568})
    room_id = ann.api.create_room(NAME)
    ben.enter(room_id)
    ben.page.get_by_role("link", name="About this room").click()
    shown = ben.page.locator("#about [data-room-name]")
    expect(shown).to_have_text(NAME)
    assert ben.page.locator("#about").evaluate(CUT) == []


def test_the_sign_of_the_search_does_not_cover_its_words(at_browser):
    ann = at_browser("ann", viewport=PHONE)
    ann.page.goto("/rooms")
    ann.page.evaluate(LARGE)
    assert ann.page.evaluate("""() => {
      const sign = document.querySelector('.search .icon').getBoundingClientRect();
      const field = document.querySelector('#q');
      const padding = parseFloat(getComputedStyle(field).paddingLeft);
      return sign.right <= field.getBoundingClientRect().left + padding;
    }""")


def test_the_initials_stay_within_their_square(at_browser):
    ann = at_browser("보라")
    ann.enter(ann.api.create_room("Plans"))
    ann.page.evaluate(LARGE)
    square = ann.page.locator("#people-list .avatar").first
    assert square.evaluate("it => it.scrollHeight <= it.clientHeight + 1")


@pytest.mark.parametrize("width", [320, 390])
def test_on_a_phone_the_head_of_a_room_and_the_toolbar_have_their_room(at_browser, width):
    ann = at_browser("ann", viewport={"width": width, "height": 568})
    ann.enter(ann.api.create_room("Plans"))
    ann.page.evaluate(LARGE)
    ann.write("short")
    ann.hears("short")
    assert ann.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert ann.page.locator("#room-name").bounding_box()["width"] > 40
    ann.said("short").focus()
    bar = ann.page.locator("[role=toolbar]")
    expect(bar).to_be_visible()
    assert bar.evaluate(CUT) == []
    log, tools = ann.page.locator("#log").bounding_box(), bar.bounding_box()
    assert tools["x"] >= log["x"]
    assert tools["y"] + tools["height"] <= log["y"] + log["height"]
