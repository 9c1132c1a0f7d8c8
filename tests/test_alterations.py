"""The notes of changed messages are bounded, and are deleted with the messages."""

import pytest

from chat import history, keys, message, rooms
from chat.archive import unarchived
from chat.archive.entries import Cursor
from chat.errors import Conflict, Invalid
from chat.operation_values import Change
from tests.conftest import entries, somebody

ANN, BEN = somebody("Ann"), somebody("Ben")
EMOJI = [chr(0x1F600 + number) for number in range(70)]


@pytest.fixture
def room_id(room_management, conversation):
    room_id = room_management.create(ANN, "Plans", None, None).room_id
    conversation.talk(ANN, room_id, "hi")
    return room_id


def test_one_person_puts_ten_emoji_under_a_message(conversation, room_id):
    for emoji in EMOJI[:10]:
        conversation.react(ANN, room_id, 1, emoji, True)
    with pytest.raises(Conflict):
        conversation.react(ANN, room_id, 1, EMOJI[10], True)
    # The same again, another person, and one in place of another.
    conversation.react(ANN, room_id, 1, EMOJI[0], True)
    conversation.react(BEN, room_id, 1, EMOJI[10], True)
    conversation.react(ANN, room_id, 1, EMOJI[0], False)
    conversation.react(ANN, room_id, 1, EMOJI[11], True)


def test_what_was_taken_for_an_emoji_before_is_shown_and_taken_away_again(
    conversation, store, room_id
):
    for old in ("☎0123456789", "👍👍👍👍"):
        with pytest.raises(Invalid):
            conversation.react(ANN, room_id, 1, old, True)
        before = Change(message.REACT, 1, more={"emoji": old, "on": True})
        conversation._alter(before, ANN, room_id, None, None)
        conversation.react(ANN, room_id, 1, old, False)
        assert store.redis.zcard(keys.reactions(room_id)) == 0
        stored = entries(store, room_id)[-2:]
        assert [(e["emoji"], e["on"]) for e in stored] == [(old, True), (old, False)]


def test_all_together_put_fifty_different_ones(conversation, room_id):
    people = [somebody(f"p{number}") for number in range(60)]
    for person, emoji in zip(people[:50], EMOJI, strict=False):
        conversation.react(person, room_id, 1, emoji, True)
    with pytest.raises(Conflict):
        conversation.react(people[50], room_id, 1, EMOJI[50], True)
    conversation.react(people[50], room_id, 1, EMOJI[0], True)
    conversation.react(people[7], room_id, 1, EMOJI[7], False)
    conversation.react(people[51], room_id, 1, EMOJI[50], True)


def test_a_message_is_changed_so_often(conversation, store, room_id):
    store.redis.zadd(keys.edited(room_id), {str(10_000 + n): 1 for n in range(1000)})
    with pytest.raises(Conflict):
        conversation.edit(ANN, room_id, 1, "once more")


def test_a_deleted_message_leaves_nothing(conversation, store, room_id):
    conversation.edit(ANN, room_id, 1, "better")
    conversation.react(BEN, room_id, 1, EMOJI[0], True)
    conversation.delete(ANN, room_id, 1)
    assert not store.redis.exists(keys.reactions(room_id))
    assert store.redis.zrange(keys.edited(room_id), 0, -1) == [b"3", b"4"], "but that it is deleted"
    assert store.redis.zrange(keys.erased(room_id), 0, -1) == [b"1", b"2"]


def test_what_is_trimmed_is_not_noted_any_more(conversation, store, room_id):
    conversation.edit(ANN, room_id, 1, "better")
    conversation.react(ANN, room_id, 1, EMOJI[0], True)
    conversation.talk(ANN, room_id, "oops")
    conversation.delete(ANN, room_id, 4)
    for _ in range(500):
        conversation.talk(ANN, room_id, "more")
    room = rooms.find(store, [room_id])[0]
    archived(store, room, 100, recent=10)
    noted = (keys.edited(room_id), keys.reactions(room_id), keys.erased(room_id))
    assert store.redis.xlen(keys.stream(room_id)) >= room.seq - 100
    archived(store, room, room.seq, recent=100)
    assert store.redis.xlen(keys.stream(room_id)) < 400
    assert not store.redis.exists(*noted)


def archived(store, room, seq, recent):
    store.ask(unarchived.archived_call(room.room_id, Cursor(room.epoch, seq), recent))


def test_a_client_id_does_not_stand_for_something_else(conversation, store, room_id):
    conversation.talk(ANN, room_id, "second", client_id="c-1")
    others = [
        lambda: conversation.delete(ANN, room_id, 1, client_id="c-1"),
        lambda: conversation.edit(ANN, room_id, 1, "changed", client_id="c-1"),
        lambda: conversation.react(ANN, room_id, 1, EMOJI[0], True, client_id="c-1"),
    ]
    for other in others:
        with pytest.raises(Conflict):
            other()
    # Nor a change for that of another message, or for another reaction, or for something said.
    first = conversation.delete(ANN, room_id, 2, client_id="c-2")
    reacted = conversation.react(ANN, room_id, 1, EMOJI[0], True, client_id="c-3")
    others = [
        lambda: conversation.delete(ANN, room_id, 1, client_id="c-2"),
        lambda: conversation.react(ANN, room_id, 1, EMOJI[0], False, client_id="c-3"),
        lambda: conversation.react(ANN, room_id, 1, EMOJI[1], True, client_id="c-3"),
        lambda: conversation.talk(ANN, room_id, "third", client_id="c-2"),
    ]
    for other in others:
        with pytest.raises(Conflict):
            other()
    # The same again is answered as before, and nothing more is stored.
    assert conversation.delete(ANN, room_id, 2, client_id="c-2") == first
    assert conversation.react(ANN, room_id, 1, EMOJI[0], True, client_id="c-3") == reacted
    assert history.page(store, room_id).seq == 4


def test_what_an_older_version_noted_of_a_client_id_is_answered_again(conversation, store, room_id):
    first = conversation.talk(ANN, room_id, "hi", client_id="c-1")
    sent = keys.sent(room_id, ANN.user_id, "c-1")
    older = b" ".join(store.redis.get(sent).split(b" ")[:3])
    store.redis.set(sent, older, keepttl=True)
    assert conversation.talk(ANN, room_id, "hi", client_id="c-1") == first
