"""What version 2 has stored is in version 3: what is unread follows from the room's numbers."""

from collections import Counter

import orjson
import pytest

from chat import keys, memberships
from chat.migrations import to_2
from chat.migrations.lease import Lease
from chat.migrations.start import carry_over
from tests.migrated import everything

OLD_MARKS = "maru:person:{}:read"


def talks(store, room_id):
    """Number -> TALK of a room's stream."""
    found = store.redis.xrange(keys.stream(room_id))
    stored = {int(i.split(b"-")[1]): orjson.loads(fields[b"m"]) for i, fields in found}
    return {seq: entry for seq, entry in stored.items() if entry["type"] == "TALK"}


@pytest.fixture
def of_2(older, store):
    """The store as version 2 has it: carried over to that, where the fixture is older."""
    lease = Lease(store)
    assert lease.take()
    to_2.steps.run(lease, lambda line: None)
    assert store.redis.get(keys.VERSION) == b"2"
    return older


@pytest.fixture(params=["square", "private", "big"])
def room_id(of_2, request):
    return of_2.rooms[request.param]


def everybody(store, room_id):
    return [user_id.decode() for user_id in store.redis.hkeys(keys.members(room_id))]


def unread(store, user_id, room_id):
    own = store.ask(memberships.one(user_id, room_id))
    return own.read, own.unread


def test_who_has_said_what_is_counted_and_what_is_deleted_is_noted(store, room_id):
    carry_over(store, lambda line: None)
    there = talks(store, room_id)
    counted = {who.decode(): int(n) for who, n in store.redis.hgetall(keys.spoken(room_id)).items()}
    assert counted == Counter(talk["senderId"] for talk in there.values())
    said = int(store.redis.hget(keys.room(room_id), "said"))
    present = {talk["n"] for talk in there.values()}
    gone = {int(n) for n in store.redis.zrange(keys.deleted(room_id), 0, -1)}
    assert gone == set(range(min(present), said + 1)) - present


def test_who_has_no_mark_reads_on_from_here(store, room_id):
    newest = int(store.redis.hget(keys.room(room_id), "seq"))
    carry_over(store, lambda line: None)
    for user_id in everybody(store, room_id):
        assert unread(store, user_id, room_id) == (newest, 0)


@pytest.mark.parametrize("place", [0.0, 0.3, 0.9])
def test_a_mark_stays_where_it_was(store, room_id, place):
    epoch, newest = store.redis.hmget(keys.room(room_id), "epoch", "seq")
    read = int(int(newest) * place)
    for user_id in everybody(store, room_id):
        store.redis.hset(OLD_MARKS.format(user_id), room_id, f"{epoch.decode()} {read}")
    carry_over(store, lambda line: None)
    there = talks(store, room_id)
    for user_id in everybody(store, room_id):
        left = [s for s, talk in there.items() if s > read and talk["senderId"] != user_id]
        assert unread(store, user_id, room_id) == (read, len(left))
    assert not list(store.redis.scan_iter("maru:person:*:read"))


def test_a_mark_of_another_epoch_is_none(store, room_id):
    newest = int(store.redis.hget(keys.room(room_id), "seq"))
    [user_id, *_] = everybody(store, room_id)
    store.redis.hset(OLD_MARKS.format(user_id), room_id, "another 1")
    carry_over(store, lambda line: None)
    assert unread(store, user_id, room_id) == (newest, 0)


def test_what_has_been_read_since_stays_read_though_the_version_is_lost(store, room_id):
    carry_over(store, lambda line: None)
    [user_id, *_] = everybody(store, room_id)
    store.redis.hset(keys.marks(room_id), user_id, "1 0 0")
    before = everything(store.redis)
    store.redis.delete(keys.VERSION)
    carry_over(store, lambda line: None)
    assert everything(store.redis) == before
