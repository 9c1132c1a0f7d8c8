"""How long a room's messages are kept: its owner says so, and everybody sees it."""

from playwright.sync_api import expect

from tests.browser.people import PATIENCE


def test_the_owner_says_so_and_others_see_it_at_once(at_browser):
    ann, ben = at_browser("ann"), at_browser("ben")
    room_id = ann.api.create_room("Plans")
    for person in (ann, ben):
        person.enter(room_id)
        person.page.get_by_role("link", name="About this room").click()
    told, field = ben.page.locator("#about-days"), ann.page.locator("#keep")
    expect(told).to_be_hidden()
    expect(ben.page.locator("#keep")).to_be_hidden()
    field.fill("30")
    field.press("Enter")
    expect(ann.page.get_by_role("dialog").get_by_text("Saved.")).to_be_visible(timeout=PATIENCE)
    expect(told).to_have_text("Messages are deleted after so many days: 30", timeout=PATIENCE)
    field.fill("")
    field.press("Enter")
    expect(told).to_be_hidden(timeout=PATIENCE)
    assert ann.api.request("GET", f"/api/rooms/{room_id}").json()["historyDays"] == 0
