"""The key of an encrypted room stays in the browser, and the room works."""

import re

from playwright.sync_api import expect

from tests.browser.people import PATIENCE, PHONE
from tests.browser.sealing import bound, key_of, new_key, post, say, seal

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
        assert kept["keys"] == [[person.api.user_id, room_id, False]]
        assert kept["exported"] == ["rejected"]
        expect(person.page).not_to_have_url(re.compile("#"))
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
    assert kept["keys"] == [[cat.api.user_id, room_id, False]]


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
    data = bound(room_id, ben.api.user_id, "TALK", "bait-1", None)
    post(ben, room_id, seal(ben, other, "maru3", data, "bait"), clientId="bait-1")
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


def test_where_the_browser_keeps_no_keys_a_link_opens_the_room_all_the_same(sealed, at_browser):
    ann, ben, _, link = sealed
    say(ann, ben, "hello")
    cat = at_browser("cat")
    cat.context.add_init_script(
        "IDBDatabase.prototype.transaction = () => { throw new DOMException('No space'); }"
    )
    cat.page.goto(link)
    cat.hears("hello")
    cat.write("here too")
    ann.hears("here too")


def test_words_for_an_encrypted_room_that_ends_can_be_read_again(sealed):
    ann, _, room_id, _ = sealed
    ann.composer.fill("half a thought")
    ann.api.request("DELETE", f"/api/rooms/{room_id}")
    expect(ann.page.get_by_text("This room has ended.")).to_be_visible(timeout=PATIENCE)
    ann.page.goto("/rooms")
    ann.page.locator(".unsent-summary button").click(timeout=PATIENCE)
    expect(ann.page.get_by_role("dialog")).to_contain_text("half a thought")


def test_on_a_phone_in_korean_the_link_is_handed_over_too(at_browser):
    ann = at_browser("ann", viewport=PHONE, has_touch=True, locale="ko-KR")
    room_id = ann.api.create_room("비밀", encrypted=True)
    ann.page.goto(f"/rooms/{room_id}")
    field = ann.page.locator("#new-invite")
    expect(field).to_be_visible(timeout=PATIENCE)
    assert f"/rooms/{room_id}#k=" in field.input_value()
    ann.page.get_by_role("button", name="초대 링크 복사").click()
    ann.page.get_by_role("button", name="보관했습니다").click()
    ann.write("안녕")
    ann.hears("안녕")
