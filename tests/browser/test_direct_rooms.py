"""Direct rooms: found from where a person is shown, and shown apart from the other rooms."""

import re

from playwright.sync_api import expect


def test_one_writes_to_somebody_from_the_page_of_rooms(at_browser):
    ann, ben, cat = at_browser("ann"), at_browser("ben"), at_browser("cat")
    ann.page.goto("/rooms")
    ann.page.locator("#write-to").fill("nobody-at-all")
    ann.page.locator("#write-to").press("Enter")
    expect(ann.page.locator(".error")).to_contain_text("There is nobody called nobody-at-all.")
    ann.complaints.clear()  # of the 404
    ann.page.locator("#write-to").fill(f"{ben.name}, @{cat.name}")
    ann.page.locator("#write-to").press("Enter")
    expect(ann.page.locator("#room-name bdi")).to_have_text(f"{ben.name}, {cat.name}")
    expect(ann.page.locator("#room-name .room-mark")).to_have_count(0)
    expect(ann.count()).to_have_text("1")
    ann.write("just the three of us")
    ann.hears("just the three of us")
    ann.page.locator("[data-open-dialog=about]").first.click()
    expect(ann.page.locator("#members > .person")).to_have_count(3)
    expect(ann.page.locator("#rename")).to_have_count(0)
    expect(ann.page.locator("#about [data-open-dialog=delete]")).to_have_count(0)
    # It is the same room for the same people.
    ben.page.goto("/rooms")
    row = ben.page.locator("#direct-list .room-link")
    expect(row).to_contain_text(f"{ann.name}, {cat.name}")
    expect(ben.page.locator("#room-list")).not_to_contain_text(cat.name)
    row.locator("a").click()
    ben.hears("just the three of us")


def test_message_in_the_card_of_a_person_leads_to_the_direct_room(two):
    ann, ben, room_id = two
    ann.page.locator(f'#people-list [data-name="{ben.name}"] a').click()
    ann.page.locator("#person").get_by_role("button", name=f"Message {ben.name}").click()
    expect(ann.page.locator("#room-name bdi")).to_have_text(ben.name)
    expect(ann.page).not_to_have_url(re.compile(room_id))
    # The other has it in the list at once, and is told.
    expect(ben.page.locator("#direct-list .room-name")).to_have_text(ann.name)
    expect(ben.page.locator(".addition")).to_contain_text(f"{ann.name} is writing to you.")


def test_a_direct_room_is_opened_without_script(at_browser):
    ann, ben = at_browser("ann", java_script_enabled=False), at_browser("ben")
    ann.page.goto("/rooms")
    ann.page.locator("#write-to").fill(ben.name)
    ann.page.locator("#write-to").press("Enter")
    expect(ann.page.locator("#room-name bdi")).to_have_text(ben.name)


def test_an_admin_writes_to_somebody_from_the_page_of_people(at_browser, maru):
    ann, ben = at_browser("ann"), at_browser("ben")
    maru.flask("set-role", ann.name, "admin")
    ann.page.goto(f"/admin?q={ben.name}")
    ann.page.get_by_role("button", name=f"Message {ben.name}").click()
    expect(ann.page.locator("#room-name bdi")).to_have_text(ben.name)


def test_who_leaves_a_direct_room_is_asked_and_comes_back_when_written_to(at_browser):
    ann, ben = at_browser("ann"), at_browser("ben")
    asked = {"people": [ben.api.user_id]}
    room_id = ann.api.request("POST", "/api/direct", json=asked).json()["roomId"]
    ann.enter(room_id)
    # Who has left is refused the list.
    with ann.page.expect_response(f"**/rooms/{room_id}/members"):
        ann.page.locator("[data-open-dialog=about]").first.click()
    ann.page.locator("#about").get_by_role("button", name="Leave this conversation").click()
    question = ann.page.locator("#give-up")
    expect(question.get_by_role("button", name="Stay here")).to_be_focused()
    question.get_by_role("button", name="Leave").click()
    expect(ann.page).to_have_url(f"{ann.maru.url}/rooms")
    expect(ann.page.locator("#direct-list .room-link")).to_have_count(0)
    expect(ann.page.locator(".connection")).to_have_attribute("data-link", "online")
    ben.api.request("POST", "/api/direct", json={"people": [ann.api.user_id]})
    expect(ann.page.locator("#direct-list .room-name")).to_have_text(ben.name)


def test_what_was_written_to_one_who_was_away_is_told_as_unread(at_browser):
    ann, ben = at_browser("ann"), at_browser("ben")
    asked = {"people": [ann.api.user_id]}
    room_id = ben.api.request("POST", "/api/direct", json=asked).json()["roomId"]
    plans = ben.api.create_room("Plans", private=True)
    ben.api.request("PUT", f"/api/rooms/{plans}/members/{ann.name}")
    for words in ("are you there?", "call me"):
        ben.api.say(room_id, words)
        ben.api.say(plans, words)
    ann.page.goto("/rooms")
    unread = ann.page.locator("#direct-list .room-unread .figure")
    expect(unread).to_have_text("2")
    ann.page.locator("#direct-list a").click()
    ann.hears("call me")
    expect(ann.page.locator("#direct-list .room-unread")).to_have_count(0)
    expect(ann.page.locator("#room-list .room-unread .figure")).to_have_text("2")
    # Only then does the page tell what was in view.
    expect(ann.page.locator(".connection")).to_have_attribute("data-link", "online")
    ann.page.goto("/rooms")
    expect(ann.page.locator(".connection")).to_have_attribute("data-link", "online")
    expect(ann.page.locator("#direct-list .room-unread")).to_have_count(0)
    # Who has written it has nothing to read.
    ben.page.goto("/rooms")
    expect(ben.page.locator(".connection")).to_have_attribute("data-link", "online")
    expect(ben.page.locator("#direct-list .room-unread")).to_have_count(0)
