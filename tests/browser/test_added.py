"""Who is added to a room is told by whom, on every page, and can leave it with one click."""

import pytest
from playwright.sync_api import expect


def add(owner, room_id, other):
    path = f"/api/rooms/{room_id}/members/{other.api.user_id}"
    return owner.api.request("PUT", path).status_code


@pytest.mark.parametrize("path", ["/rooms", "/settings"])
def test_it_is_told_on_every_page_and_read_out(at_browser, path):
    ann, ben = at_browser("ann"), at_browser("ben")
    room_id = ann.api.create_room("Plans")
    with ben.page.expect_event("websocket"):
        ben.page.goto(path)
    card = ben.page.locator(".news-card")
    # Until the connection stands nobody is told.
    expect(ben.page.locator(".news")).to_be_attached()
    ben.page.wait_for_load_state("networkidle")
    assert add(ann, room_id, ben) == 204
    words = f"{ann.name} has added you to Plans."
    expect(card).to_contain_text(words)
    expect(ben.page.get_by_role("status").filter(has_text=words)).to_have_count(1)
    card.get_by_role("link", name="Open it").click()
    expect(ben.page.locator("#added")).to_contain_text(f"{ann.name} has added you to this room.")


def test_one_leaves_and_refuses_more_with_one_click(at_browser):
    ann, ben = at_browser("ann"), at_browser("ben")
    room_id = ann.api.create_room("Plans")
    ben.enter(ben.api.create_room("Garden"))
    assert add(ann, room_id, ben) == 204
    card = ben.page.locator(".news-card")
    row = ben.page.locator(f'#room-list [data-room-id="{room_id}"]')
    expect(row).to_be_visible()
    name = f"Leave, and refuse invitations from {ann.name}"
    card.get_by_role("button", name=name).click()
    expect(card).to_have_count(0)
    expect(row).to_have_count(0)
    assert add(ann, room_id, ben) == 403


@pytest.mark.parametrize("private", [True, False])
def test_the_line_in_the_room_stays_until_one_has_taken_note(at_browser, private):
    ann, ben = at_browser("ann"), at_browser("ben")
    room_id = ann.api.create_room("Plans", private=private)
    assert add(ann, room_id, ben) == 204
    line = ben.page.locator("#added")
    for _ in range(2):
        ben.enter(room_id)
        expect(line).to_be_visible()
    line.get_by_role("button", name="All right").click()
    expect(line).to_have_count(0)
    ben.enter(room_id)
    expect(line).to_have_count(0)


def test_the_line_goes_when_one_says_something(at_browser):
    ann, ben = at_browser("ann"), at_browser("ben")
    room_id = ann.api.create_room("Plans")
    assert add(ann, room_id, ben) == 204
    ben.enter(room_id)
    expect(ben.page.locator("#added")).to_be_visible()
    ben.write("hello")
    ben.hears("hello")
    expect(ben.page.locator("#added")).to_have_count(0)
    ben.enter(room_id)
    expect(ben.page.locator("#added")).to_have_count(0)
