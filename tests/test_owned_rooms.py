"""Rooms count for their owner, and for nobody else."""

import functools

import pytest

from chat import keys, room_lifecycle
from chat.errors import Conflict
from chat.limits import Limits
from chat.room_management import RoomManagement
from tests import killed
from tests.conftest import somebody

ANN = somebody("Ann")


@pytest.fixture
def killed_after(store):
    """``killed_after(script, call)``: the call, of which nothing is written after that script."""
    return functools.partial(killed.after, store)


def owned(store, person):
    return {member.decode() for member in store.redis.smembers(keys.owned_rooms(person.user_id))}


def create(store, most=2):
    return room_lifecycle.create(store, ANN, "hers", most=most)


def test_nobody_owns_more_rooms_than_are_allowed(store, room_management):
    rooms = [create(store) for _ in range(2)]
    with pytest.raises(Conflict, match="You own"):
        create(store)
    assert owned(store, ANN) == {room.room_id for room in rooms}
    room_management.close(ANN, rooms[0].room_id)
    create(store)


def test_nothing_is_limited_by_0(store):
    assert len({create(store, most=0).room_id for _ in range(30)}) == 30


def test_a_room_that_was_lost_or_passed_on_or_never_made_does_not_count(store):
    lost, passed_on = create(store), create(store)
    store.redis.sadd(keys.owned_rooms(ANN.user_id), "never made")
    store.redis.delete(keys.room(lost.room_id))
    store.redis.hset(keys.room(passed_on.room_id), "ownerId", somebody("Ben").user_id)
    made = {create(store).room_id, create(store).room_id}
    assert owned(store, ANN) == made
    with pytest.raises(Conflict):
        create(store)


def test_rooms_made_at_once_do_not_pass_the_limit(store, beside):
    create(store)
    happened = beside("create_room", lambda: create(store))
    with pytest.raises(Conflict, match="You own"):
        create(store)
    assert happened() and len(owned(store, ANN)) == store.redis.zcard(keys.ROOMS) == 2


def test_a_room_that_is_got_while_others_are_forgotten_counts(store, made, beside):
    ann, ben = made("ann"), made("ben")
    giving = RoomManagement(store, Limits(room_rate=0, rooms_per_person=2), set())
    lost, hers = (giving.create(ann, name, None, None) for name in ("lost", "hers"))
    store.redis.delete(keys.room(lost.room_id))
    his = giving.create(ben, "his", None, None).room_id
    giving.set_member(ben, his, "ann")
    store.redis.sadd(keys.owned_rooms(ann.user_id), his)
    happened = beside("prune_owned_rooms", lambda: giving.set_member(ben, his, "ann", role="owner"))
    with pytest.raises(Conflict):
        giving.create(ann, "one more", None, None)
    assert happened() and owned(store, ann) == {hers.room_id, his}


def test_a_room_that_is_passed_there_and_back_counts_once(store, made, killed_after):
    ann, ben = made("ann"), made("ben")
    giving = RoomManagement(store, Limits(room_rate=0), set())
    room_id = giving.create(ann, "Plans", None, None).room_id
    giving.set_member(ann, room_id, "ben")
    killed_after("set_member", lambda: giving.set_member(ann, room_id, "ben", role="owner"))
    assert (owned(store, ann), owned(store, ben)) == (set(), {room_id})
    giving.set_member(ben, room_id, "ann", role="owner")
    assert (owned(store, ann), owned(store, ben)) == ({room_id}, set())


def test_a_room_that_is_passed_on_counts_for_its_new_owner(store, made):
    ann, ben = made("ann"), made("ben")
    room_management = RoomManagement(store, Limits(room_rate=0, rooms_per_person=1), set())
    room_id = room_management.create(ann, "Plans", None, None).room_id
    room_management.set_member(ann, room_id, "ben")
    room_management.set_member(ann, room_id, "ben", role="owner")
    assert (owned(store, ann), owned(store, ben)) == (set(), {room_id})
    # Nobody is given more rooms than are allowed, and so kept from making any.
    another = room_management.create(ann, "More plans", None, None).room_id
    room_management.set_member(ann, another, "ben")
    with pytest.raises(Conflict):
        room_management.set_member(ann, another, "ben", role="owner")
    assert owned(store, ann) == {another}


def test_two_rooms_given_at_once_do_not_pass_the_limit(store, made, beside):
    ann, ben = made("ann"), made("ben")
    giving = RoomManagement(store, Limits(room_rate=0, rooms_per_person=2), set())
    first, second = (giving.create(ann, name, None, None).room_id for name in ("one", "two"))
    giving.create(ben, "three", None, None)
    for room_id in (first, second):
        giving.set_member(ann, room_id, "ben")
    happened = beside("set_member", lambda: giving.set_member(ann, first, "ben", role="owner"))
    with pytest.raises(Conflict, match="too many rooms"):
        giving.set_member(ann, second, "ben", role="owner")
    assert happened() and len(owned(store, ben)) == 2 and owned(store, ann) == {second}
