"""Going from room to room: the page, its modules and the connection stay."""

import time

from playwright.sync_api import expect

from tests.browser.going import arrives, go, hold, is_marked, link, mark
from tests.browser.people import PHONE
from tests.waiting import eventually


def test_the_page_the_list_and_the_connection_stay(two_rooms):
    ann, one, other = two_rooms
    mark(ann)
    opened = []
    ann.page.on("websocket", lambda socket: opened.append(socket.url))
    rail = ann.page.locator("#room-list").element_handle()
    go(ann, other, "Lunch")
    expect(link(ann, other)).to_have_attribute("aria-current", "page")
    expect(ann.page.locator("#room-list [aria-current]")).to_have_count(1)
    expect(link(ann, other).locator(".presence .figure")).to_have_text("1")
    expect(link(ann, one).locator(".presence .figure")).to_have_text("0")
    ann.write("Soup?")
    ann.hears("Soup?")
    go(ann, one, "Plans")
    expect(ann.said("Soup?")).to_have_count(0)
    ann.write("Monday?")
    ann.hears("Monday?")
    assert is_marked(ann) and opened == []
    assert rail.evaluate("list => list.isConnected")


def test_a_click_before_the_library_is_there_waits_for_it(two_rooms):
    ann, one, other = two_rooms
    mark(ann)
    comes = hold(ann.page, "**/Swup.umd.js")
    link(ann, other).click()
    held = comes()
    expect(link(ann, other)).to_have_attribute("aria-current", "page")
    expect(ann.page.locator("#room-name bdi")).to_have_text("Plans")
    held.continue_()
    arrives(ann, other, "Lunch")
    ann.page.go_back()
    arrives(ann, one, "Plans")
    assert is_marked(ann)


def test_back_leads_on_from_a_page_that_was_loaded_again(two_rooms):
    ann, one, other = two_rooms
    go(ann, other, "Lunch")
    ann.page.reload()
    ann.page.go_back()
    arrives(ann, one, "Plans")
    ann.page.go_forward()
    arrives(ann, other, "Lunch")


def test_the_room_one_goes_on_from_is_left_and_the_next_one_entered(two_rooms, at_browser):
    ann, one, other = two_rooms
    ben, cat = at_browser("ben"), at_browser("cat")
    ben.enter(one)
    cat.enter(other)
    go(ann, other, "Lunch")
    expect(ben.page.locator(f'#people-list [data-name="{ann.name}"]')).to_have_count(0)
    expect(cat.page.locator(f'#people-list [data-name="{ann.name}"]')).to_be_attached()
    assert ann.api.present(one) == {ben.name: 1}
    cat.write("Soup today")
    ben.write("Nobody here")
    ann.hears("Soup today")
    expect(link(ann, one).locator(".room-unread")).to_be_visible()
    go(ann, one, "Plans")
    ann.hears("Nobody here")
    expect(link(ann, one).locator(".room-unread")).to_be_hidden()
    expect(ben.page.locator(f'#people-list [data-name="{ann.name}"]')).to_be_attached()
    expect(cat.page.locator(f'#people-list [data-name="{ann.name}"]')).to_have_count(0)
    assert ann.api.present(one) == {ann.name: 1, ben.name: 1}
    assert ann.api.present(other) == {cat.name: 1}


def test_who_goes_there_and_back_at_once_is_there(two_rooms):
    ann, one, other = two_rooms
    for _ in range(5):
        link(ann, other).click()
        link(ann, one).click()
    arrives(ann, one, "Plans")
    ann.write("Still here")
    ann.hears("Still here")
    eventually(lambda: (ann.api.present(one), ann.api.present(other)) == ({ann.name: 1}, {}))


def test_a_second_click_on_the_same_room_changes_nothing(two_rooms):
    ann, _, other = two_rooms
    mark(ann)
    link(ann, other).dblclick()
    arrives(ann, other, "Lunch")
    link(ann, other).click()
    ann.write("Soup?")
    ann.hears("Soup?")
    assert is_marked(ann)


def test_the_page_is_fetched_when_the_pointer_is_pressed_and_not_again(two_rooms):
    ann, _, other = two_rooms
    asked = []
    ann.page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
    # A pointer that has come to rest fetches it too: that takes a time which does not pass here.
    ann.page.clock.install()
    ann.page.clock.pause_at(time.time() + 10)
    link(ann, other).hover()
    with ann.page.expect_request(f"**/rooms/{other}"):
        ann.page.mouse.down()
    ann.page.clock.resume()
    ann.page.mouse.up()
    arrives(ann, other, "Lunch")
    assert asked.count(other) == 1


def test_the_focus_goes_to_where_one_writes_and_the_room_is_told(two_rooms):
    ann, _, other = two_rooms
    expect(ann.page.locator("#arrival")).to_be_empty()
    link(ann, other).focus()
    ann.page.keyboard.press("Enter")
    arrives(ann, other, "Lunch")
    expect(ann.composer).to_be_focused()
    expect(ann.page.get_by_role("status").filter(has_text="Lunch · Maru")).to_be_attached()


def test_on_a_phone_the_sheet_closes_and_the_focus_goes_to_the_heading(at_browser):
    ann = at_browser("ann", viewport=PHONE, has_touch=True, is_mobile=True)
    one, other = ann.api.create_room("Plans"), ann.api.create_room("Lunch")
    ann.enter(one)
    mark(ann)
    entries = ann.page.evaluate("history.length")
    ann.page.get_by_role("link", name="Rooms", exact=True).click()
    link(ann, other).tap()
    arrives(ann, other, "Lunch")
    expect(link(ann, other)).not_to_be_in_viewport()
    expect(ann.page.get_by_role("heading", name="Lunch")).to_be_focused()
    ann.write("Soup?")
    ann.hears("Soup?")
    # The sheet left no entry of its own behind.
    assert ann.page.evaluate("history.length") == entries + 1
    ann.page.go_back()
    arrives(ann, one, "Plans")
    assert is_marked(ann)
    ann.page.locator("#people-button").tap()
    expect(ann.page.get_by_role("dialog", name="People here")).to_be_in_viewport()


def test_the_card_of_a_member_that_comes_late_opens_in_no_other_room(two_rooms):
    ann, one, other = two_rooms
    first_card = hold(ann.page, f"**/rooms/{one}/members/*")
    ann.page.locator("#people-list a").click()
    card = first_card()
    go(ann, other, "Lunch")
    with ann.page.expect_event("requestfinished", lambda request: "/members/" in request.url):
        card.continue_()
    ann.page.evaluate("fetch('/healthz')")
    expect(ann.page.locator("dialog[open]")).to_have_count(0)
    assert ann.page.url.endswith(other)


def test_another_tab_is_the_browsers_to_open(two_rooms):
    ann, one, other = two_rooms
    with ann.context.expect_page() as opened:
        link(ann, other).click(modifiers=["Control"])
    expect(opened.value.locator("#room-name bdi")).to_have_text("Lunch")
    arrives(ann, one, "Plans")
