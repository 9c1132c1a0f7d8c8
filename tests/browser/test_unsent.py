"""Unsent messages are shown, are given back to their author, and are not sent twice."""

import json
import time

import pytest
from playwright.sync_api import expect

from tests.browser.people import PATIENCE, PHONE
from tests.browser.unsent import act, edit_last, go_offline, plant, say_and_hear, waiting


@pytest.mark.parametrize("options", [{}, {"viewport": PHONE, "has_touch": True}])
def test_what_waits_is_told_on_every_page_with_what_one_may_do(at_browser, options):
    ann = at_browser("ann", **options)
    room_id = ann.api.create_room("Plans")
    ann.page.goto("/settings")
    plant(ann, room_id, reason="too_long", text="much too long")
    plant(ann, room_id, clientId="planted-2", reason="forbidden", text="not here")
    for path in ("/rooms", "/settings", f"/rooms/{room_id}"):
        ann.page.goto(path)
        expect(waiting(ann)).to_have_text("2 could not be sent", timeout=PATIENCE)
    ann.page.goto("/rooms")
    waiting(ann).click()
    told = ann.page.get_by_role("dialog")
    expect(told.get_by_role("link", name="Plans")).to_be_visible()
    expect(told).to_contain_text("much too long")
    expect(told).to_contain_text("it is too long")
    told.locator("li", has_text="much too long").get_by_role("button", name="Discard").click()
    expect(told).not_to_contain_text("much too long")
    told.locator("li", has_text="not here").get_by_role("button", name="Try again").click()
    expect(told).not_to_be_visible(timeout=PATIENCE)
    assert [m["message"] for m in ann.api.history(room_id)] == ["not here"]


def test_words_that_are_refused_come_back_to_where_one_writes(at_browser):
    ann = at_browser("ann")
    room_id = ann.api.create_room("Plans")
    ann.page.goto("/settings")
    plant(ann, room_id, reason="too_long", text="shorten me")
    ann.enter(room_id)
    row = ann.page.locator("#pending .message")
    expect(row).to_contain_text("it is too long")
    row.get_by_role("button", name="Put back").click()
    expect(ann.composer).to_have_value("shorten me")
    expect(row).to_have_count(0)


def test_the_edit_of_a_message_that_is_gone_keeps_its_words(behind_cable):
    ann, ben, cable, room_id = behind_cable
    seq = ann.api.say(room_id, "soon gone")["seq"]
    ann.hears("soon gone")
    go_offline(ann, cable)
    edit_last(ann, "dear words")
    ann.api.request("DELETE", f"/api/rooms/{room_id}/messages/{seq}")
    cable.plug_in()
    row = ann.page.locator("#pending .message.failed")
    expect(row).to_contain_text("dear words", timeout=PATIENCE)
    expect(row).to_contain_text("not there any more")
    ann.page.reload()
    row.get_by_role("button", name="Put back").click(timeout=PATIENCE)
    expect(ann.composer).to_have_value("dear words")
    ann.composer.press("Enter")
    ben.hears("dear words")


def test_a_message_that_is_deleted_while_it_is_edited_leaves_the_words(two):
    ann, _, room_id = two
    seq = ann.api.say(room_id, "soon gone")["seq"]
    ann.hears("soon gone")
    ann.composer.press("ArrowUp")
    ann.composer.fill("dear words")
    ann.api.request("DELETE", f"/api/rooms/{room_id}/messages/{seq}")
    expect(ann.said("soon gone")).to_have_count(0, timeout=PATIENCE)
    expect(ann.page.locator("#editing")).not_to_be_visible()
    expect(ann.composer).to_have_value("dear words")


def test_words_for_a_room_that_ends_stay_to_be_seen(two):
    ann, _, room_id = two
    ann.composer.fill("half a thought")
    ann.api.request("DELETE", f"/api/rooms/{room_id}")
    expect(ann.page.get_by_text("This room has ended.")).to_be_visible(timeout=PATIENCE)
    ann.page.goto("/rooms")
    waiting(ann).click(timeout=PATIENCE)
    expect(ann.page.get_by_role("dialog")).to_contain_text("half a thought")


def test_two_tabs_send_each_message_once_and_each_in_its_order(behind_cable):
    ann, ben, cable, room_id = behind_cable
    second = ann.new_page()
    ann.enter(room_id, second)
    go_offline(ann, cable)
    for i in range(4):
        ann.write(f"a{i}")
        second.locator("#composer-text").fill(f"b{i}")
        second.locator("#composer-text").press("Enter")
    cable.plug_in()
    for i in range(4):
        ben.hears(f"a{i}")
        ben.hears(f"b{i}")
    assert ben.texts() == [f"{tab}{i}" for i in range(4) for tab in "ab"]
    expect(ann.page.locator("#pending .message")).to_have_count(0, timeout=PATIENCE)
    expect(second.locator("#pending .message")).to_have_count(0, timeout=PATIENCE)


def test_typing_without_a_network_and_without_a_token_is_no_error(behind_cable):
    ann, _, cable, _ = behind_cable
    go_offline(ann, cable)
    # Its token would be renewed now.
    ann.page.clock.set_system_time(time.time() + 3600)
    with ann.page.expect_event("requestfailed", lambda request: "/api/token" in request.url):
        ann.write("typed")
    expect(ann.page.locator("#pending .message")).to_have_count(1)
    assert ann.complaints == []


ELEVEN_MINUTES_MS = 11 * 60_000


@pytest.mark.parametrize("page", ["/rooms", "/rooms/{room_id}"])
def test_what_may_have_been_sent_long_ago_is_looked_for_first(at_browser, page):
    ann = at_browser("ann")
    room_id = ann.api.create_room("Plans")
    known = ann.api.request("GET", f"/api/rooms/{room_id}/messages").json()
    path = f"/api/rooms/{room_id}/messages"
    ann.api.request("POST", path, json={"message": "got through", "clientId": "planted-1"})
    ann.page.goto("/settings")
    long_ago = time.time() * 1000 - ELEVEN_MINUTES_MS
    there = {"epoch": known["epoch"], "at": long_ago, "triedAt": long_ago}
    plant(ann, room_id, text="got through", **there)
    plant(ann, room_id, clientId="planted-2", text="did not", **there)
    ann.page.goto(page.format(room_id=room_id))
    expect(waiting(ann)).to_have_count(0, timeout=PATIENCE)
    ann.page.wait_for_function(
        "() => !Object.keys(localStorage).some((key) => key.includes('/outbox/'))"
    )
    assert [m["message"] for m in ann.api.history(room_id)] == ["got through", "did not"]


def test_where_nobody_can_tell_the_person_decides(at_browser):
    ann = at_browser("ann")
    room_id = ann.api.create_room("Plans")
    ann.page.goto("/settings")
    long_ago = time.time() * 1000 - ELEVEN_MINUTES_MS
    plant(ann, room_id, epoch="another", at=long_ago, triedAt=long_ago)
    ann.page.goto("/rooms")
    waiting(ann).click(timeout=PATIENCE)
    expect(ann.page.get_by_role("dialog")).to_contain_text("may have been sent", timeout=PATIENCE)
    assert ann.api.history(room_id) == []


def test_a_change_of_another_epoch_changes_no_other_message(at_browser):
    ann = at_browser("ann")
    room_id = ann.api.create_room("Plans")
    ann.api.say(room_id, "another message by now")
    ann.page.goto("/settings")
    plant(ann, room_id, kind="edit", ref=1, epoch="another", text="words of then")
    ann.enter(room_id)
    row = ann.page.locator("#pending .message.failed")
    expect(row).to_contain_text("words of then", timeout=PATIENCE)
    ann.hears("another message by now")


def test_a_guest_is_told_that_the_words_wait(at_browser, maru):
    ann = at_browser("ann")
    room_id = ann.api.create_room("Plans")
    ann.page.goto("/settings")
    plant(ann, room_id, epoch="", text="too late")
    # Nor does the page go anywhere by itself, as one does whose connection is closed.
    ann.page.goto("about:blank")
    maru.flask("set-role", ann.name, "guest")
    ann.page.goto("/settings")
    expect(waiting(ann)).to_have_text("1 could not be sent", timeout=PATIENCE)
    ann.complaints.clear()  # of the 403


def test_offline_is_told_for_as_long_as_it_lasts(behind_cable):
    ann, ben, cable, _ = behind_cable
    say_and_hear(ann, ben, "hello")
    go_offline(ann, cable)
    act(ann, "hello", "React with 👍")
    expect(waiting(ann)).to_have_count(1, timeout=PATIENCE)
    ann.page.clock.install()
    ann.page.clock.run_for(30_000)
    expect(ann.page.locator(".connection")).to_contain_text("trying again")
    expect(waiting(ann)).to_have_count(1)


def test_words_that_a_page_from_before_left_are_sent(two):
    ann, ben, room_id = two
    left = [{"clientId": "old-1", "text": "from before", "at": int(time.time() * 1000)}]
    ann.page.evaluate(
        "([key, value]) => sessionStorage.setItem(key, value)",
        [f"maru.outbox.{ann.name}.{room_id}", json.dumps(left)],
    )
    ann.page.goto("/rooms")
    ben.hears("from before")
