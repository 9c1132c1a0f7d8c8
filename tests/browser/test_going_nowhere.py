"""Without an answer from the server one stays in the room that is open, and is told why."""

from playwright.sync_api import expect

from tests.browser.going import arrives, go, is_marked, link, mark
from tests.browser.people import PHONE


def stays(person, room_id, words):
    expect(person.page.locator(".connection")).to_contain_text(words)
    expect(person.page).to_have_url(f"{person.page.url.split('/rooms/')[0]}/rooms/{room_id}")
    current = person.page.locator("#room-list [aria-current]")
    expect(current.locator("xpath=ancestor::li")).to_have_attribute("data-room-id", room_id)
    assert is_marked(person)


def test_without_a_network_the_room_stays_and_a_second_click_leads_on(two_rooms):
    ann, one, other = two_rooms
    mark(ann)
    ann.composer.fill("half a thought")
    ann.context.set_offline(True)
    link(ann, other).click()
    stays(ann, one, "Without a network the other room cannot be opened.")
    expect(ann.composer).to_have_value("half a thought")
    ann.context.set_offline(False)
    go(ann, other, "Lunch")
    ann.page.go_back()
    arrives(ann, one, "Plans")
    assert is_marked(ann)


def test_without_a_network_the_way_back_leads_nowhere(two_rooms):
    ann, one, other = two_rooms
    mark(ann)
    go(ann, other, "Lunch")
    ann.context.set_offline(True)
    ann.page.go_back()
    stays(ann, other, "Without a network the other room cannot be opened.")
    ann.context.set_offline(False)
    go(ann, one, "Plans")
    assert is_marked(ann)


def test_without_an_answer_one_can_try_again(two_rooms, at_browser, cable):
    _, one, other = two_rooms
    ben = at_browser("ben", url=cable.url)
    for room_id in (other, one):
        ben.enter(room_id)
    mark(ben)
    cable.pull()
    link(ben, other).click()
    stays(ben, one, "The server did not answer. Try again.")
    cable.plug_in()
    ben.page.locator(".connection").get_by_role("button", name="Try again").click()
    expect(ben.page.locator("#room-name bdi")).to_have_text("Lunch")
    assert is_marked(ben)


def test_on_a_phone_the_sheet_closes_and_the_room_says_it(two_rooms, at_browser):
    _, one, other = two_rooms
    ben = at_browser("ben", viewport=PHONE)
    for room_id in (other, one):
        ben.enter(room_id)
    mark(ben)
    ben.page.get_by_role("link", name="Rooms", exact=True).click()
    ben.context.set_offline(True)
    link(ben, other).click()
    stays(ben, one, "Without a network the other room cannot be opened.")
    expect(ben.page.locator("#rooms")).not_to_be_in_viewport()
    ben.context.set_offline(False)
    ben.page.get_by_role("link", name="Rooms", exact=True).click()
    link(ben, other).click()
    expect(ben.page.locator("#room-name bdi")).to_have_text("Lunch")
    assert is_marked(ben)
