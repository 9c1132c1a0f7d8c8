"""Reading: pages of messages, unread ones, and who enters and leaves."""

import pytest
from playwright.sync_api import expect

from tests.browser.people import PATIENCE


def say(person, room_id, *texts):
    for text in texts:
        answer = person.api.request(
            "POST", f"/api/rooms/{room_id}/messages", json={"message": text}
        )
        assert answer.status_code == 201


def react_often(person, room_id, seq, count):
    for i in range(count):
        how = "DELETE" if i % 2 else "PUT"
        path = f"/api/rooms/{room_id}/messages/{seq}/reactions/🎉"
        assert person.api.request(how, path).status_code == 200


def lines(count, word="line"):
    return [f"{word} {i}" for i in range(count)]


def badge(person, room_id):
    return person.page.locator(f'#room-list [data-room-id="{room_id}"] .room-unread')


def test_a_large_screen_is_filled_without_a_word_of_failure(at_browser):
    ann = at_browser("ann", viewport={"width": 2560, "height": 1440})
    room_id = ann.api.create_room("Plans")
    say(ann, room_id, *lines(120))
    ann.enter(room_id)
    ann.hears("line 20")
    expect(ann.page.get_by_text("That did not work")).to_have_count(0)
    assert ann.page.locator("#log").evaluate("log => log.scrollHeight > log.clientHeight")


def test_a_room_whose_newest_entries_are_reactions_is_not_quiet(at_browser):
    ann = at_browser("ann")
    room_id = ann.api.create_room("Plans")
    say(ann, room_id, "the only words")
    react_often(ann, room_id, 1, 119)
    ann.enter(room_id)
    ann.hears("the only words")
    expect(ann.page.get_by_text("It is quiet in here.")).to_be_hidden()


def test_earlier_messages_load_by_themselves_once_the_line_is_back(at_browser, cable):
    ann = at_browser("ann", url=cable.url)
    room_id = ann.api.create_room("Plans")
    say(ann, room_id, *lines(130))
    ann.enter(room_id)
    ann.hears("line 129")
    cable.pull()
    ann.page.locator("#log").evaluate("log => { log.scrollTop = -log.scrollHeight; }")
    cable.plug_in()
    ann.hears("line 30")


def test_what_is_done_to_messages_is_nothing_to_read(at_browser):
    ann, ben = at_browser("ann"), at_browser("ben")
    room_id, other = ann.api.create_room("Plans"), ann.api.create_room("Other")
    say(ann, room_id, "first")
    ann.enter(room_id)
    ann.hears("first")
    ann.enter(other)
    react_often(ben, room_id, 1, 3)
    say(ben, room_id, "second")
    expect(badge(ann, room_id).locator(".figure")).to_have_text("1", timeout=PATIENCE)
    say(ann, room_id, "my own, from elsewhere")
    say(ben, room_id, "third")
    expect(badge(ann, room_id).locator(".figure")).to_have_text("2", timeout=PATIENCE)


def test_the_first_of_many_unread_is_told_and_reached_and_left_again(at_browser):
    ann, ben = at_browser("ann"), at_browser("ben")
    room_id = ann.api.create_room("Plans")
    say(ben, room_id, *lines(30, "old"))
    ann.enter(room_id)
    ann.hears("old 29")
    ann.page.get_by_role("button", name="Mark as read").click()
    ann.page.goto("/rooms")
    say(ben, room_id, *lines(70, "new"))
    ann.enter(room_id)
    way = ann.page.get_by_role("button", name="70 new messages: show the first")
    way.click()
    first = ann.said("new 0")
    expect(first).to_be_in_viewport(timeout=PATIENCE)
    expect(first).to_be_focused()
    above = first.locator("xpath=preceding-sibling::li[1]")
    expect(above).to_have_class("new-line")
    expect(way).to_be_hidden()
    ann.page.get_by_role("button", name="To the newest").click()
    expect(ann.said("new 69")).to_be_in_viewport()


def test_coming_and_going_never_outweighs_what_is_said(two):
    ann, ben, room_id = two
    for i in range(8):
        say(ann, room_id, f"words {i}")
        ann.hears(f"words {i}")
        ben.page.goto("/rooms")
        expect(ann.count()).to_have_text("1", timeout=PATIENCE)
        ben.enter(room_id)
        expect(ann.count()).to_have_text("2", timeout=PATIENCE)
    told = ann.page.locator("#timeline .announcement")
    expect(told.filter(has_text=f"{ben.name} left")).to_have_count(0, timeout=PATIENCE)
    assert told.count() <= 2


def test_what_is_copied_reads_like_a_conversation(two):
    ann, ben, _ = two
    for person, words in ((ann, "one"), (ann, "two"), (ben, "three")):
        person.write(words)
        ann.hears(words)
    copied = ann.page.evaluate("""() => {
      const rows = document.querySelectorAll('#timeline .message-text');
      getSelection().setBaseAndExtent(rows[0], 0, rows[2], rows[2].childNodes.length);
      const clipboardData = new DataTransfer();
      const copy = new ClipboardEvent('copy', { clipboardData, cancelable: true });
      document.getElementById('log').dispatchEvent(copy);
      return clipboardData.getData('text/plain');
    }""")
    head, one, two_, gap, other, three = copied.split("\n")
    assert (one, two_, gap, three) == ("one", "two", "", "three")
    assert head.startswith(f"{ann.name}, ") and other.startswith(f"{ben.name}, ")


def test_an_old_room_that_is_open_is_in_view_in_the_list_and_the_list_goes_on(at_browser):
    ann = at_browser("ann")
    room_id = ann.api.create_room("The old room")
    for i in range(105):
        ann.api.create_room(f"Newer {i}")
    ann.enter(room_id)
    here = ann.page.locator("#room-list [aria-current=page]")
    expect(here).to_contain_text("The old room")
    expect(here).to_be_in_viewport()
    expect(ann.page.locator("#room-list li")).to_have_count(61)
    ann.page.locator("#more").click()
    expect(ann.page.locator("#room-list li")).to_have_count(106)
    expect(ann.page.locator("#room-list").get_by_text("The old room")).to_have_count(1)
    expect(ann.page.locator("#more")).to_have_count(0)


@pytest.mark.parametrize("name", ["nobody-of-that-name", "x"])
def test_an_invitation_is_answered_where_it_is_typed(at_browser, name):
    ann, ben = at_browser("ann"), at_browser("ben")
    room_id = ann.api.create_room("Plans", private=True)
    ann.enter(room_id)
    ann.page.get_by_role("link", name="About this room").click()
    field = ann.page.get_by_label("Invite by name")
    field.fill(name)
    field.press("Enter")
    expect(ann.page.locator("#invite-name-error")).to_be_visible(timeout=PATIENCE)
    expect(field).to_have_value(name)
    expect(field).to_be_focused()
    ann.complaints.clear()  # of the refusal
    field.fill(ben.name)
    field.press("Enter")
    told = ann.page.get_by_role("status").filter(has_text=f"{ben.name} is invited.")
    expect(told).to_be_visible(timeout=PATIENCE)
    expect(ann.page.locator("#invite-name-error")).to_have_count(0)
    expect(ann.page.locator(f'#members [data-name="{ben.name}"]')).to_be_visible()
    expect(field).to_have_value("")


def test_the_plus_in_the_rail_leads_into_the_field(at_browser):
    ann = at_browser("ann")
    ann.enter(ann.api.create_room("Plans"))
    ann.page.get_by_role("link", name="Open a room").click()
    expect(ann.page).to_have_url(f"{ann.maru.url}/rooms#name")
    expect(ann.page.locator("input[name=name]")).to_be_focused()


def test_the_toolbar_is_one_stop_and_the_arrows_go_along_it(two):
    ann, _, _ = two
    for words in ("one", "two"):
        ann.write(words)
        ann.hears(words)
    keyboard, focused = ann.page.keyboard, ann.page.locator(":focus")
    ann.page.locator("#log").focus()
    keyboard.press("Home")
    expect(focused).to_contain_text("one")
    keyboard.press("End")
    expect(focused).to_contain_text("two")
    keyboard.press("Tab")
    expect(focused).to_have_attribute("aria-label", "React with 👍")
    for key, name in (
        ("End", "Delete"),
        ("ArrowLeft", "Edit"),
        ("ArrowLeft", "Copy the link to this message"),
        ("Home", "React with 👍"),
    ):
        keyboard.press(key)
        expect(focused).to_have_attribute("aria-label", name)
    keyboard.press("ArrowRight")
    expect(focused).to_have_attribute("aria-label", "React with ❤️")
    keyboard.press("Tab")
    expect(ann.composer).to_be_focused()
    keyboard.press("Shift+Tab")
    keyboard.press("Escape")
    expect(focused).to_contain_text("two")
    keyboard.press("Escape")
    expect(ann.page.locator("#log")).to_be_focused()
