"""How often a worker notes a room's activity, also if the store's clock is set back."""

import pytest

from chat import keys, room_directory, room_lifecycle
from chat.room_directory import EXACT_S, NOTED, Activity
from tests.conftest import somebody


class Clock:
    """Seconds that have gone by for a worker."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def activity(clock):
    return Activity(clock)


def test_a_room_in_which_much_is_said_is_noted_once_a_second(activity, clock):
    assert activity.note("r")
    for _ in range(4):
        clock.now += EXACT_S / 5
        assert not activity.note("r")
    clock.now += EXACT_S / 4
    assert activity.note("r")
    assert activity.note("another")


def test_what_a_worker_knows_of_rooms_is_bounded(activity):
    for i in range(NOTED + 2):
        assert activity.note(str(i))
    assert len(activity._noted) < NOTED


def test_a_clock_set_back_takes_no_room_out_of_its_place_in_the_list(store, activity, clock):
    admin = somebody("admin", "admin")
    ids = {name: room_lifecycle.create(store, admin, name).room_id for name in ("one", "two")}
    ahead = store.redis.time()[0] * 1000 + 3_600_000
    store.redis.zadd(keys.OPEN_ROOMS, {ids["one"]: ahead})

    def listed():
        return [room.name for room in room_directory.page(store, admin)[0]]

    for name in ("two", "one"):
        clock.now += 2 * EXACT_S
        store.ask_all(activity.note(ids[name]))
        assert listed() == ["one", "two"]
    assert store.redis.zscore(keys.OPEN_ROOMS, ids["one"]) == ahead


def test_a_room_that_was_deleted_just_now_is_not_listed_again(store, activity):
    store.ask_all(activity.note("gone"))
    assert store.redis.zcard(keys.ROOMS) == 0
