"""What is unread: counted by the server, the same on all devices, and read once it was in view."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.people import Person
from tests.waiting import eventually


@pytest.fixture
def at_another_device(maru, browser):
    """``at_another_device(ann)``: the same person at a second browser."""
    people = []

    def sit_down(person):
        second = Person(maru, browser, person.name)
        second.api = person.api
        people.append(second)
        return second.log_in()

    yield sit_down
    for person in people:
        assert person.complaints == []
        person.close()


@pytest.fixture
def apart(at_browser):
    """Ann belongs to a room in which Ben talks, and is in another: ``ann, ben, room, lunch``."""
    ann, ben = at_browser("ann"), at_browser("ben")
    room_id, lunch = ann.api.create_room("Plans"), ann.api.create_room("Lunch")
    ann.enter(lunch)
    return ann, ben, room_id, lunch


def badge(person, room_id):
    return person.page.locator(f'[data-room-id="{room_id}"] .room-unread .figure')


def say(person, room_id, count):
    for number in range(1, count + 1):
        person.api.say(room_id, f"news {number}")


def is_told(person, room_id, count):
    """Badge, title and icon tell so many."""
    icon = person.page.locator("link[rel=icon]")
    if count:
        expect(badge(person, room_id)).to_have_text(str(count))
        expect(person.page).to_have_title(re.compile(rf"^\({count}\) "))
        expect(icon).to_have_attribute("href", re.compile("icon-unread"))
    else:
        expect(badge(person, room_id)).to_be_hidden()
        expect(person.page).to_have_title(re.compile(r"^[^(]"))
        expect(icon).not_to_have_attribute("href", re.compile("icon-unread"))


def test_all_devices_agree(apart, at_another_device):
    ann, ben, room_id, _lunch = apart
    second = at_another_device(ann)
    second.page.goto("/rooms")
    say(ben, room_id, 3)
    ann.api.say(room_id, "my own, from elsewhere")
    is_told(ann, room_id, 3)
    is_told(second, room_id, 3)
    second.page.reload()
    is_told(second, room_id, 3)
    ben.api.request("DELETE", f"/api/rooms/{room_id}/messages/2")
    is_told(ann, room_id, 2)
    is_told(second, room_id, 2)
    second.enter(room_id)
    is_told(ann, room_id, 0)
    is_told(second, room_id, 0)


def test_a_message_and_what_follows_is_marked_as_unread_again(apart, at_another_device):
    ann, ben, room_id, lunch = apart
    second = at_another_device(ann)
    second.page.goto("/rooms")
    say(ben, room_id, 3)
    ann.enter(room_id)
    is_told(second, room_id, 0)
    ann.said("news 2").hover()
    ann.page.get_by_role("button", name="Mark as unread from here").click()
    expect(badge(second, room_id)).to_have_text("2")
    above = ann.said("news 2").locator("xpath=preceding-sibling::li[1]")
    expect(above).to_have_class("new-line")
    # It stays unread though it is in view, also with what is said next.
    ben.api.say(room_id, "news 4")
    ann.hears("news 4")
    expect(badge(second, room_id)).to_have_text("3")
    ann.page.locator(f'#room-list [data-room-id="{lunch}"] a').click()
    expect(badge(ann, room_id)).to_have_text("3")
    ann.page.locator(f'#room-list [data-room-id="{room_id}"] a').click()
    ann.hears("news 4")
    is_told(second, room_id, 0)


def test_what_was_not_in_view_is_not_read(apart, at_another_device):
    ann, ben, room_id, _lunch = apart
    second = at_another_device(ann)
    second.page.goto("/rooms")
    say(ben, room_id, 70)
    ann.enter(room_id)
    way = ann.page.get_by_role("button", name="70 new messages: show the first")
    expect(way).to_be_visible()
    ben.api.say(room_id, "news 71")
    ann.hears("news 71")
    expect(badge(second, room_id)).to_have_text("71")
    way.click()
    expect(ann.said("news 1")).to_be_in_viewport()
    expect(badge(second, room_id)).not_to_have_text("71")
    ann.page.locator("#new-messages").click()
    expect(ann.said("news 71")).to_be_in_viewport()
    is_told(second, room_id, 0)


def test_what_was_in_view_is_read_although_one_leaves_at_once(apart):
    ann, ben, room_id, _lunch = apart
    ann.enter(room_id)
    expect(ann.page.locator(".connection")).to_have_attribute("data-link", "online")
    # The page is about to tell of the first ones, and waits before it tells of the others.
    say(ben, room_id, 6)
    ann.hears("news 6")
    ann.page.goto("about:blank")
    eventually(lambda: read_in(ann, room_id) == 6)


def read_in(person, room_id):
    rooms = person.api.request("GET", "/api/me/rooms").json()["rooms"]
    return next(room["membership"]["read"] for room in rooms if room["roomId"] == room_id)


def test_what_was_not_in_view_is_read_once_one_says_so(apart, at_another_device):
    ann, ben, room_id, _lunch = apart
    second = at_another_device(ann)
    second.page.goto("/rooms")
    say(ben, room_id, 70)
    ann.enter(room_id)
    done = ann.page.get_by_role("button", name="Mark as read")
    expect(badge(second, room_id)).to_have_text("70")
    done.click()
    is_told(second, room_id, 0)
    expect(done).to_be_hidden()


def test_a_room_that_one_does_not_want_to_hear_of_is_silent(apart):
    ann, ben, room_id, lunch = apart
    path = f"/api/rooms/{room_id}/membership"
    assert ann.api.request("PATCH", path, json={"level": "none"}).status_code == 200
    say(ben, room_id, 2)
    other = ben.api.request("POST", "/api/direct", json={"people": [ann.api.user_id]}).json()
    ben.api.say(other["roomId"], "and to you alone")
    is_told(ann, other["roomId"], 1)
    expect(badge(ann, room_id)).to_be_hidden()
    ann.enter(lunch)
    expect(badge(ann, room_id)).to_have_count(0)
    is_told(ann, other["roomId"], 1)
