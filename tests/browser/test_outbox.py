"""No message is lost, whatever happens to the connection, the tab or the room."""

import pytest
from playwright.sync_api import expect

from tests.browser.people import PATIENCE
from tests.browser.unsent import act, edit_last, go_offline, say_and_hear, waiting


def test_an_edit_made_without_a_connection_is_saved_when_it_is_back(behind_cable):
    ann, ben, cable, _ = behind_cable
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


def test_an_edit_made_without_a_connection_is_begun_without_one(behind_cable):
    ann, ben, cable, _ = behind_cable
    say_and_hear(ann, ben, "wrod")
    ann.page.reload()
    ann.hears("wrod")
    go_offline(ann, cable)
    edit_last(ann, "word")
    cable.plug_in()
    ben.hears("word")


def test_an_edit_that_is_undone_shows_the_words_of_before(behind_cable):
    ann, ben, cable, _ = behind_cable
    say_and_hear(ann, ben, "as it was")
    go_offline(ann, cable)
    edit_last(ann, "as it is not")
    ann.said("as it is not").get_by_role("button", name="Undo").click(timeout=PATIENCE)
    ann.hears("as it was")
    expect(waiting(ann)).to_have_count(0)


def test_a_deletion_made_without_a_connection_is_done_when_it_is_back(behind_cable):
    ann, ben, cable, _ = behind_cable
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


def test_a_reaction_made_without_a_connection_is_made_when_it_is_back(behind_cable):
    ann, ben, cable, _ = behind_cable
    say_and_hear(ann, ben, "cake!")
    go_offline(ann, cable)
    act(ann, "cake!", "React with 🎉")
    expect(waiting(ann)).to_have_text("1 waiting to be sent", timeout=PATIENCE)
    cable.plug_in()
    expect(ben.said("cake!").locator(".reaction")).to_contain_text("🎉", timeout=PATIENCE)


def test_what_waits_outlives_its_tab_and_is_sent_from_the_list_of_rooms(behind_cable):
    ann, ben, cable, room_id = behind_cable
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
def test_changes_are_sent_from_any_page(behind_cable, path):
    ann, ben, cable, _ = behind_cable
    for text in ("first", "second", "third"):
        say_and_hear(ann, ben, text)
    go_offline(ann, cable)
    edit_last(ann, "third, better")
    act(ann, "first", "React with 👍")
    act(ann, "second", "Delete")
    ann.page.locator("#delete-message").get_by_role("button", name="Delete").click()
    # A dialog tells of its end only after the click has been answered.
    expect(waiting(ann)).to_have_text("3 waiting to be sent", timeout=PATIENCE)
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
