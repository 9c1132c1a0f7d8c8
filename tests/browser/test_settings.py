"""What one changes in the settings is done, and said."""

from playwright.sync_api import expect

from tests.live.cluster import PASSWORD


def test_who_changes_the_password_stays_logged_in_and_is_told(at_browser):
    ann = at_browser("ann")
    with ann.page.expect_event("websocket"):
        ann.page.goto("/settings")
    ann.page.wait_for_load_state("networkidle")
    ann.page.get_by_label("Current password").fill(PASSWORD)
    ann.page.get_by_label("New password").fill("another long password")
    ann.page.get_by_label("New password").press("Enter")
    told = ann.page.get_by_text("Your password is changed.")
    expect(told.or_(ann.page.get_by_role("button", name="Log in"))).to_be_visible()
    expect(told).to_be_visible()
    ann.page.goto("/rooms")
    expect(ann.page.get_by_role("heading", name="Open a room")).to_be_visible()


def test_after_saving_the_focus_is_at_what_is_said_of_it(at_browser):
    ann = at_browser("ann")
    ann.page.goto("/settings")
    ann.page.get_by_label("Status").fill("on holiday")
    ann.page.get_by_label("Status").press("Enter")
    expect(ann.page.get_by_text("Saved.")).to_be_focused()


def test_a_wrong_field_has_the_focus(at_browser):
    ann = at_browser("ann")
    ann.page.goto("/settings")
    ann.page.get_by_label("Time zone").fill("Asia/Soul")
    ann.page.get_by_label("Time zone").press("Enter")
    expect(ann.page.get_by_role("alert")).to_be_visible()
    expect(ann.page.get_by_label("Time zone")).to_be_focused()
    ann.complaints.clear()  # of the 400


def test_after_a_search_the_focus_is_in_its_field(at_browser):
    ann = at_browser("ann")
    ann.page.goto("/rooms")
    ann.page.get_by_label("Find a room").fill("plans")
    ann.page.get_by_label("Find a room").press("Enter")
    expect(ann.page).to_have_url(f"{ann.maru.url}/rooms?q=plans")
    expect(ann.page.get_by_label("Find a room")).to_be_focused()
