"""Nothing that is said gets lost, whatever happens to the line, the tab or the room."""

import json
import time

import pytest
from playwright.sync_api import expect

from tests.browser.people import PATIENCE, PHONE


@pytest.fixture
def wired(two, at_browser, cable):
    """Two in a room, of whom the first is behind a cable: ``ann, ben, cable, room_id = wired``."""
    _, ben, room_id = two
    ann = at_browser("cat", url=cable.url)
    ann.enter(room_id)
    return ann, ben, cable, room_id


def go_offline(person, cable):
    cable.pull()
    expect(person.page.locator(".connection")).not_to_be_empty(timeout=PATIENCE)


def waiting(person, page=None):
    return (page or person.page).locator(".waiting button")


def act(person, text, name):
    """Press a button of the toolbar of a message."""
    row = person.said(text)
    row.focus()
    row.get_by_role("button", name=name, exact=True).click()


def edit_last(person, text):
    person.composer.press("ArrowUp")
    expect(person.page.locator("#editing")).to_be_visible()
    person.write(text)


def say_and_hear(person, other, text):
    person.write(text)
    other.hears(text)
    person.hears(text)


def plant(person, room_id, **entry):
    """Something in the outbox, as an earlier page left it."""
    planted = {"clientId": "planted-1", "roomId": room_id, "roomName": "Plans", "kind": "message"}
    planted |= {"text": "planted", "at": time.time() * 1000, "after": 0, **entry}
    person.page.evaluate(
        "([key, value]) => localStorage.setItem(key, value)",
        [f"maru/{person.name}/outbox/{room_id}/{planted['clientId']}", json.dumps(planted)],
    )


def test_an_edit_made_without_a_connection_is_saved_when_it_is_back(wired):
    ann, ben, cable, _ = wired
    say_and_hear(ann, ben, "helo")
    go_offline(ann, cable)
    edit_last(ann, "hello")
    ann.hears("hello")
    row = ann.said("hello")
    expect(row.locator(".message-state")).to_contain_text("waits", timeout=PATIENCE)
    expect(waiting(ann)).to_have_text("1 waiting to be sent", timeout=PATIENCE)
    cable.plug_in()
    ben.hears("hello")
    expect(waiting(ann)).to_have_count(0, timeout=PATIENCE)
    expect(row.locator(".message-state")).to_have_count(0)
    ann.hears("hello")


def test_an_edit_made_without_a_connection_is_begun_without_one(wired):
    ann, ben, cable, _ = wired
    say_and_hear(ann, ben, "wrod")
    ann.page.reload()
    ann.hears("wrod")
    go_offline(ann, cable)
    edit_last(ann, "word")
    cable.plug_in()
    ben.hears("word")


def test_an_edit_that_is_undone_shows_the_words_of_before(wired):
    ann, ben, cable, _ = wired
    say_and_hear(ann, ben, "as it was")
    go_offline(ann, cable)
    edit_last(ann, "as it is not")
    ann.said("as it is not").get_by_role("button", name="Undo").click(timeout=PATIENCE)
    ann.hears("as it was")
    expect(waiting(ann)).to_have_count(0)


def test_a_deletion_made_without_a_connection_is_done_when_it_is_back(wired):
    ann, ben, cable, _ = wired
    say_and_hear(ann, ben, "to be gone")
    go_offline(ann, cable)
    act(ann, "to be gone", "Delete")
    ann.page.locator("#delete-message").get_by_role("button", name="Delete").click()
    expect(ann.said("to be gone").locator(".message-state")).to_contain_text(
        "Waits to be deleted", timeout=PATIENCE
    )
    cable.plug_in()
    expect(ben.said("to be gone")).to_have_count(0, timeout=PATIENCE)
    expect(ann.said("to be gone")).to_have_count(0, timeout=PATIENCE)
    expect(waiting(ann)).to_have_count(0, timeout=PATIENCE)


def test_a_reaction_made_without_a_connection_is_made_when_it_is_back(wired):
    ann, ben, cable, _ = wired
    say_and_hear(ann, ben, "cake!")
    go_offline(ann, cable)
    act(ann, "cake!", "React with 🎉")
    expect(waiting(ann)).to_have_text("1 waiting to be sent", timeout=PATIENCE)
    cable.plug_in()
    expect(ben.said("cake!").locator(".reaction")).to_contain_text("🎉", timeout=PATIENCE)


def test_what_waits_outlives_its_tab_and_is_sent_from_the_list_of_rooms(wired):
    ann, ben, cable, room_id = wired
    go_offline(ann, cable)
    ann.write("one")
    ann.write("two")
    expect(ann.page.locator("#pending .message")).to_have_count(2)
    ann.page.close()
    cable.plug_in()
    ann.page = ann.new_page()
    ann.page.goto("/rooms")
    ben.hears("one")
    ben.hears("two")
    assert ben.texts() == ["one", "two"]
    expect(waiting(ann)).to_have_count(0, timeout=PATIENCE)
    ann.enter(room_id)
    ann.hears("two")
    assert ann.texts() == ["one", "two"]


@pytest.mark.parametrize("path", ["/settings", "another room"])
def test_changes_are_sent_from_any_page(wired, path):
    ann, ben, cable, _ = wired
    for text in ("first", "second", "third"):
        say_and_hear(ann, ben, text)
    go_offline(ann, cable)
    edit_last(ann, "third, better")
    act(ann, "first", "React with 👍")
    act(ann, "second", "Delete")
    ann.page.locator("#delete-message").get_by_role("button", name="Delete").click()
    ann.page.close()
    cable.plug_in()
    ann.page = ann.new_page()
    if path == "another room":
        ann.enter(ann.api.create_room("Elsewhere"))
    else:
        ann.page.goto(path)
    ben.hears("third, better")
    expect(ben.said("first").locator(".reaction")).to_have_count(1, timeout=PATIENCE)
    expect(ben.said("second")).to_have_count(0, timeout=PATIENCE)


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


def test_the_edit_of_a_message_that_is_gone_keeps_its_words(wired):
    ann, ben, cable, room_id = wired
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


def test_two_tabs_send_each_message_once_and_each_in_its_order(wired):
    ann, ben, cable, room_id = wired
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
    maru.flask("set-role", ann.name, "guest")
    ann.page.goto("/settings")
    expect(waiting(ann)).to_have_text("1 could not be sent", timeout=PATIENCE)
    ann.complaints.clear()  # of the 403


def test_offline_is_told_for_as_long_as_it_lasts(wired):
    ann, ben, cable, _ = wired
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
