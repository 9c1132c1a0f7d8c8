"""Refusals before the app gets the request are shown in the person's language too."""

import re

from playwright.sync_api import expect

from tests.browser.people import PATIENCE, Person
from tests.live.cluster import Maru
from tests.live.test_worker import connect

KOREAN = {"locale": "ko-KR"}
HANGUL = re.compile("[가-힣]{2}")
#: More than the body of a request may have.
LONG = "x" * 300_000


def test_a_form_that_is_too_large_is_refused_in_korean_where_it_stands(at_browser):
    ann = at_browser("ann", **KOREAN)
    ann.page.goto("/rooms")
    ann.page.locator("#name").fill(LONG)
    ann.page.locator("#name").press("Enter")
    told = ann.page.locator("form[data-inline] .error")
    expect(told).to_have_text("보낸 내용이 허용된 길이보다 깁니다.", timeout=PATIENCE)
    ann.complaints.clear()  # of the 413


def test_a_form_that_is_too_large_for_a_page_is_refused_by_a_page_in_both_languages(at_browser):
    ann = at_browser("ann", **KOREAN)
    ann.context.clear_cookies()
    ann.page.goto("/login")
    ann.page.locator("input[name=name]").fill(LONG)
    ann.page.locator("input[name=password]").fill("a long password")
    ann.page.locator("input[name=password]").press("Enter")
    expect(ann.page.locator("p[lang=ko]")).to_have_text(
        "보낸 내용이 허용된 길이보다 깁니다.", timeout=PATIENCE
    )
    expect(ann.page.get_by_text("What was sent is longer than allowed.")).to_be_visible()
    ann.complaints.clear()  # of the 413


def test_a_server_that_is_full_says_so_in_both_languages(tmp_path, browser):
    maru = Maru(tmp_path, workers=1, MAX_CONNECTIONS="5")
    held = []
    try:
        maru.start()
        visitor = Person(maru, browser, "visitor", **KOREAN)
        held = [connect(maru) for _ in range(5)]
        visitor.page.goto("/login")
        expect(visitor.page.locator("h1")).to_have_text("503", timeout=PATIENCE)
        expect(visitor.page.locator("p[lang=ko]")).to_have_text(HANGUL)
        expect(visitor.page.get_by_text("The server is busy.")).to_be_visible()
        visitor.close()
    finally:
        for connection in held:
            connection.close()
        maru.stop()
