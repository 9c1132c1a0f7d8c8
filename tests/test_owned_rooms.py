"""Rooms count for their owner, also those that are older than the counting."""

import pytest

from chat import owned_rooms, rooms
from chat.errors import Conflict
from chat.owned_rooms import Progress
from chat.people import Person

ANN = Person("Ann", "user", 0)
BEN = Person("Ben", "user", 0)


@pytest.fixture
def older(store):
    """A store as it was: nobody's rooms are noted. Gives how to make it so again."""

    def forget():
        store.redis.delete("maru:owned", "maru:user:ann:owned", "maru:user:ben:owned")

    return forget


def carry_over(store, step):
    """In how many steps all is noted."""
    progress, steps = Progress(), 0
    while progress is not None:
        progress, steps = owned_rooms.carry_over(store, progress, step), steps + 1
        assert steps < 100
    return steps


def noted(store, name):
    return {member.decode() for member in store.redis.smembers(f"maru:user:{name}:owned")}


@pytest.mark.parametrize("step", [1, 2, 3, 7, 500])
def test_the_rooms_of_an_older_store_count_for_their_owners(store, older, step):
    anns = {rooms.create(store, ANN, "hers", private=n % 2 == 0).room_id for n in range(7)}
    bens = {rooms.create(store, BEN, "his").room_id for _ in range(4)}
    # Several have been active in the same millisecond.
    store.redis.zadd("maru:rooms", dict.fromkeys(sorted(anns)[:5], 1))
    older()
    assert rooms.create(store, ANN, "one more", most=3)
    older()
    anns = {i.decode() for i in store.redis.zrange("maru:rooms", 0, -1)} - bens
    assert carry_over(store, step) == 12 // step + 1
    assert (noted(store, "ann"), noted(store, "ben")) == (anns, bens)
    with pytest.raises(Conflict, match="You own"):
        rooms.create(store, ANN, "too many", most=8)
    assert rooms.create(store, BEN, "his fifth", most=5)


def test_a_room_that_becomes_active_meanwhile_is_not_passed_over(store, older):
    made = [rooms.create(store, ANN, "hers").room_id for _ in range(6)]
    older()
    progress = owned_rooms.carry_over(store, Progress(), 2)
    for room_id in made:
        store.redis.zadd("maru:rooms", {room_id: 4_000_000_000_000})
        progress = progress and owned_rooms.carry_over(store, progress, 2)
    while progress is not None:
        progress = owned_rooms.carry_over(store, progress, 2)
    assert noted(store, "ann") == set(made)


def test_it_is_done_once(store, older):
    rooms.create(store, ANN, "hers")
    carry_over(store, 500)
    store.redis.delete("maru:user:ann:owned")
    assert carry_over(store, 1) == 1
    assert noted(store, "ann") == set()


def test_a_room_whose_hash_is_gone_is_nobodys(store, older):
    room = rooms.create(store, ANN, "hers")
    older()
    store.redis.delete(f"maru:room:{{{room.room_id}}}")
    carry_over(store, 500)
    assert noted(store, "ann") == set()
