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


def test_whoever_deletes_the_account_leaves_nothing_in_this_browser(at_browser):
    ann, ben = at_browser("ann"), at_browser("ben")
    room_id = ann.api.create_room("Plans")
    ben.enter(room_id)
    ben.write("from ben")
    ben.hears("from ben")
    ben.composer.fill("half a thought")
    other = ben.new_page()
    other.goto("/settings")
    other.get_by_text("Delete your account…").click()
    other.get_by_label(f"Type {ben.name} to delete").fill(ben.name)
    form = other.locator("form.deletion")
    form.get_by_label("Your password").fill("wrong horse")
    form.get_by_role("button", name="Delete the account").click()
    expect(other.get_by_role("alert")).to_contain_text("The current password is not right.")
    expect(form.get_by_label("Your password")).to_be_focused()
    ben.complaints.clear()  # of the 401
    form.get_by_label("Your password").fill(PASSWORD)
    form.get_by_role("button", name="Delete the account").click()
    expect(other.get_by_text("Your account is deleted.")).to_be_visible()
    expect(ben.page.get_by_role("button", name="Log in")).to_be_visible()
    kept = other.evaluate("Object.keys(localStorage)")
    assert [key for key in kept if ben.api.user_id in key] == []
    ann.page.goto(f"/rooms/{room_id}")
    expect(ann.said("from ben").locator(".sender")).to_contain_text("(account deleted)")
