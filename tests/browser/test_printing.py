"""What comes out of a printer."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.people import PHONE


@pytest.mark.parametrize("options", [{}, {"viewport": PHONE, "color_scheme": "dark"}])
def test_a_room_is_printed_with_all_that_is_loaded_of_it(at_browser, options):
    ann = at_browser("ann", **options)
    room_id = ann.api.create_room("Plans")
    for number in range(40):
        ann.api.say(room_id, f"{number}: one\ntwo\nthree\nfour\nfive")
    ann.enter(room_id)
    expect(ann.page.locator("#timeline .message")).to_have_count(40)
    # Two hundred lines of text, and not the one screen of them that scrolls.
    pages = re.findall(rb"/Type\s*/Page\b", ann.page.pdf(format="A4"))
    assert 3 <= len(pages) <= 10
    ann.page.emulate_media(media="print")
    assert ann.page.locator("#log").evaluate("log => log.scrollHeight <= log.clientHeight + 1")
    expect(ann.page.locator("#room-name")).to_be_visible()
    expect(ann.page.locator("#timeline time").first).to_be_visible()
    for part in ("#composer", "#rooms", "#people", "#typing", "header .icon-button", "#leave"):
        expect(ann.page.locator(part).first).to_be_hidden()


def test_a_page_of_many_rooms_is_printed_without_what_is_for_the_screen(at_browser):
    ann = at_browser("ann")
    ann.page.goto("/rooms")
    ann.page.emulate_media(media="print")
    expect(ann.page.locator("#rooms-title")).to_be_visible()
    expect(ann.page.locator(".bar")).to_be_hidden()
