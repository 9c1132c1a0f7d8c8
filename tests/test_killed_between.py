"""A worker that is killed in the middle of a call leaves rooms that are found, or are gone.

The tests let no write through after the script that makes, renames or deletes the room.
"""

import functools

import pytest

from chat import keys, room_directory, room_lifecycle
from tests import killed


def found(store, person, q=""):
    return [room.name for room in room_directory.page(store, person, q)[0]]


@pytest.fixture
def killed_after(store):
    """``killed_after(script, call)``: the call, of which nothing is written after that script."""
    return functools.partial(killed.after, store)


@pytest.fixture
def pair(made):
    return made("ann"), made("ben")


def test_a_room_is_listed_and_found_from_the_moment_it_exists(
    room_management, store, pair, killed_after
):
    ann, ben = pair
    room_directory.page(store, ben)
    killed_after("create_room", lambda: room_management.create(ann, "Plans", False, False))
    killed_after("create_room", lambda: room_management.create(ann, "Secret plans", True, False))
    assert found(store, ben) == found(store, ben, "lans") == ["Plans"]
    assert {*found(store, ann, "plans")} == {"Plans", "Secret plans"}
    assert store.redis.scard(keys.owned_rooms(ann.user_id)) == 2


def test_a_room_is_found_by_its_new_name_alone(room_management, store, pair, killed_after):
    ann, ben = pair
    room = room_management.create(ann, "Plans", False, False)
    room_directory.page(store, ben)
    killed_after("change_room", lambda: room_management.change(ann, room.room_id, name="Garden"))
    assert found(store, ben, "arden") == ["Garden"] and found(store, ben, "plan") == []


def test_a_room_renamed_by_two_at_once_is_found_by_its_last_name(
    room_management, store, pair, beside
):
    ann, ben = pair
    room = room_management.create(ann, "Plans", False, False)
    room_directory.page(store, ben)

    def rename():
        room_management.change(ann, room.room_id, name="Garden")

    happened = beside("change_room", rename)
    room_management.change(ann, room.room_id, name="House")
    assert happened() and found(store, ben, "ouse") == ["House"]
    # Nothing is left of the names before.
    entries = store.redis.zrangebylex(keys.ROOM_NAMES, b"(!1", b"+")
    assert {entry.partition(b"\0")[0] for entry in entries} == {
        b"house",
        b"ouse",
        b"use",
        b"se",
        b"e",
    }


@pytest.mark.parametrize("private", [False, True], ids=["open", "private"])
def test_a_room_that_is_deleted_is_in_no_list(room_management, store, pair, killed_after, private):
    ann, ben = pair
    room = room_management.create(ann, "Plans", private, False)
    room_directory.page(store, ben)
    killed_after("close", lambda: room_management.close(ann, room.room_id))
    for index in (keys.ROOMS, keys.OPEN_ROOMS, keys.OCCUPIED, keys.owned_rooms(ann.user_id)):
        assert not store.redis.exists(index)
    assert store.redis.zrange(keys.ROOM_NAMES, 0, -1) == [b"!1"]


def test_a_room_that_was_lost_is_listed_from_the_moment_it_is_back(
    room_management, store, pair, killed_after
):
    ann, ben = pair
    room = room_management.create(ann, "Plans", False, False)
    store.redis.flushall()
    room_directory.page(store, ben)
    present = [(ben.user_id, "ben")]
    killed_after("revive", lambda: room_lifecycle.revive(store, room, present))
    assert found(store, ben) == found(store, ben, "plans") == ["Plans"]
    assert store.redis.smembers(keys.owned_rooms(ann.user_id)) == {room.room_id.encode()}


def test_a_direct_room_is_whole_or_not_there(room_management, store, pair, killed_after):
    ann, ben = pair
    killed_after("create_direct", lambda: room_management.direct(ann, ["ben"]))
    room, is_new = room_management.direct(ben, ["ann"])
    assert not is_new
    [key] = [key for key in store.redis.scan_iter("maru:room:*") if key.endswith(b"}")]
    assert key.decode() == keys.room(room.room_id)
    # So that ben can refuse ann, whatever happens to the worker that made the room.
    room_management.end_membership_and_block(ben, room.room_id)
    assert store.redis.smembers(keys.blocked_inviters(ben.user_id)) == {ann.user_id.encode()}
