"""The text in a form stays until it is accepted, and errors are shown beside it."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.people import PATIENCE
from tests.live.cluster import PASSWORD
from tests.waiting import eventually

KEPT = "JSON.stringify({ ...sessionStorage })"


def log_in_again(person):
    expect(person.page).to_have_url(re.compile("/login"))
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
    expect(ann.page).to_have_url(f"{ann.maru.url}/rooms")
    expect(name).to_have_value("A good name", timeout=PATIENCE)
    expect(private).to_be_checked()
    name.press("Enter")
    expect(ann.page).to_have_url(re.compile("^[^?]+/rooms/[0-9a-f]+"))
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
    expect(ann.page).to_have_url(re.compile("^[^?]+/rooms/[0-9a-f]+"))
    ann.page.get_by_role("link", name="About this room").click()
    expect(ann.page.locator("#rename")).to_have_value("Better plans", timeout=PATIENCE)


def over_another_page(page):
    address = page.url
    page.get_by_role("link", name="Settings").click()
    expect(page).to_have_url(re.compile("/settings$"))
    page.goto(address)


#: What a page offers that draws it anew.
WAYS = {
    "the other language": lambda page: page.get_by_role("button", name="한국어").click(),
    "a reload": lambda page: page.reload(),
    "another page": over_another_page,
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_what_is_typed_for_a_new_room_outlives(at_browser, way):
    ann = at_browser("ann")
    ann.page.goto("/rooms")
    ann.page.locator("#name").fill("A good name")
    ann.page.locator("#private").check()
    ann.page.locator("#q").fill("plans")
    way(ann.page)
    expect(ann.page.locator("#name")).to_have_value("A good name", timeout=PATIENCE)
    expect(ann.page.locator("#private")).to_be_checked()
    expect(ann.page.locator("#encrypted")).not_to_be_checked()
    expect(ann.page.locator("#q")).to_have_value("plans")


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_what_is_typed_about_a_room_outlives(at_browser, way):
    ann = at_browser("ann")
    ann.enter(ann.api.create_room("Plans", private=True))
    ann.page.locator("#rename").evaluate("field => field.closest('dialog').show()")
    ann.page.locator("#rename").fill("Better plans")
    ann.page.locator("#invite-name").fill("ben")
    ann.page.locator("#delete").evaluate("dialog => dialog.show()")
    ann.page.locator("#delete-name").fill("Plans")
    ann.page.evaluate("document.querySelectorAll('dialog[open]').forEach(open => open.close())")
    way(ann.page)
    expect(ann.page.locator("#rename")).to_have_value("Better plans", timeout=PATIENCE)
    expect(ann.page.locator("#invite-name")).to_have_value("ben")
    # It is typed to be sure, so each time anew.
    expect(ann.page.locator("#delete-name")).to_have_value("")


@pytest.mark.parametrize("path", ["/login", "/register"])
def test_a_name_at_the_door_outlives_the_other_language_and_the_password_does_not(at_browser, path):
    ann = at_browser("ann")
    ann.context.clear_cookies()
    ann.page.goto(path)
    ann.page.locator("input[name=name]").fill("newcomer")
    ann.page.locator("input[name=password]").fill("a long password")
    ann.page.get_by_role("button", name="한국어").click()
    expect(ann.page.locator("html")).to_have_attribute("lang", "ko", timeout=PATIENCE)
    expect(ann.page.locator("input[name=name]")).to_have_value("newcomer")
    expect(ann.page.locator("input[name=password]")).to_have_value("")
    stored = ann.page.evaluate("JSON.stringify([{ ...sessionStorage }, { ...localStorage }])")
    assert "newcomer" in stored
    assert "a long password" not in stored


def test_passwords_in_the_settings_are_not_kept(at_browser):
    ann = at_browser("ann")
    ann.page.goto("/settings")
    ann.page.get_by_label("Current password").fill(PASSWORD)
    ann.page.get_by_label("New password").fill("a long password")
    ann.page.reload()
    expect(ann.page.get_by_label("New password")).to_have_value("")
    stored = ann.page.evaluate("JSON.stringify([{ ...sessionStorage }, { ...localStorage }])")
    assert PASSWORD not in stored
    assert "a long password" not in stored


def test_what_was_sent_or_emptied_does_not_come_back(at_browser):
    ann, ben = at_browser("ann"), at_browser("ben")
    ann.enter(ann.api.create_room("Plans", private=True))
    ann.page.get_by_role("link", name="About this room").click()
    ann.page.locator("#invite-name").fill(ben.name)
    ann.page.locator("#invite-name").press("Enter")
    expect(ann.page.get_by_text(f"{ben.name} is invited.")).to_be_visible(timeout=PATIENCE)
    ann.page.locator("#rename").fill("Better plans")
    ann.page.locator("#rename").press("Enter")
    expect(ann.page.locator("h1")).to_contain_text("Better plans", timeout=PATIENCE)
    ann.page.locator("#rename").fill("No plans")
    ann.page.locator("#rename").fill("Better plans")
    ann.page.reload()
    expect(ann.page.locator("#rename")).to_have_value("Better plans", timeout=PATIENCE)
    expect(ann.page.locator("#invite-name")).to_have_value("")
    assert not [key for key in ann.page.evaluate("Object.keys(sessionStorage)") if "form" in key]


def test_a_search_shows_what_its_list_was_searched_for(at_browser):
    ann = at_browser("ann")
    ann.page.goto("/rooms")
    ann.page.locator("#q").fill("plans")
    ann.page.goto("/rooms?q=walks")
    expect(ann.page.locator("#q")).to_have_value("walks")
    ann.page.locator("#q").fill("long walks")
    ann.page.get_by_role("button", name="한국어").click()
    expect(ann.page.locator("html")).to_have_attribute("lang", "ko", timeout=PATIENCE)
    expect(ann.page.locator("#q")).to_have_value("long walks")


def test_another_account_in_the_same_tab_does_not_see_what_was_typed(at_browser):
    ann, ben = at_browser("ann"), at_browser("ben")
    ann.page.goto("/rooms")
    ann.page.locator("#name").fill("A secret name")
    ann.context.clear_cookies()
    ann.context.add_cookies(ben.context.cookies())
    ann.page.goto("/rooms")
    expect(ann.page.locator("#name")).to_have_value("")


def test_logging_out_asks_about_a_form_that_was_not_sent_and_forgets_it_in_all_tabs(at_browser):
    ann = at_browser("ann")
    ann.page.goto("/rooms")
    ann.page.locator("#name").fill("A good name")
    other = ann.new_page()
    other.goto("/rooms")
    other.locator("#name").fill("Another name")
    other.get_by_role("button", name="Log out").click()
    expect(other.get_by_text("You have filled in 1 form")).to_be_visible(timeout=PATIENCE)
    other.get_by_role("button", name="Log out and lose it").click()
    for page in (other, ann.page):
        expect(page).to_have_url(re.compile("/login"))
        eventually(lambda page=page: "name" not in page.evaluate(KEPT))


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
    ann.page.get_by_label("Current password").fill("not my password")
    ann.page.get_by_label("New password").fill("another password")
    ann.page.get_by_label("New password").press("Enter")
    expect(ann.page.get_by_role("alert")).to_be_visible(timeout=PATIENCE)
    expect(ann.page.get_by_label("Current password")).to_be_focused()
    ann.complaints.clear()  # of the 401
