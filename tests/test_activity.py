"""How often a worker notes a room's activity, also if its clock is wrong."""

import pytest

from chat import directory, keys, room_lifecycle
from chat.directory import EXACT, NOTED, Activity
from tests.conftest import somebody

HOUR = 3_600_000


@pytest.fixture
def clock(monkeypatch):
    """Sets the worker's clock, in ms."""
    clock = Clock()
    monkeypatch.setattr(directory.time, "time_ns", lambda: clock.now * 1_000_000)
    return clock


class Clock:
    now = 1_800_000_000_000


def noted(activity, room_id="r"):
    """The time that a message in this room makes it tell the store, if any."""
    return sorted({command[-2] for command in activity.note(room_id)})


def test_a_room_in_which_much_is_said_is_noted_once_a_second(clock):
    activity = Activity()
    assert noted(activity) == [clock.now]
    for _ in range(5):
        clock.now += EXACT // 5
        assert noted(activity) == []
    clock.now += 1
    assert noted(activity) == [clock.now]
    assert noted(activity, "another") == [clock.now]


def test_a_clock_set_back_silences_no_room_until_the_time_has_come_again(clock):
    activity = Activity()
    noted(activity)
    clock.now -= HOUR
    assert noted(activity) == [clock.now]
    assert noted(activity) == []
    clock.now += EXACT + 1
    assert noted(activity) == [clock.now]


def test_what_a_worker_knows_of_rooms_is_bounded(clock):
    activity = Activity()
    for i in range(NOTED + 2):
        assert noted(activity, str(i)) == [clock.now]
    assert len(activity._noted) < NOTED


def test_a_clock_set_back_takes_no_room_out_of_its_place_in_the_list(store, clock):
    admin = somebody("admin", "admin")
    activity = Activity()
    for name in ("one", "two", "three"):
        clock.now += EXACT + 1
        room_lifecycle.create(store, admin, name)
    ids = {room.name: room.room_id for room in directory.page(store, admin)[0]}

    def listed():
        return [room.name for room in directory.page(store, admin)[0]]

    def say(name):
        clock.now += EXACT + 1
        store.ask_all(activity.note(ids[name]))

    say("one")
    assert listed()[0] == "one"
    before = clock.now
    clock.now -= HOUR
    say("two")
    say("one")
    assert listed()[0] == "one" and set(listed()) == {"one", "two", "three"}
    clock.now = before
    say("two")
    assert listed()[0] == "two"


def test_a_room_that_was_deleted_just_now_is_not_listed_again(store, clock):
    store.ask_all(Activity().note("gone"))
    assert store.redis.zcard(keys.ROOMS) == 0
