"""What one changes in the settings is done, and said."""

from playwright.sync_api import expect

from tests.live.cluster import PASSWORD


def test_who_changes_the_password_stays_logged_in_and_is_told(at_browser):
    ann = at_browser("ann")
    with ann.page.expect_event("websocket"):
        ann.page.goto("/settings")
    ann.page.wait_for_load_state("networkidle")
    ann.page.get_by_label("Password now").fill(PASSWORD)
    ann.page.get_by_label("New password").fill("another long password")
    ann.page.get_by_label("New password").press("Enter")
    told = ann.page.get_by_text("Your password is changed.")
    expect(told.or_(ann.page.get_by_role("button", name="Log in"))).to_be_visible()
    expect(told).to_be_visible()
    ann.page.goto("/rooms")
    expect(ann.page.get_by_role("heading", name="Open a room")).to_be_visible()
