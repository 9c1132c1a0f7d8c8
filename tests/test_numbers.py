"""No number ever means two messages, whatever the store has lost."""

import json

import pytest

from chat import history, keys, room_lifecycle, rooms
from chat.conversation import Conversation
from chat.limits import Limits
from tests.conftest import entries, somebody
from tests.waiting import eventually

ANN = somebody("Ann")


@pytest.fixture
def conversation(store):
    return Conversation(store, Limits(message_rate=0))


@pytest.fixture
def room(store):
    return room_lifecycle.create(store, ANN, "Plans").room_id


def ms_of(store):
    seconds, micros = store.redis.time()
    return seconds * 1000 + micros // 1000


def dump(store, room):
    """What a backup has of a room."""
    found = [key(room) for key in (keys.room, keys.stream, keys.members)]
    return {key: store.redis.dump(key) for key in found}


def restore(store, dumped, life):
    """The store as it was then, in a new life of its data. No restoring is over in a few ms."""
    begun = ms_of(store)
    eventually(lambda: ms_of(store) > begun + 10)
    for key, value in dumped.items():
        store.redis.restore(key, 0, value, replace=True)
    store.life = life


def test_numbers_go_on_above_those_that_a_restored_store_has_lost(conversation, store, room):
    conversation.talk(ANN, room, "kept")
    backup = dump(store, room)
    lost = {conversation.talk(ANN, room, f"lost {i}")["seq"] for i in range(20)}
    restore(store, backup, "another-life")
    after = [conversation.talk(ANN, room, f"anew {i}")["seq"] for i in range(3)]
    assert min(after) > max(lost)
    assert after == list(range(after[0], after[0] + 3)), "there is a gap within the epoch"
    # Also if it is lost and restored once more: what was said anew is among the lost now.
    restore(store, backup, "a-third-life")
    once_more = conversation.talk(ANN, room, "once more")["seq"]
    assert once_more > max(after)
    page = history.page(store, room)
    assert [json.loads(m)["message"] for m in page.messages] == ["kept", "once more"]
    assert page.seq == once_more < 2**53


def test_a_change_may_be_the_first_of_the_new_epoch(conversation, store, room):
    kept = conversation.talk(ANN, room, "kept")["seq"]
    backup = dump(store, room)
    lost = conversation.talk(ANN, room, "lost")["seq"]
    restore(store, backup, "another-life")
    edited = conversation.edit(ANN, room, kept, "changed")
    assert edited > lost + 1
    [message] = history.page(store, room).messages
    assert json.loads(message)["message"] == "changed"
    assert conversation.delete(ANN, room, kept) == edited + 1
    assert [entry["type"] for entry in entries(store, room)] == ["DELETE"]


def test_numbers_go_on_above_what_was_sent_and_is_lost(conversation, store, room):
    """The worker that has sent it begins the new epoch."""
    conversation.talk(ANN, room, "kept")
    backup = dump(store, room)
    lost = conversation.talk(ANN, room, "lost")
    epoch = history.page(store, room).epoch
    restore(store, backup, store.life)
    anew = rooms.new_epoch(store)
    assert history.begin_epoch(store, room, lost["seq"], epoch, lost["sentAt"], anew)
    begun = history.page(store, room)
    assert begun.epoch == anew and begun.seq > lost["seq"]
    assert conversation.talk(ANN, room, "anew")["seq"] == begun.seq + 1
    assert history.page(store, room).epoch == anew, "one epoch is enough"
    [missed] = store.ask(history.since(room, begun.seq, anew)).messages
    assert json.loads(missed)["message"] == "anew"


def test_a_room_that_is_made_anew_goes_on_above_the_lost_one(conversation, store, room):
    known = rooms.access(store, ANN, room).room
    lost = conversation.talk(ANN, room, "lost")["seq"]
    store.redis.flushall()
    store.redis.hset(keys.account(ANN.user_id), mapping={"name": "Ann", "role": "user"})
    assert room_lifecycle.revive(store, known, {(ANN.user_id, "Ann")})
    top = history.page(store, room)
    assert top.seq > lost and not top.messages and not top.more
    assert conversation.talk(ANN, room, "anew")["seq"] == top.seq + 1
