"""Which version a store holds, and what is done about it."""

import re
import threading

import pytest

from chat import keys
from chat.migrations.lease import Lease, LostLease
from chat.migrations.start import carry_over, version
from chat.migrations.to_2 import steps
from chat.store.store import StoreError, connect
from tests.migrated import everything


def test_an_operator_is_told(older, store):
    told = []
    carry_over(store, told.append)
    first, *_, second, third, last = told
    assert "Carrying the store over to version 2" in first
    assert re.match(r"The store is carried over: 8 accounts, \d rooms, in \d", second)
    assert "Carrying the store over to version 3" in third
    assert re.match(r"The store is carried over to version 3: \d rooms, in \d", last)


class Ended(Exception):
    """Ends a start between two rooms."""


def test_a_start_that_goes_on_counts_the_rooms_that_are_done(older, store, monkeypatch):
    monkeypatch.setattr(steps, "TELL_EVERY_S", -1.0)

    def end_after_two(line):
        if line.startswith("2 of "):
            raise Ended

    with pytest.raises(Ended):
        carry_over(store, end_after_two)
    number = store.redis.zcard("maru:rooms")
    store.redis.delete(keys.MIGRATING)
    carry_over(store, (told := []).append)
    first, *lines = told[: told.index(next(line for line in told if "The store is" in line))]
    assert first.endswith(f"goes on; 2 of {number} rooms are done already.")
    assert lines == [f"{n} of {number} rooms are carried over." for n in range(3, number + 1)]


def test_a_store_that_is_carried_over_is_left_alone(carried, store):
    before, told = everything(store.redis), []
    carry_over(store, told.append)
    assert everything(store.redis) == before and not told


def test_carrying_over_what_is_carried_over_changes_nothing(carried, store):
    """As after a loss of ``version`` alone."""
    before = everything(store.redis)
    store.redis.delete(keys.VERSION)
    carry_over(store, lambda line: None)
    assert everything(store.redis) == before


def test_several_at_once_do_it_once(older, store, store_url):
    told = []
    starts = [
        threading.Thread(target=carry_over, args=(connect(store_url), told.append))
        for _ in range(4)
    ]
    for start in starts:
        start.start()
    for start in starts:
        start.join()
    assert len([line for line in told if line.startswith("The store is carried over")]) == 2
    assert version(store) == 3


def test_who_was_killed_is_waited_for_as_long_as_its_lease(older, store):
    assert Lease(store, 700).take()
    carry_over(store, (told := []).append)
    assert told[0].startswith("Waiting: another Maru") and version(store) == 3


def test_who_has_lost_the_lease_changes_nothing_more(older, store):
    slow = Lease(store, 60_000)
    assert slow.take()
    store.redis.delete(keys.MIGRATING)
    carry_over(store, lambda line: None)
    before = everything(store.redis)
    with pytest.raises(LostLease):
        slow.commit([("SET", "maru:version", 1)])
    assert everything(store.redis) == before


@pytest.fixture
def served(store):
    """Somebody listens on the channel of the workers, and looked for expired leases just now."""
    listener = store.redis.pubsub(ignore_subscribe_messages=True)
    listener.subscribe(keys.CONTROL)
    assert listener.get_message(timeout=30) is None
    yield lambda: store.redis.set(keys.REAPED, f"{store.redis.time()[0] * 1000} 0")
    listener.close()


def test_an_earlier_maru_that_still_serves_is_not_taken_its_store(older, store, served):
    served()
    before = everything(store.redis)
    with pytest.raises(StoreError, match="Workers of an earlier Maru still serve"):
        carry_over(store, lambda line: None)
    assert everything(store.redis) == before


def test_a_machine_that_is_gone_without_a_word_holds_nobody_up(older, store, served):
    store.redis.set(keys.REAPED, "1 0")
    carry_over(store, lambda line: None)
    assert version(store) == 3


def test_a_store_that_has_lost_its_version_alone_is_served_on(carried, store, served):
    served()
    store.redis.delete(keys.VERSION)
    store.redis.zadd(keys.OCCUPIED, {carried.rooms["square"]: 1})
    carry_over(store, lambda line: None)
    assert version(store) == 3 and store.redis.zcard(keys.OCCUPIED) == 1


def test_an_empty_store_gets_its_version(store):
    store.redis.flushall()
    carry_over(store, lambda line: None)
    assert everything(store.redis) == {"maru:version": b"3"}


@pytest.mark.parametrize("held", ["4", "1000"])
def test_a_later_version_is_refused_and_not_touched(older, store, held):
    store.redis.set(keys.VERSION, held)
    before = everything(store.redis)
    with pytest.raises(StoreError, match=f"data of a later Maru .version {held}"):
        carry_over(store, lambda line: None)
    assert everything(store.redis) == before


@pytest.mark.parametrize("held", ["", "x", "0", "-1", "3.0"])
def test_what_is_no_version_is_refused(store, held):
    store.redis.set(keys.VERSION, held)
    with pytest.raises(StoreError, match="which is no version"):
        carry_over(store, lambda line: None)
