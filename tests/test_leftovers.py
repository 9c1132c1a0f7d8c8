"""Operations during a deletion leave no keys in the store, also in large rooms."""

import pytest

from chat import keys, room_lifecycle
from chat.errors import NotFound
from chat.store.question import ScriptCall
from tests.conftest import somebody

ANN = somebody("Ann")


def test_a_room_of_many_members_is_made_anew(store):
    room = room_lifecycle.create(store, ANN, "Secret", private=True)
    store.redis.delete(keys.room(room.room_id), keys.members(room.room_id))
    present = {(f"u{number:015}", f"person{number}") for number in range(9_000)}
    assert room_lifecycle.revive(store, room, present)
    assert store.redis.hlen(keys.members(room.room_id)) == 9_001


def test_a_change_beside_a_deletion_leaves_no_room_without_an_end(store, room_management):
    room = room_lifecycle.create(store, ANN, "Secret", private=True)
    room_management.close(ANN, room.room_id)
    # As they arrive where access was given just before the deletion.
    room_keys = [keys.room(room.room_id), keys.members(room.room_id), keys.banned(room.room_id)]
    ann, ben = somebody("Ann").user_id, somebody("Ben").user_id
    by, rooms_of = keys.account(ann), keys.rooms_of(ben)
    for late in (
        ScriptCall("change_room", [*room_keys[:2], by], [ann, "name", "Other"]),
        ScriptCall("set_member", [*room_keys, by, rooms_of], ["", ann, ben, "Ben", "", ""]),
        ScriptCall("unban", [*room_keys, by], [ann, ben]),
        ScriptCall("rejoin_direct", [*room_keys[:2], by, rooms_of], [ben, "member 0 Ben"]),
    ):
        with pytest.raises(NotFound):
            store.ask(late)
    assert not store.redis.exists(*room_keys, rooms_of)
