"""Operations during a deletion leave no keys in the store, also in large rooms."""

import pytest

from chat import keys, rooms
from chat.conversation import Conversation
from chat.errors import NotFound
from chat.limits import Limits
from chat.people import Person
from chat.store.store import Call

ANN = Person("Ann", "user", 0)


def test_a_room_of_many_members_is_made_anew(store):
    room = rooms.create(store, ANN, "Secret", private=True)
    store.redis.delete(keys.room(room.room_id), keys.members(room.room_id))
    present = [f"person{number}" for number in range(9_000)]
    assert rooms.revive(store, room, present)
    assert store.redis.scard(keys.members(room.room_id)) == 9_001


def test_a_change_beside_a_deletion_leaves_no_room_without_an_end(store):
    room = rooms.create(store, ANN, "Secret", private=True)
    Conversation(store, Limits()).close(ANN, room.room_id)
    # As they arrive where access was given just before the deletion.
    room_keys = [keys.room(room.room_id), keys.members(room.room_id)]
    for late in (Call("rename", room_keys[:1], ["Other"]), Call("admit", room_keys, ["Ben"])):
        with pytest.raises(NotFound):
            store.batch([late])
    assert not store.redis.exists(*room_keys)
