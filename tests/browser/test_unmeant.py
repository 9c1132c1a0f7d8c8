"""No action happens by accident: by finger, by mouse, or by a key pressed twice."""

import pytest
from playwright.sync_api import expect

from tests.browser.people import NARROW, PATIENCE, PHONE

FINGER = {"has_touch": True, "is_mobile": True}


def fill(ann, room_id, count):
    for i in range(count):
        ann.api.request("POST", f"/api/rooms/{room_id}/messages", json={"message": f"line {i}"})


@pytest.mark.parametrize("viewport", [PHONE, NARROW])
def test_a_tap_on_a_message_presses_nothing(at_browser, viewport):
    ann = at_browser("ann", viewport=viewport, **FINGER)
    room_id = ann.api.create_room("Plans")
    fill(ann, room_id, 12)
    ann.enter(room_id)
    bar = ann.page.locator(".actions")
    ann.hears("line 11")
    for row in ann.page.locator("#timeline .message").all():
        box = row.bounding_box()
        for share in (0.2, 0.5, 0.8, 0.95):
            # Twice in the same place, as an impatient finger does: open, and shut again.
            for _ in range(2):
                ann.page.touchscreen.tap(
                    box["x"] + box["width"] * share, box["y"] + box["height"] / 2
                )
    ann.write("done")
    ann.hears("done")
    expect(ann.page.locator(".reaction")).to_have_count(0)
    expect(ann.page.locator("dialog[open]")).to_have_count(0)
    expect(bar).to_have_count(0)
    kinds = {
        m["type"]
        for m in ann.api.request("GET", f"/api/rooms/{room_id}/messages").json()["messages"]
    }
    assert kinds == {"TALK"}


def test_a_finger_reacts_by_the_bar_at_the_foot(at_browser):
    ann = at_browser("ann", viewport=NARROW, **FINGER)
    room_id = ann.api.create_room("Plans")
    fill(ann, room_id, 3)
    ann.enter(room_id)
    row = ann.said("line 1")
    row.tap()
    bar = ann.page.locator(".actions")
    foot = ann.page.locator("#foot").bounding_box()
    assert bar.bounding_box()["y"] >= foot["y"]
    for button in bar.locator("button").all():
        expect(button).to_be_in_viewport(ratio=1)
    ann.page.get_by_role("button", name="React with 🎉").tap()
    expect(row.locator(".reaction")).to_have_count(1, timeout=PATIENCE)
    expect(bar).to_have_count(0)
    row.tap()
    expect(bar).to_have_count(1)
    ann.page.locator(".conversation-head").tap(position={"x": 150, "y": 20})
    expect(bar).to_have_count(0)
    ann.composer.tap()
    ann.write("from the bus")
    ann.hears("from the bus")


def test_after_a_reaction_with_the_mouse_the_next_message_has_its_toolbar(two):
    ann, _, _ = two
    for words in ("one", "two"):
        ann.write(words)
        ann.hears(words)
    ann.said("one").hover()
    ann.page.get_by_role("button", name="React with 👍").click()
    expect(ann.said("one").locator(".reaction")).to_have_count(1, timeout=PATIENCE)
    expect(ann.composer).to_be_focused()
    ann.said("two").locator(".message-text").hover()
    expect(ann.said("two").locator(".actions")).to_have_css("opacity", "1")
    ann.page.get_by_role("button", name="React with 🎉").click()
    expect(ann.said("two").locator(".reaction")).to_have_count(1, timeout=PATIENCE)


def test_the_mouse_gets_its_toolbar_beside_one_that_has_the_focus(two):
    ann, _, _ = two
    for words in ("one", "two"):
        ann.write(words)
        ann.hears(words)
    ann.said("one").focus()
    ann.page.keyboard.press("Tab")
    expect(ann.page.locator(".actions button").first).to_be_focused()
    ann.said("two").locator(".message-text").hover()
    expect(ann.said("two").locator(".actions")).to_have_css("opacity", "1")
    expect(ann.said("one")).to_be_focused()


def test_keys_pressed_once_too_often_delete_nothing(at_browser):
    ann = at_browser("ann")
    room_id = ann.api.create_room("Plans")
    fill(ann, room_id, 1)
    ann.enter(room_id)
    ann.page.get_by_role("link", name="About this room").press("Enter")
    delete = ann.page.get_by_role("link", name="Delete this room…")
    expect(ann.page.locator("#members > .person")).to_have_count(1)
    for _ in range(12):
        ann.page.keyboard.press("Tab")
        if delete.evaluate("link => link === document.activeElement"):
            break
    expect(delete).to_be_focused()
    ann.page.keyboard.press("Enter")
    expect(ann.page.get_by_role("link", name="Keep it")).to_be_focused()
    ann.page.keyboard.press("Enter")
    expect(ann.page.locator("dialog[open]")).to_have_count(0)
    ann.said("line 0").focus()
    ann.page.get_by_role("button", name="Delete", exact=True).press("Enter")
    expect(
        ann.page.locator("#delete-message").get_by_role("button", name="Keep it")
    ).to_be_focused()
    ann.page.keyboard.press("Enter")
    ann.write("still here")
    ann.hears("still here")
    ann.hears("line 0")


def test_deleting_a_room_takes_its_name(at_browser):
    ann = at_browser("ann")
    room_id = ann.api.create_room("Summer Plans")
    ann.enter(room_id)
    # Of a room that is gone the list is refused.
    with ann.page.expect_response(f"**/rooms/{room_id}/members"):
        ann.page.get_by_role("link", name="About this room").click()
    ann.page.get_by_role("link", name="Delete this room…").click()
    typed = ann.page.get_by_label("Type the name of the room")
    typed.fill("Winter plans")
    typed.press("Enter")
    expect(ann.page.locator("#delete .error")).to_contain_text("not the name", timeout=PATIENCE)
    expect(typed).to_have_value("Winter plans")
    ann.complaints.clear()  # of the 400
    assert ann.api.request("GET", f"/api/rooms/{room_id}").status_code == 200
    typed.fill("Summer Plans")
    typed.press("Enter")
    expect(ann.page).to_have_url(f"{ann.maru.url}/rooms")
    assert ann.api.request("GET", f"/api/rooms/{room_id}").status_code == 404


def test_giving_up_a_place_and_removing_ask_first(at_browser):
    ann, ben = at_browser("ann"), at_browser("ben")
    room_id = ann.api.create_room("Plans", private=True)
    ann.api.request("PUT", f"/api/rooms/{room_id}/members/{ben.name}")
    ben.enter(room_id)
    ben.page.get_by_role("link", name="About this room").click()
    about = ben.page.locator("#about")
    about.get_by_role("button", name="Leave this room").press("Enter")
    expect(ben.page.locator("#give-up").get_by_role("button", name="Stay here")).to_be_focused()
    ben.page.keyboard.press("Enter")
    ben.page.keyboard.press("Escape")
    ben.write("still here")
    ben.hears("still here")
    # A page with something to keep does not go on by itself.
    ben.composer.fill("half a thought")
    ann.enter(room_id)
    ann.page.get_by_role("link", name="About this room").click()
    ann.page.locator(f'#members [data-name="{ben.name}"] a').click()
    ann.page.locator("#person").get_by_role("button", name="Remove…").click()
    ann.page.locator("#remove-member").get_by_role("button", name="Remove").click()
    expect(ann.page.locator("#person-told")).to_contain_text(ben.name, timeout=PATIENCE)
    expect(ann.page.locator(f'#members [data-name="{ben.name}"]')).to_have_count(0)
    expect(ben.page.get_by_text("You were removed")).to_be_visible(timeout=PATIENCE)
