"""Encrypted rooms: messages are encrypted and authentic."""

import pytest
import redis
from playwright.sync_api import expect

from tests.browser.people import PATIENCE
from tests.browser.sealing import OPEN, bound, key_of, newest, post, row, say, seal

NOT_SHOWN = "This message cannot be opened"


def test_a_program_seals_and_opens_as_the_document_says(sealed):
    ann, ben, room_id, link = sealed
    data = bound(room_id, ben.api.user_id, "TALK", "bot-1", None)
    post(ben, room_id, seal(ann, link, "maru3", data, "안녕 from a program"), clientId="bot-1")
    ann.hears("안녕 from a program")
    say(ann, ben, "and back")
    said = newest(ann, room_id)
    assert said["message"].startswith("maru3.")
    data = bound(room_id, ann.api.user_id, "TALK", said["clientId"], None)
    opened = ann.page.evaluate(OPEN, [key_of(link), said["message"], data])
    assert opened == "and back"


@pytest.mark.parametrize("when", ["open", "offline"])
def test_what_is_written_after_a_rename_elsewhere_opens_for_everybody(sealed, when):
    ann, ben, _, _ = sealed
    say(ann, ben, "before")
    if when == "offline":
        ann.context.set_offline(True)
        ann.write("in between")
    answer = ann.api.request("PATCH", "/api/me", json={"name": f"new-{ann.name}"})
    assert answer.status_code == 200, answer.text
    ann.context.set_offline(False)
    ann.write("after")
    for text in ("in between", "after") if when == "offline" else ("after",):
        ann.hears(text)
        ben.hears(text)
    ann.composer.press("ArrowUp")
    ann.write("after, edited")
    ben.hears("after, edited")
    for person in (ann, ben):
        person.page.reload()
        person.hears("before")
        person.hears("after, edited")
        expect(person.page.locator(".seal-mark")).to_have_count(0)


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
    one, edited = ann.api.history(room_id)[-2:]
    [edit] = edited["edits"]
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
    ann.hears("hello")
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


@pytest.mark.parametrize("version", ["maru3", "maru2", "maru1"])
def test_a_message_that_the_server_shows_twice_is_read_once(sealed, maru, version):
    ann, ben, room_id, link = sealed
    data = {
        "maru3": bound(room_id, ann.api.user_id, "TALK", "once-1", None),
        "maru2": bound(room_id, ann.name, "TALK", "once-1", None).replace("maru3", "maru2"),
        "maru1": room_id,
    }[version]
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
        ann.hears(text)
    said = ann.api.history(room_id)[-1]
    edit, _ = said["edits"]
    forget_client_ids(maru, room_id)
    path = f"/api/rooms/{room_id}/messages/{said['seq']}"
    again = {"message": edit["message"], "clientId": edit["clientId"]}
    assert ann.api.request("PATCH", path, json=again).status_code == 200
    say(ann, ben, "afterwards")
    ben.hears("three")
    ben.page.reload()
    ben.hears("afterwards")
    ben.hears("three")
