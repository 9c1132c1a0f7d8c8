"""A person can refuse to be added to one private room after another."""

import pytest
from redis.exceptions import RedisError

from chat import directory, memberships
from chat.conversation import Conversation
from chat.errors import Forbidden, RateLimited
from chat.limits import Limits


@pytest.fixture
def people(register):
    return [register(name) for name in ("ann", "ben", "cho")]


@pytest.fixture
def conversation(store):
    return Conversation(store, Limits(room_rate=1_000))


def test_one_person_is_not_let_into_a_hundred_rooms(conversation, store, people):
    ann, ben, cho = people
    with pytest.raises(RateLimited) as refusal:
        for number in range(150):
            room = conversation.create(ann, f"room {number}", True, None)
            conversation.invite(ann, room.room_id, ben.name)
    assert number == memberships.BY_ONE_TO_ONE and 0 < refusal.value.retry_after <= 3600
    # Others may be let in, and by others.
    conversation.invite(ann, room.room_id, cho.name)
    other = conversation.create(cho, "Plans", True, None)
    conversation.invite(cho, other.room_id, ben.name)


def test_one_call_leaves_and_refuses_more(conversation, store, people):
    ann, ben, _cho = people
    room = conversation.create(ann, "Secret", True, None)
    conversation.invite(ann, room.room_id, ben.name)
    assert memberships.inviter(store, ben, room.room_id) == "ann"
    conversation.leave_and_refuse(ben, room.room_id)
    assert memberships.members(store, room.room_id) == ["ann"]
    with pytest.raises(Forbidden):
        conversation.invite(ann, room.room_id, ben.name)
    assert memberships.refused(store, ben) == ["ann"]
    memberships.accept_again(store, ben, "Ann")
    conversation.invite(ann, room.room_id, ben.name)


def test_who_was_taken_out_does_not_see_the_room_even_where_the_store_failed_halfway(
    conversation, store, people
):
    ann, ben, _cho = people
    room = conversation.create(ann, "Secret", True, None)
    conversation.invite(ann, room.room_id, ben.name)
    store.redis.execute_command("ACL", "SETUSER", "default", "-publish")
    try:
        with pytest.raises(RedisError):
            conversation.remove(ann, room.room_id, ben.name)
    finally:
        store.redis.execute_command("ACL", "SETUSER", "default", "+publish")
    assert memberships.members(store, room.room_id) == ["ann"]
    assert directory.page(store, ben) == ([], None)
