"""What is noted of changed messages is bounded, and goes with the messages."""

import pytest

from chat import history, keys
from chat.conversation import Conversation
from chat.errors import Conflict
from chat.limits import Limits
from chat.users import User

ANN, BEN = User("Ann", "user", 0), User("Ben", "user", 0)
EMOJI = [chr(0x1F600 + number) for number in range(70)]


@pytest.fixture
def conversation(store):
    return Conversation(store, Limits(message_rate=0, history_length=100))


@pytest.fixture
def room_id(conversation):
    room_id = conversation.create(ANN, "Plans", None, None).room_id
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


def test_all_together_put_fifty_different_ones(conversation, room_id):
    people = [User(f"p{number}", "user", 0) for number in range(60)]
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
    assert not store.redis.exists(keys.edited(room_id), keys.reactions(room_id))
    assert store.redis.zrange(keys.erased(room_id), 0, -1) == [b"1", b"2"]


def test_edits_that_an_earlier_version_noted_are_erased_too(conversation, store, room_id):
    seq = conversation.edit(ANN, room_id, 1, "better")
    store.redis.delete(keys.edited(room_id))
    store.redis.hset(keys.edits(room_id), "1", f" {seq}")
    conversation.delete(ANN, room_id, 1)
    assert len(history.page(store, room_id).messages) == 1
    assert not store.redis.exists(keys.edits(room_id))


def test_what_is_trimmed_is_not_noted_any_more(conversation, store, room_id):
    conversation.edit(ANN, room_id, 1, "better")
    conversation.react(ANN, room_id, 1, EMOJI[0], True)
    conversation.talk(ANN, room_id, "oops")
    conversation.delete(ANN, room_id, 4)
    for _ in range(500):
        conversation.talk(ANN, room_id, "more")
    noted = (keys.edited(room_id), keys.reactions(room_id), keys.erased(room_id))
    assert store.redis.xlen(keys.stream(room_id)) < 400
    assert not store.redis.exists(*noted)
