"""Where the way leads out of the rooms, the browser loads the page as ever."""

import re

from playwright.sync_api import expect

from tests.browser.going import arrives, go, hold, is_marked, link, mark


def test_the_language_changes_in_the_room_that_is_open(two_rooms):
    ann, _, other = two_rooms
    go(ann, other, "Lunch")
    ann.page.get_by_role("button", name="한국어").click()
    expect(ann.page.locator("html")).to_have_attribute("lang", "ko")
    expect(ann.page.locator("#room-name bdi")).to_have_text("Lunch")


def test_a_language_that_was_changed_in_another_tab_comes_with_the_next_room(two_rooms):
    ann, _, other = two_rooms
    tab = ann.new_page()
    tab.goto("/settings")
    tab.get_by_role("button", name="한국어").first.click()
    expect(tab.locator("html")).to_have_attribute("lang", "ko")
    link(ann, other).click()
    expect(ann.page.locator("html")).to_have_attribute("lang", "ko")
    expect(ann.page.locator("#room-name bdi")).to_have_text("Lunch")


def test_a_new_version_is_loaded_with_the_next_room(two_rooms):
    ann, _, other = two_rooms
    mark(ann)

    def updated(route):
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace("/static/v-", "/static/v-9"))

    ann.page.route(f"**/rooms/{other}", updated, times=1)
    link(ann, other).click()
    arrives(ann, other, "Lunch")
    assert not is_marked(ann)


def test_a_room_that_the_server_fails_to_give_is_loaded_by_the_browser(two_rooms):
    ann, _, other = two_rooms
    mark(ann)
    failed = {"status": 500, "body": "failed"}
    ann.page.route(f"**/rooms/{other}", lambda route: route.fulfill(**failed), times=1)
    link(ann, other).press("Enter")
    arrives(ann, other, "Lunch")
    assert not is_marked(ann)
    assert len(ann.complaints) == 1 and "status of 500" in ann.complaints.pop()


def test_a_log_out_in_another_tab_is_not_broken_off_by_a_room_on_its_way(two_rooms):
    ann, _, other = two_rooms
    second = ann.new_page()
    second.goto("/settings")
    ways_out = []
    ann.page.on(
        "request",
        lambda request: request.is_navigation_request() and ways_out.append(request.url),
    )
    first_room, first_door = hold(ann.page, f"**/rooms/{other}"), hold(ann.page, "**/login*")
    link(ann, other).press("Enter")
    room = first_room()
    second.get_by_role("button", name="Log out").click()
    door = first_door()
    # The room comes while the page is about to go, and is a page of its own by now.
    with ann.page.expect_event("requestfinished", lambda request: "/login" in request.url):
        room.continue_()
    door.continue_()
    expect(ann.page).to_have_url(re.compile("/login"))
    assert len(ways_out) == 1


def test_one_can_log_out_from_the_room_that_one_has_gone_to(two_rooms):
    ann, _, other = two_rooms
    go(ann, other, "Lunch")
    ann.page.get_by_role("button", name="Log out").click()
    expect(ann.page).to_have_url(f"{ann.maru.url}/login")


def test_a_login_that_has_ended_leads_to_the_door_and_back(two_rooms):
    ann, _, other = two_rooms
    ann.context.clear_cookies(name="maru_session")
    link(ann, other).click()
    expect(ann.page).to_have_url(f"{ann.maru.url}/login?next=/rooms/{other}")
    expect(ann.page.get_by_role("heading", name="Come on in.")).to_be_visible()


def test_a_room_that_is_gone_says_so_and_back_leads_to_the_last(two_rooms):
    ann, one, other = two_rooms
    # The list does not know of it yet.
    ann.page.route("**/socket.io/**", lambda route: route.abort())
    address = link(ann, other).get_attribute("href")
    ann.api.delete_room(other)
    ann.page.evaluate(
        "href => { const made = document.createElement('a'); made.href = href; "
        "document.querySelector('main').append(made); made.click(); }",
        address,
    )
    expect(ann.page.get_by_text("404")).to_be_visible()
    ann.complaints.clear()
    ann.page.go_back()
    arrives(ann, one, "Plans")


def test_a_room_that_ended_is_no_end_of_the_way(two_rooms):
    ann, one, other = two_rooms
    mark(ann)
    ann.api.delete_room(one)
    expect(ann.page.get_by_role("heading", name="This room has ended.")).to_be_visible()
    go(ann, other, "Lunch")
    ann.write("Soup?")
    ann.hears("Soup?")
    assert is_marked(ann)
