"""Links in messages lead to the address that they show, on the web only."""

import pytest
from playwright.sync_api import expect

from tests.browser.people import PATIENCE

A = "https://a.example/"
#: A text, and the addresses of its links.
TEXTS = {
    "a usual link": ("see https://example.org/a?b=c#d.", ["https://example.org/a?b=c#d"]),
    "two links": ("http://a.example, https://b.example/(x)", ["http://a.example/", "https://b.example/(x)"]),
    "javascript": ("javascript:alert(1) JavaScript://%0aalert(1)", []),
    "javascript behind a link": ("https://a.example/javascript:alert(1)", ["https://a.example/javascript:alert(1)"]),
    "data": ("data:text/html,<script>alert(1)</script>", []),
    "other schemes": ("file:///etc/passwd ftp://a.example vbscript:x blob:https", []),
    "a tag": ('<a href="https://a.example">x</a><img src=x onerror=alert(1)>', ["https://a.example/"]),
    "an attribute": ('https://a.example/"onmouseover="alert(1)', ["https://a.example/"]),
    "no address": ("https:// https://[ http://a b", ["http://a/"]),
    "code": ("`https://a.example` ```\nhttps://b.example\n```", []),
    "text turned round": ("https://a.example/\u202emoc.knab//:sptth", ["https://a.example/"]),
    "brackets": ("https://a.example/(b). (https://c.example)!?", [f"{A}(b)", "https://c.example/"]),
    "dots": ("https://a.example/...x...", [f"{A}...x"]),
    "isolates": ("https://a.example/\u2067x\u2069", ["https://a.example/"]),
}  # fmt: skip


@pytest.fixture(scope="module")
def said():
    return list(TEXTS.values())


def links_of(page):
    """The addresses of the links in each message."""
    script = "rows => rows.map(row => Array.from(row.querySelectorAll('a'), link => link.href))"
    return page.locator(".message-text").evaluate_all(script)


@pytest.mark.parametrize("loaded", [False, True], ids=["heard", "loaded"])
def test_links_lead_to_web_sites_only(at_browser, said, loaded):
    ann = at_browser("ann")
    alerts = []
    ann.page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    room = ann.api.create_room("Links")
    if not loaded:
        ann.enter(room)
    for text, _ in said:
        ann.api.say(room, text)
    if loaded:
        ann.enter(room)
    expect(ann.page.locator(".message-text")).to_have_count(len(said), timeout=PATIENCE)
    assert links_of(ann.page) == [links for _, links in said]
    for link in ann.page.locator(".message-text a").all():
        assert link.get_attribute("rel") == "noopener noreferrer"
        assert link.get_attribute("target") == "_blank"
        # What stands before it does not turn its letters round.
        assert link.evaluate("link => getComputedStyle(link).unicodeBidi") == "isolate"
    assert ann.page.locator(".message-text :is(img, script)").count() == 0
    assert alerts == []
