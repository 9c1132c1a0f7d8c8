"""What was typed into a form stays until it is accepted, and what is wrong is told beside it."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.people import PATIENCE
from tests.live.cluster import PASSWORD


def log_in_again(person):
    person.page.wait_for_url(re.compile("/login"))
    person.page.locator("input[name=name]").fill(person.name)
    person.page.locator("input[name=password]").fill(PASSWORD)
    person.page.locator("input[name=password]").press("Enter")


def test_the_name_of_a_new_room_outlives_a_login_that_has_ended(at_browser):
    ann = at_browser("ann")
    ann.page.goto("/rooms")
    name, private = ann.page.locator("#name"), ann.page.locator("#private")
    name.fill("A good name")
    private.check()
    ann.context.clear_cookies(name="maru_session")
    name.press("Enter")
    log_in_again(ann)
    ann.page.wait_for_url("**/rooms")
    expect(name).to_have_value("A good name", timeout=PATIENCE)
    expect(private).to_be_checked()
    name.press("Enter")
    ann.page.wait_for_url(re.compile("/rooms/[0-9a-f]+"))
    ann.page.goto("/rooms")
    expect(name).to_have_value("")


def test_a_new_name_of_a_room_outlives_a_login_that_has_ended(at_browser):
    ann = at_browser("ann")
    ann.enter(ann.api.create_room("Plans"))
    ann.page.get_by_role("link", name="About this room").click()
    ann.page.locator("#rename").fill("Better plans")
    ann.context.clear_cookies(name="maru_session")
    ann.page.locator("#rename").press("Enter")
    log_in_again(ann)
    ann.page.wait_for_url(re.compile("/rooms/[0-9a-f]+"))
    ann.page.get_by_role("link", name="About this room").click()
    expect(ann.page.locator("#rename")).to_have_value("Better plans", timeout=PATIENCE)


@pytest.mark.parametrize("lang", ["en-GB", "ko-KR"])
def test_a_name_that_is_refused_is_told_at_the_field_and_nothing_is_lost(at_browser, lang):
    ann = at_browser("ann", locale=lang)
    ann.page.goto("/rooms")
    ann.page.locator("#private").check()
    ann.page.locator("#name").fill("x" * 81)
    ann.page.locator("#name").press("Enter")
    expect(ann.page.locator("#name")).to_have_attribute("aria-invalid", "true", timeout=PATIENCE)
    expect(ann.page.locator("#name")).to_be_focused()
    expect(ann.page.locator("#name")).to_have_value("x" * 81)
    expect(ann.page.locator("#private")).to_be_checked()
    expect(ann.page.get_by_role("alert")).to_contain_text("80")
    ann.complaints.clear()  # of the 400


def test_a_password_that_is_refused_is_asked_for_where_the_focus_is(at_browser):
    ann = at_browser("ann")
    ann.page.goto("/settings")
    ann.page.get_by_label("Password now").fill("not my password")
    ann.page.get_by_label("New password").fill("another password")
    ann.page.get_by_label("New password").press("Enter")
    expect(ann.page.get_by_role("alert")).to_be_visible(timeout=PATIENCE)
    expect(ann.page.get_by_label("Password now")).to_be_focused()
    ann.complaints.clear()  # of the 401
