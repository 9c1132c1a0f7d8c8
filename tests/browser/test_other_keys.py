"""Messages under another key in an encrypted room, and links with one, have no effect."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.people import PATIENCE
from tests.browser.sealing import bound, key_of, new_key, post, seal
from tests.waiting import eventually

NOTE = ".key-note"
DIFFERS = "This link has another key than the one you use here."
NOTHING = "Nothing here could be opened with your key yet."
HELD = """async () => {
  const open = indexedDB.open('maru', 1);
  await new Promise((done) => { open.onsuccess = done; });
  const all = open.result.transaction('keys').objectStore('keys').getAll();
  await new Promise((done) => { all.onsuccess = done; });
  return all.result.map(({ verified, beside }) => [verified, (beside ?? []).length]);
}"""


def with_key(link, key):
    return f"{link.partition('#')[0]}#k={key}"


def fill(person, room_id, link):
    """More than a page of messages under another key. Returns the link with that key."""
    other = with_key(link, new_key())
    for number in range(52):
        name = f"junk-{number}"
        data = bound(room_id, person.api.user_id, "TALK", name, None)
        text = seal(person, other, "maru3", data, f"junk {number}")
        eventually(lambda text=text, name=name: is_stored(person, room_id, text, name))
    return other


def is_stored(person, room_id, text, name):
    """Not yet, for whoever says too much at once."""
    path = f"/api/rooms/{room_id}/messages"
    body = {"message": text, "clientId": name}
    return person.api.request("POST", path, json=body).status_code == 201


def visit(person, address):
    """Anew, and not as another place on the same page."""
    person.page.goto("/settings")
    person.page.goto(address)


@pytest.fixture
def filled(sealed, at_browser):
    """``ann``, who owns the room, ``ben``, its id and link, and the link of who has filled it."""
    ann, ben, room_id, link = sealed
    ann.write("secret")
    ben.hears("secret")
    eve = at_browser("eve")
    eve.page.goto("/settings")
    return ann, ben, room_id, link, fill(eve, room_id, link)


def test_a_link_with_another_key_is_told_and_not_used_in_a_room_full_of_its_messages(filled):
    ann, ben, _, _, other = filled
    for person, listener in ((ann, ben), (ben, ann)):
        visit(person, other)
        expect(person.page.locator(NOTE)).to_contain_text(DIFFERS, timeout=PATIENCE)
        person.write(f"still mine, {person.name}")
        listener.hears(f"still mine, {person.name}")
        eventually(lambda person=person: person.page.evaluate(HELD) == [[True, 0]])


def test_a_link_with_another_key_is_told_on_the_open_page_too(sealed):
    ann, ben, _, _ = sealed
    ann.page.evaluate("(key) => { location.hash = `k=${key}`; }", new_key())
    expect(ann.page.locator(NOTE)).to_contain_text(DIFFERS, timeout=PATIENCE)
    ann.write("as before")
    ben.hears("as before")
    expect(ann.page).not_to_have_url(re.compile("#"))


def test_whoever_made_the_key_goes_on_in_a_room_full_of_what_it_does_not_open(at_browser):
    ann, eve = at_browser("ann"), at_browser("eve")
    room_id = ann.api.create_room("Secrets", encrypted=True)
    ann.page.goto(f"/rooms/{room_id}")
    link = ann.new_invitation()
    assert ann.page.evaluate(HELD) == [[True, 0]]
    eve.page.goto("/settings")
    fill(eve, room_id, link)
    visit(ann, f"/rooms/{room_id}")
    expect(ann.composer).to_be_enabled(timeout=PATIENCE)
    expect(ann.page.locator(".blocking-panel")).to_have_count(0)
    ann.write("here all the same")
    ann.hears("here all the same")


def test_a_newcomer_with_the_right_link_comes_in_past_what_it_does_not_open(filled, at_browser):
    ann, _, room_id, link, other = filled
    cat = at_browser("cat")
    cat.page.goto(link)
    expect(cat.page.locator(NOTE)).to_contain_text(NOTHING, timeout=PATIENCE)
    assert cat.page.evaluate(HELD) == [[False, 0]]
    visit(cat, other)
    expect(cat.page.locator(NOTE)).to_contain_text(DIFFERS, timeout=PATIENCE)
    visit(cat, f"/rooms/{room_id}")
    ann.page.goto(f"/rooms/{room_id}")
    ann.write("welcome")
    cat.hears("welcome")
    expect(cat.page.locator(NOTE)).to_have_count(0)
    eventually(lambda: cat.page.evaluate(HELD) == [[True, 0]])


def test_a_key_that_opens_something_is_noted_at_once(sealed):
    ann, ben, _, _ = sealed
    assert ben.page.evaluate(HELD) == [[False, 0]]
    ann.write("hello")
    ben.hears("hello")
    eventually(lambda: ben.page.evaluate(HELD) == [[True, 0]])


def test_a_key_that_one_changes_by_hand_can_be_had_again(filled):
    ann, ben, room_id, _, other = filled
    visit(ann, f"/rooms/{room_id}")
    ann.page.get_by_role("link", name="About this room").click()
    ann.page.locator("#other-key").click()
    ann.page.locator("#key").fill(other)
    ann.page.get_by_role("button", name="Unlock the room").click()
    ann.hears("junk 51")
    visit(ann, f"/rooms/{room_id}")
    ann.hears("junk 51")
    ann.page.get_by_role("link", name="About this room").click()
    ann.page.locator("#other-key").click()
    ann.page.get_by_role("button", name="Use one that was kept here").click()
    expect(ann.said("junk 51")).to_have_count(0, timeout=PATIENCE)
    ann.write("back again")
    visit(ben, f"/rooms/{room_id}")
    ben.hears("back again")


def test_an_owner_whose_room_was_written_into_before_it_was_opened_makes_its_key(at_browser):
    ann, eve = at_browser("ann"), at_browser("eve")
    room_id = ann.api.create_room("Secrets", encrypted=True)
    post(eve, room_id, "first!", clientId="first-1")
    ann.page.goto(f"/rooms/{room_id}")
    ann.page.get_by_role("button", name="Make a new key").click()
    expect(ann.page.locator(".blocking-panel")).to_contain_text(
        "Nobody else can read", timeout=PATIENCE
    )
    ann.page.get_by_role("button", name="Make a new key").click()
    assert key_of(ann.new_invitation())
    ann.write("mine")
    ann.hears("mine")


def test_a_link_does_not_replace_a_key_while_its_owner_waits_for_approval(sealed):
    ann, ben, room_id, link = sealed
    ann.write("hello")
    ben.hears("hello")
    eventually(lambda: ben.page.evaluate(HELD) == [[True, 0]])
    # A page of Maru would go by itself when its connection is closed.
    ben.page.goto("about:blank")
    ben.maru.flask("set-role", ben.name, "guest")
    ben.page.goto(with_key(link, new_key()))
    expect(ben.page.get_by_role("alert")).to_contain_text(DIFFERS, timeout=PATIENCE)
    eventually(lambda: ben.page.evaluate(HELD) == [[True, 1]])
    ben.complaints.clear()  # of the 403
    ben.maru.flask("set-role", ben.name, "user")
    ben.page.goto(f"/rooms/{room_id}")
    ben.hears("hello")
    ben.write("as before")
    ann.hears("as before")
