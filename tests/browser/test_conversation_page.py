"""Two people in one room, each with a browser."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.people import PATIENCE, Person
from tests.live.cluster import PASSWORD


def test_a_stranger_registers_opens_a_room_and_is_joined_by_another(maru, browser, at_browser):
    ann = Person(maru, browser, "Stranger-1")
    ann.page.goto("/")
    ann.page.get_by_role("link", name="Make an account").click()
    expect(ann.page).to_have_url(re.compile("/register"))
    ann.page.get_by_label("Name").fill(ann.name)
    ann.page.get_by_label("Password").fill(PASSWORD)
    ann.page.get_by_role("button", name="Make").click()
    expect(ann.page).to_have_url(f"{maru.url}/rooms")
    ann.page.locator("input[name=name]").fill("Kitchen")
    ann.page.get_by_role("button", name="Open the room").click()
    expect(ann.page).to_have_url(re.compile("/rooms/[0-9a-f]+"))
    expect(ann.count()).to_have_text("1", timeout=PATIENCE)

    ben = at_browser("ben")
    ben.page.goto("/rooms")
    ben.page.get_by_role("link", name="Kitchen").click()
    expect(ann.count()).to_have_text("2", timeout=PATIENCE)
    expect(ben.count()).to_have_text("2", timeout=PATIENCE)
    ann.write("Hello, who is there?")
    ben.hears("Hello, who is there?")
    ben.write("Me!")
    ann.hears("Me!")
    expect(ann.page.locator(f'#people-list [data-name="{ben.name}"]')).to_be_visible()
    ann.is_told(f"{ben.name} came in")

    ben.page.locator("#leave").click()
    expect(ben.page).to_have_url(f"{maru.url}/rooms")
    expect(ann.count()).to_have_text("1", timeout=PATIENCE)
    ann.is_told(f"{ben.name} left")
    assert ann.complaints == []
    ann.close()


def test_a_message_appears_once_and_as_it_was_written(two):
    ann, ben, _ = two
    words = '<b>not bold</b> & "quoted" 안녕 👋'
    ann.write(words)
    ben.hears(words)
    ann.hears(words)
    expect(ann.page.locator("#pending .message")).to_have_count(0, timeout=PATIENCE)
    expect(ben.page.locator(".message-text b")).to_have_count(0)


def test_enter_sends_and_shift_enter_breaks_the_line(two):
    ann, ben, _ = two
    ann.composer.press_sequentially("one")
    ann.composer.press("Shift+Enter")
    ann.composer.press_sequentially("two")
    ann.composer.press("Enter")
    ben.hears("one\ntwo")
    expect(ann.composer).to_have_value("")


def test_nothing_visible_is_not_sent(two):
    ann, ben, _ = two
    ann.write("   ")
    ann.write("ㅤ")
    ann.write("something")
    ben.hears("something")
    assert ben.texts() == ["something"]


def test_enter_does_not_send_a_syllable_that_is_being_composed(two):
    ann, ben, _ = two
    keyboard = ann.context.new_cdp_session(ann.page)
    ann.composer.focus()

    def compose(text):
        span = {"text": text, "selectionStart": len(text), "selectionEnd": len(text)}
        keyboard.send("Input.imeSetComposition", span)

    for stage in ("ㅎ", "하", "한"):
        compose(stage)
    expect(ann.composer).to_have_value("한")
    process = {"windowsVirtualKeyCode": 229, "key": "Process", "code": "Enter"}
    keyboard.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **process})
    keyboard.send("Input.dispatchKeyEvent", {"type": "keyUp", **process})
    expect(ann.composer).to_have_value("한")
    keyboard.send("Input.insertText", {"text": "한"})
    ann.composer.press_sequentially("!")
    ann.composer.press("Enter")
    ben.hears("한!")
    assert ben.texts() == ["한!"]


def test_a_closed_tab_is_noticed_once_and_another_tab_of_the_same_person_is_not(two):
    ann, ben, room_id = two
    second = ann.new_page()
    ann.enter(room_id, second)
    expect(ben.count()).to_have_text("2", timeout=PATIENCE)
    second.close()
    ben.write("still here?")
    ann.hears("still here?")
    expect(ben.count()).to_have_text("2")
    ann.page.close()
    expect(ben.count()).to_have_text("1", timeout=PATIENCE)
    ben.is_told(f"{ann.name} left")


SAYS_THAT_IT_WAITS = """() => {
  const told = getComputedStyle(document.querySelector("#pending .message-text"), "::after");
  return told.content.includes("pending") || told.content.includes("Sending")
    ? parseFloat(told.fontSize) > 0 : false;
}"""


def test_whoever_goes_is_not_said_to_be_typing_any_longer(two):
    ann, ben, room_id = two
    ann.page.clock.install()
    ann.enter(room_id)
    # The server draws whoever is in the room on another page, or was a moment ago.
    expect(ann.page.locator(".connection")).to_have_attribute("data-link", "online")
    ann.page.clock.pause_at(ann.page.evaluate("Date.now() / 1000 + 1"))
    ben.composer.press_sequentially("half a")
    expect(ann.page.locator("#typing")).to_contain_text(ben.name)
    ben.page.goto("/settings")
    ann.is_told(f"{ben.name} left")
    expect(ann.page.locator("#typing")).to_be_empty()


@pytest.fixture
def wired(two, at_browser, cable):
    """Two in a room, of whom the first is behind a cable: ``ann, ben, cable = wired``."""
    _, ben, room_id = two
    ann = at_browser("cat", url=cable.url)
    ann.enter(room_id)
    return ann, ben, cable


def test_what_is_written_without_a_connection_waits_and_is_sent_once(wired):
    ann, ben, cable = wired
    ann.write("first")
    ben.hears("first")
    ann.hears("first")
    expect(ann.page.locator("#pending .message")).to_have_count(0)
    cable.pull()
    expect(ann.page.locator(".connection")).not_to_be_empty(timeout=PATIENCE)
    ann.write("into the dark")
    expect(ann.page.locator("#pending .message")).to_have_count(1)
    expect(ann.page.locator("#pending .message-text")).to_have_attribute("data-pending", "Sending…")
    ann.page.wait_for_function(SAYS_THAT_IT_WAITS)
    ben.write("while you were away")
    ben.hears("while you were away")
    cable.plug_in()
    ann.hears("while you were away")
    ann.hears("into the dark")
    ben.hears("into the dark")
    expect(ann.page.locator("#pending .message")).to_have_count(0, timeout=PATIENCE)
    expect(ann.page.locator(".connection")).to_be_empty(timeout=PATIENCE)
    assert ann.texts() == ["first", "while you were away", "into the dark"] == ben.texts()


def test_what_waits_survives_a_reload(wired):
    ann, ben, cable = wired
    ann.write("first")
    ben.hears("first")
    ann.hears("first")
    expect(ann.page.locator("#pending .message")).to_have_count(0)
    cable.pull()
    ann.write("kept")
    expect(ann.page.locator("#pending .message")).to_have_count(1)
    cable.plug_in()
    ann.page.reload()
    ben.hears("kept")
    ann.hears("kept")
    expect(ann.page.locator("#pending .message")).to_have_count(0, timeout=PATIENCE)
    assert ben.texts() == ["first", "kept"]


def test_earlier_messages_load_on_the_way_up_and_nothing_jumps(two):
    ann, _, room_id = two
    for i in range(130):
        ann.api.request("POST", f"/api/rooms/{room_id}/messages", json={"message": f"line {i}"})
    ann.enter(room_id)
    ann.hears("line 129")
    assert ann.said("line 20").count() == 0
    log = ann.page.locator("#log")
    for oldest, next_page in ((80, 30), (30, 0)):
        # Not by the keyboard: the browser would glide there, and let nobody interfere.
        log.evaluate("log => { log.scrollTop = -log.scrollHeight; }")
        row = ann.said(f"line {oldest + 10}")
        place = row.bounding_box()
        ann.hears(f"line {next_page}")
        assert row.bounding_box() == place
    assert ann.texts() == [f"line {i}" for i in range(130)]


def test_an_own_message_is_edited_and_deleted_everywhere(two):
    ann, ben, room_id = two
    ann.write("helo")
    ben.hears("helo")
    ann.hears("helo")
    ann.composer.press("ArrowUp")
    expect(ann.composer).to_have_value("helo")
    ann.write("hello")
    ben.hears("hello")
    ben.page.reload()
    ben.hears("hello")
    assert ben.texts() == ["hello"]
    seq = ann.api.request("GET", f"/api/rooms/{room_id}/messages").json()["messages"][0]["seq"]
    ann.api.request("DELETE", f"/api/rooms/{room_id}/messages/{seq}")
    expect(ben.said("hello")).to_have_count(0, timeout=PATIENCE)
    expect(ann.said("hello")).to_have_count(0, timeout=PATIENCE)


def test_a_deleted_room_ends_for_all_who_are_in_it(two):
    ann, ben, room_id = two
    assert ann.api.request("DELETE", f"/api/rooms/{room_id}").status_code == 204
    for person in (ann, ben):
        expect(person.page.get_by_text("This room has ended.")).to_be_visible(timeout=PATIENCE)


def test_an_encrypted_room_is_read_with_the_link_only(two):
    ann, ben, _ = two
    ann.page.goto("/rooms")
    ann.page.locator("input[name=name]").fill("Secrets")
    ann.page.locator("input[name=encrypted]").check()
    ann.page.get_by_role("button", name="Open the room").click()
    link = ann.new_invitation()
    expect(ann.page).not_to_have_url(re.compile("#"))
    room_id = link.partition("#")[0].rpartition("/")[2]
    expect(ann.count()).to_have_text("1", timeout=PATIENCE)
    ann.write("the code is 1234")
    ann.hears("the code is 1234")
    stored = ann.api.request("GET", f"/api/rooms/{room_id}/messages").json()["messages"]
    assert stored[0]["message"].startswith("maru3.") and "1234" not in stored[0]["message"]

    ben.page.goto(f"/rooms/{room_id}")
    expect(ben.page.get_by_text("You need the key to this room.")).to_be_visible(timeout=PATIENCE)
    ben.page.goto("/rooms")
    ben.page.goto(link)
    ben.hears("the code is 1234")
    ben.write("got it")
    ann.hears("got it")
