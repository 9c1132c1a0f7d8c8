"""Without a network, or without an answer, links lead nowhere: one stays, and is told why."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.going import is_marked, listens, mark
from tests.browser.people import PHONE
from tests.browser.unsent import go_offline

OFFLINE = "Without a network this page cannot be opened."


def told(person):
    return person.page.get_by_role("alert").filter(has_text=OFFLINE)


def test_without_a_network_no_link_leads_out_of_a_room(at_browser):
    ann = at_browser("ann")
    room_id = ann.api.create_room("Plans")
    ann.enter(room_id)
    mark(ann)
    ann.context.set_offline(True)
    page = ann.page
    for link in (
        page.locator("#leave"),
        page.locator(".rail-me a"),
        page.get_by_role("link", name="All rooms"),
        page.locator("#people-list a", has_text=ann.name),
        page.locator(".rail .brand"),
    ):
        link.click()
        expect(told(ann)).to_be_visible()
        told(ann).get_by_role("button", name="Close").click()
        expect(told(ann)).to_have_count(0)
    assert is_marked(ann)
    ann.context.set_offline(False)
    page.locator(".rail-me a").click()
    expect(ann.page).to_have_url(re.compile("/settings$"))


@pytest.mark.parametrize("path", ["/rooms", "/settings"])
def test_without_a_network_no_link_leads_out_of_other_pages(at_browser, path):
    ann = at_browser("ann")
    ann.api.create_room("Plans")
    listens(ann, path)
    mark(ann)
    ann.context.set_offline(True)
    links = ann.page.locator("header a, #room-list a").all()
    assert len(links) >= 3
    for link in links:
        link.click()
        expect(told(ann)).to_be_visible()
        told(ann).get_by_role("button", name="Close").press("Enter")
        expect(link).to_be_focused()
    assert is_marked(ann)
    ann.context.set_offline(False)
    ann.page.get_by_role("link", name="Settings").click()
    expect(ann.page).to_have_url(re.compile("/settings$"))


def test_without_a_network_a_search_keeps_the_page_and_its_words(at_browser):
    ann = at_browser("ann")
    listens(ann, "/rooms")
    mark(ann)
    ann.context.set_offline(True)
    ann.page.get_by_label("Find a room").fill("plans")
    ann.page.get_by_label("Find a room").press("Enter")
    expect(told(ann)).to_be_visible()
    expect(ann.page.get_by_label("Find a room")).to_have_value("plans")
    assert is_marked(ann)


def test_on_a_phone_the_sheet_says_it(at_browser):
    ann = at_browser("ann", viewport=PHONE)
    ann.enter(ann.api.create_room("Plans"))
    mark(ann)
    ann.page.get_by_role("link", name="Rooms", exact=True).click()
    ann.context.set_offline(True)
    ann.page.locator(".rail-me a").click()
    expect(told(ann)).to_be_in_viewport(ratio=1)
    told(ann).get_by_role("button", name="Close").click()
    expect(told(ann)).to_have_count(0)
    assert is_marked(ann)


def test_a_server_that_does_not_answer_is_asked_before_one_leaves(behind_cable):
    ann, _, cable, _ = behind_cable
    mark(ann)
    go_offline(ann, cable)
    settings = ann.page.locator(".rail-me a")
    settings.click()
    expect(ann.page.get_by_role("alert").filter(has_text="did not answer")).to_be_visible()
    assert is_marked(ann)
    cable.plug_in()
    settings.click()
    expect(ann.page).to_have_url(re.compile("/settings$"))
