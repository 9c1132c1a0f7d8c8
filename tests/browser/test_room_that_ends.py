"""After a room is deleted, or its member removed, unsent text and the focus stay."""

import pytest
from playwright.sync_api import expect

from tests.browser.people import PATIENCE, PHONE

ENDED = "the room ended while you were writing"
NOT_FOR_YOU = "this room is not there for you any more"


@pytest.fixture
def guest(at_browser):
    """A member of somebody's private room, writing: ``ann, ben, room_id = guest``."""
    ann, ben = at_browser("ann"), at_browser("ben")
    room_id = ann.api.create_room("Plans", private=True)
    ann.api.request("PUT", f"/api/rooms/{room_id}/members/{ben.name}")
    ann.enter(room_id)
    ben.enter(room_id)
    ben.composer.fill("half a thought")
    return ann, ben, room_id


def removed(ann, ben, room_id):
    ann.api.request("DELETE", f"/api/rooms/{room_id}/members/{ben.name}")


def deleted(ann, ben, room_id):
    ann.api.request("DELETE", f"/api/rooms/{room_id}")


@pytest.mark.parametrize(("happens", "reason"), [(removed, NOT_FOR_YOU), (deleted, ENDED)])
def test_what_was_being_written_is_kept_and_the_reason_is_true(guest, happens, reason):
    _, ben, _ = guest
    happens(*guest)
    ben.page.locator(".unsent-summary button").click(timeout=PATIENCE)
    dialog = ben.page.get_by_role("dialog")
    expect(dialog).to_contain_text("half a thought")
    expect(dialog).to_contain_text(reason)
    # A room that was deleted never comes back; one that was left may invite again.
    expect(dialog.get_by_role("button", name="Try again")).to_have_count(int(happens is removed))


def test_nothing_under_the_panel_can_be_reached_and_no_dialog_hides_it(guest):
    _, ben, room_id = guest
    ben.page.get_by_role("link", name="About this room").click()
    expect(ben.page.locator("#members > .person").first).to_be_visible()
    deleted(*guest)
    heading = ben.page.get_by_role("heading", name="This room has ended.")
    expect(heading).to_be_focused(timeout=PATIENCE)
    expect(ben.page.locator("#pending .message")).to_have_count(1, timeout=PATIENCE)
    for _ in range(30):
        ben.page.keyboard.press("Tab")
        assert ben.page.locator(".log:focus, .log :focus").count() == 0
    # The list that is open is asked for again with each change; the room may be gone by then.
    ben.forget_refused(f"/rooms/{room_id}/members")


def test_who_discards_the_last_that_waits_goes_on_from_the_heading_of_the_page(guest):
    _, ben, _ = guest
    removed(*guest)
    expect(ben.page.locator(".unsent-summary button")).to_be_visible(timeout=PATIENCE)
    ben.page.goto("/rooms")
    ben.page.locator(".unsent-summary button").press("Enter")
    ben.page.get_by_role("dialog").get_by_role("button", name="Discard").press("Enter")
    expect(ben.page.get_by_role("dialog")).to_have_count(0)
    expect(ben.page.locator("main h1")).to_be_focused()


@pytest.mark.parametrize("options", [{}, {"viewport": PHONE, "has_touch": True}])
def test_who_keeps_the_key_in_use_goes_on_from_where_the_question_came(sealed, at_browser, options):
    _, _, room_id, link = sealed
    cat = at_browser("cat", **options)
    cat.page.goto(f"/rooms/{room_id}")
    cat.page.locator("#key").fill(link)
    cat.page.locator("#key").press("Enter")
    expect(cat.composer).to_be_enabled(timeout=PATIENCE)
    # With a keyboard one goes on writing; without, none opens by itself.
    expect(cat.page.locator("#log" if options else "#composer-text")).to_be_focused()
    cat.page.get_by_role("link", name="About this room").press("Enter")
    cat.page.locator("#other-key").press("Enter")
    expect(cat.page.locator(".blocking-panel h2")).to_be_focused()
    cat.page.get_by_role("button", name="Keep the one I use").press("Enter")
    expect(cat.page.get_by_role("link", name="About this room")).to_be_focused()


def test_what_the_dialog_about_the_room_says_is_true(guest):
    ann, ben, _ = guest
    page = ann.page
    page.get_by_role("link", name="About this room").click()
    page.locator("#rename").fill("Other plans")
    page.locator("#rename").press("Enter")
    told = page.locator("#about .done")
    expect(told.filter(has_text="Other plans")).to_be_visible(timeout=PATIENCE)
    page.locator(f'#members [data-name="{ben.name}"] a').click()
    page.locator("#person").get_by_role("button", name="Remove…").click()
    asked = page.locator("#remove-member")
    expect(asked.get_by_role("button", name="Let them stay")).to_be_focused()
    asked.get_by_role("button", name="Remove").click()
    gone = page.locator("#person-told").filter(has_text=f"{ben.name} is no longer a member.")
    expect(gone).to_be_visible()
    page.keyboard.press("Escape")
    expect(told.filter(has_text="Other plans")).to_have_count(0)
    page.locator("[data-open-dialog=delete]").click()
    expect(page.locator("#delete")).to_contain_text("Everything said in Other plans goes with it")
    page.keyboard.press("Escape")
    page.get_by_role("link", name="About this room").click()
    expect(page.locator("#person-told")).to_have_text("")
