"""Who is added to a room is told by whom, on every page, and can leave it with one click."""

import pytest
from playwright.sync_api import expect

from tests.browser.going import go, listens
from tests.browser.people import DESKTOP, NARROW, PHONE

LIES_ON_TOP = "([x, y, sheet]) => Boolean(document.elementFromPoint(x, y).closest(sheet))"


def add(owner, room_id, other):
    path = f"/api/rooms/{room_id}/members/{other.api.user_id}"
    return owner.api.request("PUT", path).status_code


@pytest.mark.parametrize("path", ["/rooms", "/settings"])
def test_it_is_told_on_every_page_and_read_out(at_browser, path):
    ann, ben = at_browser("ann"), at_browser("ben")
    room_id = ann.api.create_room("Plans")
    listens(ben, path)
    card = ben.page.locator(".addition")
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
    card = ben.page.locator(".addition")
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


def test_on_a_phone_the_cards_lie_on_no_sheet(at_browser):
    ann, ben = at_browser("ann"), at_browser("ben", viewport=PHONE, has_touch=True)
    ben.enter(ben.api.create_room("Garden"))
    assert add(ann, ann.api.create_room("Plans"), ben) == 204
    expect(ben.page.locator(".addition")).to_have_count(1)
    for sheet in ("#rooms", "#people"):
        ben.page.locator(f'[data-open-sheet="{sheet[1:]}"]').tap()
        expect(ben.page.locator(sheet)).to_be_in_viewport(ratio=0.99)
        side = ben.page.locator(sheet).bounding_box()
        card = ben.page.locator(".addition").bounding_box()
        place = [side["x"] + side["width"] / 2, card["y"] + card["height"] / 2]
        assert ben.page.evaluate(LIES_ON_TOP, [*place, sheet]), sheet
        ben.page.locator(f"{sheet} .sheet-close").tap()
        expect(ben.page.locator(sheet)).not_to_be_in_viewport()
    expect(ben.page.locator(".addition")).to_have_count(1)


@pytest.mark.parametrize("viewport", [NARROW, DESKTOP])
def test_three_cards_cover_nothing_and_all_can_be_reached(at_browser, viewport):
    ann, ben = at_browser("ann"), at_browser("ben", viewport=viewport)
    ben.enter(ben.api.create_room("Garden"))
    ben.write("hello")
    ben.hears("hello")
    names = [f"{name} of which one speaks at length" for name in ("Plans", "Lunch", "Walks")]
    for name in names:
        assert add(ann, ann.api.create_room(name), ben) == 204
    cards = ben.page.locator(".addition")
    expect(cards).to_have_count(3)
    for place in ("#composer-text", "#people-button", ".send"):
        ben.page.locator(place).click(trial=True)
    ben.said("hello").click(trial=True)
    if viewport == DESKTOP:
        ben.page.get_by_role("link", name="All members").click(trial=True)
    for name in names:
        card = cards.filter(has_text=name)
        card.get_by_role("button", name="Leave", exact=True).click(trial=True)
        card.get_by_role("button", name="Close").click()
    expect(cards).to_have_count(0)


def test_a_card_goes_when_one_opens_its_room_from_the_list(at_browser):
    ann, ben = at_browser("ann"), at_browser("ben")
    ben.enter(ben.api.create_room("Garden"))
    room_id = ann.api.create_room("Plans")
    assert add(ann, room_id, ben) == 204
    expect(ben.page.locator(".addition")).to_have_count(1)
    go(ben, room_id, "Plans")
    expect(ben.page.locator("#added")).to_be_visible()
    expect(ben.page.locator(".addition")).to_have_count(0)


def test_who_refuses_more_is_rid_of_all_cards_of_that_person(at_browser):
    ann, ben, cat = at_browser("ann"), at_browser("ben"), at_browser("cat")
    ben.enter(ben.api.create_room("Garden"))
    for owner, name in ((ann, "Plans"), (cat, "Lunch"), (ann, "Walks")):
        assert add(owner, owner.api.create_room(name), ben) == 204
    cards = ben.page.locator(".addition")
    expect(cards).to_have_count(3)
    refuse = f"Leave, and refuse invitations from {ann.name}"
    cards.filter(has_text="Plans").get_by_role("button", name=refuse).click()
    expect(cards).to_have_count(1)
    expect(cards).to_contain_text(f"{cat.name} has added you to Lunch.")


def test_the_focus_goes_from_card_to_card_and_back_to_what_one_writes(at_browser):
    ann, ben = at_browser("ann"), at_browser("ben")
    ben.enter(ben.api.create_room("Garden"))
    for name in ("Plans", "Lunch"):
        assert add(ann, ann.api.create_room(name), ben) == 204
    cards = ben.page.locator(".addition")
    expect(cards).to_have_count(2)
    expect(ben.composer).to_be_focused()
    cards.first.get_by_role("button", name="Close").focus()
    ben.page.keyboard.press("Enter")
    expect(cards).to_have_count(1)
    expect(cards.get_by_role("link", name="Open it")).to_be_focused()
    cards.get_by_role("button", name="Leave", exact=True).press("Enter")
    expect(cards).to_have_count(0)
    expect(ben.composer).to_be_focused()


@pytest.mark.parametrize("path", ["/rooms", "/settings"])
def test_after_the_last_card_the_focus_is_in_the_page(at_browser, path):
    ann, ben = at_browser("ann"), at_browser("ben")
    listens(ben, path)
    assert add(ann, ann.api.create_room("Plans"), ben) == 204
    ben.page.locator(".addition").get_by_role("button", name="Close").focus()
    ben.page.keyboard.press("Enter")
    expect(ben.page.locator("main h1")).to_be_focused()
