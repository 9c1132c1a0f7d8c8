"""Encrypted rooms: a message is what it says it is, and the key stays where it is."""

import base64
import json
import os

import pytest
import redis
from playwright.sync_api import expect

from tests.browser.people import PATIENCE, PHONE


@pytest.fixture
def sealed(at_browser):
    """Two in an encrypted room: ``ann, ben, room_id, link = sealed``."""
    ann, ben = at_browser("ann"), at_browser("ben")
    room_id = ann.api.create_room("Secrets", encrypted=True)
    ann.page.goto(f"/rooms/{room_id}")
    link = ann.new_invitation()
    ben.page.goto(link)
    expect(ben.composer).to_be_enabled(timeout=PATIENCE)
    return ann, ben, room_id, link


def say(person, other, text):
    person.write(text)
    person.hears(text)
    other.hears(text)


def newest(person, room_id):
    return person.api.history(room_id)[-1]


def post(person, room_id, text, **fields):
    path = f"/api/rooms/{room_id}/messages"
    answer = person.api.request("POST", path, json={"message": text, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()["seq"]


def row(person, seq):
    return person.page.locator(f'#timeline .message[data-seq="{seq}"]')


# As docs/protocol.md has it, and not by the page's own script.
SEAL = """async ([key, version, data, text]) => {
  const standard = (b) => atob(b.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = (b) => Uint8Array.from(standard(b), (c) => c.charCodeAt(0));
  const plain = (b) => btoa(String.fromCharCode(...b))
    .replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  const aes = await crypto.subtle.importKey('raw', bytes(key), 'AES-GCM', false, ['encrypt']);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const encode = (string) => new TextEncoder().encode(string);
  const how = { name: 'AES-GCM', iv, additionalData: encode(data) };
  const sealed = await crypto.subtle.encrypt(how, aes, encode(text));
  return [version, plain(iv), plain(new Uint8Array(sealed))].join('.');
}"""
OPEN = """async ([key, sealed, data]) => {
  const standard = (b) => atob(b.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = (b) => Uint8Array.from(standard(b), (c) => c.charCodeAt(0));
  const [, iv, text] = sealed.split('.');
  const aes = await crypto.subtle.importKey('raw', bytes(key), 'AES-GCM', false, ['decrypt']);
  const how = { name: 'AES-GCM', iv: bytes(iv), additionalData: new TextEncoder().encode(data) };
  return new TextDecoder().decode(await crypto.subtle.decrypt(how, aes, bytes(text)));
}"""


def key_of(link):
    return link.partition("#k=")[2]


def new_key():
    return base64.urlsafe_b64encode(os.urandom(32)).rstrip(b"=").decode()


def seal(person, link, version, data, text):
    return person.page.evaluate(SEAL, [key_of(link), version, data, text])


def bound(*binding):
    return json.dumps(["maru2", *binding], ensure_ascii=False, separators=(",", ":"))


NOT_SHOWN = "This message cannot be opened"


def test_a_program_seals_and_opens_as_the_document_says(sealed):
    ann, ben, room_id, link = sealed
    data = bound(room_id, ben.name, "TALK", "bot-1", None)
    post(ben, room_id, seal(ann, link, "maru2", data, "안녕 from a program"), clientId="bot-1")
    ann.hears("안녕 from a program")
    say(ann, ben, "and back")
    said = newest(ann, room_id)
    assert said["message"].startswith("maru2.")
    data = bound(room_id, ann.name, "TALK", said["clientId"], None)
    opened = ann.page.evaluate(OPEN, [key_of(link), said["message"], data])
    assert opened == "and back"


@pytest.mark.parametrize("same_client_id", [True, False])
def test_what_somebody_without_the_key_sends_again_is_not_shown_as_theirs(sealed, same_client_id):
    ann, ben, room_id, _ = sealed
    say(ann, ben, "ten thousand")
    said = newest(ann, room_id)
    named = said["clientId"] if same_client_id else "another-1"
    seq = post(ben, room_id, said["message"], clientId=named)
    for person in (ann, ben):
        expect(row(person, seq)).to_contain_text(NOT_SHOWN, timeout=PATIENCE)
        person.page.reload()
        expect(row(person, seq)).to_contain_text(NOT_SHOWN, timeout=PATIENCE)
        person.hears("ten thousand")


def test_a_message_in_the_place_of_an_edit_changes_nothing(sealed):
    ann, ben, room_id, _ = sealed
    say(ann, ben, "yes")
    say(ann, ben, "no")
    yes, no = ann.api.history(room_id)[-2:]
    path = f"/api/rooms/{room_id}/messages/{yes['seq']}"
    ann.api.request("PATCH", path, json={"message": no["message"], "clientId": "replayed-1"})
    mark = row(ben, yes["seq"]).locator(".seal-mark")
    expect(mark).to_contain_text("nobody can prove by whom", timeout=PATIENCE)
    ben.page.reload()
    expect(mark).to_contain_text("nobody can prove by whom", timeout=PATIENCE)
    ben.hears("yes")
    ben.hears("no")


def test_an_edit_in_the_place_of_another_changes_nothing(sealed):
    ann, ben, room_id, _ = sealed
    say(ann, ben, "one")
    say(ann, ben, "two")
    ann.composer.press("ArrowUp")
    ann.write("two, better")
    ben.hears("two, better")
    one, _, edit = ann.api.history(room_id)[-3:]
    path = f"/api/rooms/{room_id}/messages/{one['seq']}"
    replayed = {"message": edit["message"], "clientId": edit["clientId"] + "x"}
    ann.api.request("PATCH", path, json=replayed)
    expect(row(ben, one["seq"]).locator(".seal-mark")).to_be_visible(timeout=PATIENCE)
    ben.hears("one")
    ben.hears("two, better")


def test_an_edit_is_read_after_a_reload_and_edited_again(sealed):
    ann, ben, _, _ = sealed
    say(ann, ben, "helo")
    ann.composer.press("ArrowUp")
    ann.write("hello")
    ben.hears("hello")
    for person in (ann, ben):
        person.page.reload()
        person.hears("hello")
    ann.composer.press("ArrowUp")
    expect(ann.composer).to_have_value("hello")
    ann.write("hello!")
    ben.hears("hello!")
    expect(ben.page.locator(".seal-mark")).to_have_count(0)


def test_older_messages_are_read_and_marked_and_older_edits_are_not_believed(sealed):
    ann, ben, room_id, link = sealed
    seq = post(ann, room_id, seal(ann, link, "maru1", room_id, "from long ago"))
    for person in (ann, ben):
        person.hears("from long ago")
        expect(row(person, seq).locator(".seal-mark")).to_contain_text("Older encryption")
    path = f"/api/rooms/{room_id}/messages/{seq}"
    ann.api.request("PATCH", path, json={"message": seal(ann, link, "maru1", room_id, "changed")})
    mark = row(ben, seq).locator(".seal-mark")
    expect(mark).to_contain_text("nobody can prove", timeout=PATIENCE)
    ben.hears("from long ago")


def forget_client_ids(maru, room_id):
    with redis.Redis.from_url(maru.store_url) as store:
        store.delete(*store.keys(f"maru:room:{{{room_id}}}:sent:*"))


@pytest.mark.parametrize("version", ["maru2", "maru1"])
def test_a_message_that_the_server_shows_twice_is_read_once(sealed, maru, version):
    ann, ben, room_id, link = sealed
    data = room_id if version == "maru1" else bound(room_id, ann.name, "TALK", "once-1", None)
    text = seal(ann, link, version, data, "pay them")
    seq = post(ann, room_id, text, clientId="once-1")
    ben.hears("pay them")
    forget_client_ids(maru, room_id)
    again = post(ann, room_id, text, clientId="once-1")
    assert again > seq
    expect(row(ben, again)).to_contain_text("sent again", timeout=PATIENCE)
    ben.page.reload()
    expect(row(ben, again)).to_contain_text("sent again", timeout=PATIENCE)
    ben.hears("pay them")


def test_an_earlier_edit_that_comes_again_brings_no_words_back(sealed, maru):
    ann, ben, room_id, _ = sealed
    say(ann, ben, "one")
    for text in ("two", "three"):
        ann.composer.press("ArrowUp")
        ann.write(text)
        ben.hears(text)
    said, edit, _ = ann.api.history(room_id)[-3:]
    forget_client_ids(maru, room_id)
    path = f"/api/rooms/{room_id}/messages/{said['seq']}"
    again = {"message": edit["message"], "clientId": edit["clientId"]}
    assert ann.api.request("PATCH", path, json=again).status_code == 200
    say(ann, ben, "afterwards")
    ben.hears("three")
    ben.page.reload()
    ben.hears("afterwards")
    ben.hears("three")


KEPT = """async () => {
  const open = indexedDB.open('maru', 1);
  await new Promise((done) => { open.onsuccess = done; });
  const all = open.result.transaction('keys').objectStore('keys').getAll();
  await new Promise((done) => { all.onsuccess = done; });
  const reading = all.result.map(({ key }) => crypto.subtle.exportKey('raw', key));
  const exported = await Promise.allSettled(reading);
  const texts = [{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href];
  return {
    text: JSON.stringify([...texts, history.state]),
    keys: all.result.map(({ account, roomId, key }) => [account, roomId, key.extractable]),
    exported: exported.map(({ status }) => status),
  };
}"""


def test_the_key_is_kept_where_no_script_can_read_it(sealed):
    ann, ben, room_id, link = sealed
    for person in (ann, ben):
        kept = person.page.evaluate(KEPT)
        assert key_of(link) not in kept["text"]
        assert kept["keys"] == [[person.name, room_id, False]]
        assert kept["exported"] == ["rejected"]
        assert "#" not in person.page.url
    say(ann, ben, "still there")
    ben.page.reload()
    ben.hears("still there")
    ben.write("after a reload")
    ann.hears("after a reload")


def test_a_key_from_before_is_carried_over_and_its_text_goes(sealed, at_browser):
    ann, ben, room_id, link = sealed
    say(ann, ben, "hello")
    cat = at_browser("cat")
    cat.page.goto("/settings")
    cat.page.evaluate(
        "([room, key]) => localStorage.setItem(`maru.key.${room}`, key)",
        [room_id, key_of(link)],
    )
    cat.page.goto(f"/rooms/{room_id}")
    cat.hears("hello")
    kept = cat.page.evaluate(KEPT)
    assert key_of(link) not in kept["text"]
    assert kept["keys"] == [[cat.name, room_id, False]]


def copied_invitation(person):
    person.context.grant_permissions(["clipboard-read", "clipboard-write"])
    person.page.get_by_role("link", name="About this room").click()
    person.page.locator("#copy-invite").click()
    expect(person.page.locator("#copy-invite")).to_contain_text("Copied")
    return person.page.evaluate("navigator.clipboard.readText()")


def test_the_skip_link_does_not_take_the_key_out_of_the_invitation(sealed):
    _, ben, _, link = sealed
    skip = ben.page.get_by_role("link", name="Skip to writing")
    skip.focus()
    skip.press("Enter")
    expect(ben.composer).to_be_focused()
    assert copied_invitation(ben) == link


def test_the_invitation_can_be_copied_until_the_page_is_left_and_then_it_says_why_not(sealed):
    ann, _, _, link = sealed
    assert copied_invitation(ann) == link
    ann.page.reload()
    ann.page.get_by_role("link", name="About this room").click()
    expect(ann.page.locator("#invite")).to_contain_text("nobody can copy it", timeout=PATIENCE)
    expect(ann.page.locator("#copy-invite")).not_to_be_visible()
    ann.page.goto("/rooms")
    ann.page.goto(link)
    expect(ann.composer).to_be_enabled(timeout=PATIENCE)
    assert copied_invitation(ann) == link


def test_a_link_with_another_key_does_not_replace_the_one_that_opens_the_room(sealed):
    ann, ben, room_id, link = sealed
    say(ann, ben, "secret")
    other = f"{link.partition('#')[0]}#k={new_key()}"
    data = bound(room_id, ben.name, "TALK", "bait-1", None)
    post(ben, room_id, seal(ben, other, "maru2", data, "bait"), clientId="bait-1")
    ann.page.goto("/rooms")
    ann.page.goto(other)
    ann.hears("secret")
    ann.write("more secrets")
    ben.hears("more secrets")


def test_what_is_said_offline_in_an_encrypted_room_is_sent_from_elsewhere(
    sealed, at_browser, cable
):
    ann, _, room_id, link = sealed
    cat = at_browser("cat", url=cable.url)
    cat.page.goto(f"/rooms/{room_id}#{link.partition('#')[2]}")
    cat.write("first")
    ann.hears("first")
    cat.hears("first")
    cable.pull()
    expect(cat.page.locator(".connection")).not_to_be_empty(timeout=PATIENCE)
    cat.composer.press("ArrowUp")
    cat.write("first, better")
    cat.hears("first, better")
    cat.write("second")
    expect(cat.page.locator("#pending .message")).to_have_count(1)
    cat.page.close()
    cable.plug_in()
    cat.page = cat.new_page()
    cat.page.goto("/settings")
    ann.hears("first, better")
    ann.hears("second")


def test_words_for_an_encrypted_room_that_ends_can_be_read_again(sealed):
    ann, _, room_id, _ = sealed
    ann.composer.fill("half a thought")
    ann.api.request("DELETE", f"/api/rooms/{room_id}")
    expect(ann.page.get_by_text("This room has ended.")).to_be_visible(timeout=PATIENCE)
    ann.page.goto("/rooms")
    ann.page.locator(".waiting button").click(timeout=PATIENCE)
    expect(ann.page.get_by_role("dialog")).to_contain_text("half a thought")


def test_on_a_phone_in_korean_the_link_is_handed_over_too(at_browser):
    ann = at_browser("ann", viewport=PHONE, has_touch=True, locale="ko-KR")
    room_id = ann.api.create_room("비밀", encrypted=True)
    ann.page.goto(f"/rooms/{room_id}")
    field = ann.page.locator("#new-invite")
    expect(field).to_be_visible(timeout=PATIENCE)
    assert f"/rooms/{room_id}#k=" in field.input_value()
    ann.page.get_by_role("button", name="보관했습니다").click()
    ann.write("안녕")
    ann.hears("안녕")
