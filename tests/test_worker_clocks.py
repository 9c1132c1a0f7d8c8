"""A worker whose clock is an hour behind the store's, or ahead of it, decides as all others do."""

import functools

import pytest

from chat import (
    account_state,
    keys,
    memberships,
    profile,
    renaming,
    room_directory,
    room_members,
    rooms,
    unfinished_changes,
)
from chat.errors import Forbidden
from chat.migrations.start import VERSION
from chat.script_errors import domain_error
from chat.store.store import connect
from tests import killed
from tests.clocks import HOUR, clocked_store

#: Half an hour, in ms: less than what the worker's clock is wrong by.
HALF_HOUR = HOUR * 500


@pytest.fixture(scope="module")
def clocked(tmp_path_factory):
    with clocked_store(tmp_path_factory.mktemp("clocked")) as (url, clock):
        yield url, connect(url, domain_error), clock


@pytest.fixture(params=[HOUR, -HOUR], ids=["behind", "ahead"])
def store(request, clocked):
    _, store, clock = clocked
    clock.set(store.redis, request.param)
    store.redis.flushall()
    store.redis.set(keys.VERSION, VERSION)
    return store


@pytest.fixture
def store_url(clocked):
    return clocked[0]


def now(store) -> int:
    """The store's time in ms."""
    seconds, microseconds = store.redis.time()
    return int(seconds * 1000 + microseconds // 1000)


def shown(store, crowd):
    """Whether ``ben`` finds the room in his list."""
    return [room.room_id for room in room_directory.page(store, crowd.ben)[0]] == [crowd.room_id]


def test_a_renaming_under_way_is_left_alone_and_an_abandoned_one_is_finished(store, made, told):
    bora = made("bora")
    rename = functools.partial(profile.change, store, bora.user_id, {"name": "sora"})
    killed.after(store, "change_person", rename)
    renaming.finish_abandoned(store)
    assert told() == []
    [member] = store.redis.zrange(keys.RENAMING, 0, -1)
    store.redis.zincrby(keys.RENAMING, -unfinished_changes.ABANDONED_AFTER_MS, member)
    renaming.finish_abandoned(store)
    assert [each["person"]["name"] for each in told()] == ["sora"]


def test_a_deletion_under_way_is_left_alone_and_an_abandoned_one_is_finished(store, made):
    ann = made("ann")
    made("root", "admin")
    killed.after(store, "delete_person", functools.partial(account_state.delete, store, "ann"))
    account_state.finish_abandoned(store, "en")
    assert store.redis.zcard(keys.DELETING) == 1
    store.redis.zincrby(keys.DELETING, -unfinished_changes.ABANDONED_AFTER_MS, ann.user_id)
    account_state.finish_abandoned(store, "en")
    assert store.redis.zcard(keys.DELETING) == 0


def test_a_ban_lasts_until_its_end_by_the_clock_of_the_store(store, hall):
    ends = now(store) + HALF_HOUR
    hall.room_management.ban(hall.max, hall.room_id, "ben", ends)
    with pytest.raises(Forbidden) as refused:
        rooms.access(store, hall.ben, hall.room_id)
    assert refused.value.params == {"minutes": 30}
    assert hall.room_management.banned(hall.max, hall.room_id) == {hall.ben.user_id: ends}
    room = store.ask(rooms.room_question(hall.room_id))
    assert store.ask(room_members.kept_out(room, {hall.ben.user_id})) == {hall.ben.user_id}
    assert room_directory.may_see(store, hall.ben, [hall.room_id]) == []
    assert not shown(store, hall)


def test_a_ban_that_has_ended_by_the_clock_of_the_store_keeps_nobody_out(store, hall):
    hall.room_management.ban(hall.max, hall.room_id, "ben", now(store) + HALF_HOUR)
    store.redis.hset(keys.banned(hall.room_id), hall.ben.user_id, now(store) - HALF_HOUR)
    assert rooms.access(store, hall.ben, hall.room_id).role == ""
    assert hall.room_management.banned(hall.max, hall.room_id) == {}
    room = store.ask(rooms.room_question(hall.room_id))
    assert store.ask(room_members.kept_out(room, {hall.ben.user_id})) == set()
    assert room_directory.may_see(store, hall.ben, [hall.room_id]) == [hall.room_id]
    assert shown(store, hall)


@pytest.mark.parametrize("left", [HALF_HOUR, -HALF_HOUR])
def test_who_is_muted_is_shown_so_until_the_store_lets_him_speak(store, hall, conversation, left):
    until = now(store) + left
    hall.set(hall.max, "ben", muted_until=until)
    is_muted = left > 0
    try:
        conversation.talk(hall.ben, hall.room_id, "hi")
        assert not is_muted
    except Forbidden:
        assert is_muted
    ben_id = hall.ben.user_id
    listed = {m.user_id: m for m in store.ask(room_members.listed(hall.room_id))}
    page, _ = store.ask(room_members.page(hall.room_id, 0, 50))
    on_page = {m.user_id: m for m in page}
    [alone] = store.ask(room_members.of(hall.room_id, [ben_id]))
    assert [m.is_muted for m in (listed[ben_id], on_page[ben_id], alone)] == [is_muted] * 3
    own = store.ask(memberships.one(ben_id, hall.room_id))
    assert own.wire().get("mutedUntil") == (until if is_muted else None)


def test_the_page_mutes_for_an_hour_by_the_clock_of_the_store(store, hall, login, submit):
    before = now(store)
    path = f"/rooms/{hall.room_id}/members/mute"
    assert submit(login("max"), path, **{"name": "ben", "for": "hour"}).status_code == 302
    [ben] = store.ask(room_members.of(hall.room_id, [hall.ben.user_id]))
    assert before + HOUR * 1000 <= ben.muted_until <= now(store) + HOUR * 1000


def test_rooms_and_accounts_are_made_and_rooms_are_listed_by_the_clock_of_the_store(
    store, made, room_management, conversation
):
    before = now(store)
    ann = made("ann")
    ids = [room_management.create(ann, name, None, None).room_id for name in ("one", "two")]
    written = [store.redis.hget(keys.account(ann.user_id), "createdAt")]
    written += [store.redis.hget(keys.room(i), "createdAt") for i in ids]
    written += [at for _, at in store.redis.zrange(keys.ROOMS, 0, -1, withscores=True)]
    assert all(before <= int(at) <= now(store) for at in written)
    # The store's clock has gone on since the rooms were made.
    store.redis.zadd(keys.ROOMS, dict.fromkeys(ids, now(store) - 1000))
    store.redis.zadd(keys.OPEN_ROOMS, {ids[0]: now(store) - 2000, ids[1]: now(store) - 1000})
    conversation.talk(ann, ids[0], "hi")
    assert [room.room_id for room in room_directory.page(store, ann)[0]] == ids
    score = store.redis.zscore(keys.OPEN_ROOMS, ids[0])
    assert before <= int(score) <= now(store)
