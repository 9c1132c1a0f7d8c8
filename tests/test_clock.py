"""After a change of the store's clock by an hour, messages and leases of before are still right."""

import pytest

from chat import keys, presence, rate_limit, revocations, room_lifecycle, unfinished_changes
from chat.errors import RateLimited
from chat.presence import Lease, Timing, lease_id_of
from chat.script_errors import domain_error
from chat.store.question import ScriptCall
from chat.store.store import connect
from tests.clocks import HOUR, clocked_store
from tests.conftest import somebody

TIMING = Timing(lease=1_000, grace=200)


@pytest.fixture(scope="module")
def clocked(tmp_path_factory):
    with clocked_store(tmp_path_factory.mktemp("clocked")) as (url, clock):
        yield connect(url, domain_error), clock


@pytest.fixture
def store(clocked):
    store, clock = clocked
    clock.set(store.redis, 0)
    store.redis.flushall()
    return store


@pytest.fixture
def clock(clocked):
    return clocked[1]


@pytest.fixture
def room_id(store):
    return room_lifecycle.create(store, somebody("Ann"), "Plans").room_id


def speak(store):
    rate_limit.throttle(store, "message", "ann", rate=10, per_seconds=1, burst=30)


def refused_for(store) -> float:
    with pytest.raises(RateLimited) as refusal:
        for _ in range(100):
            speak(store)
    return refusal.value.retry_after


def test_a_clock_set_back_makes_nobody_wait_longer_than_between_two_messages(store, clock):
    assert refused_for(store) <= 0.1
    clock.set(store.redis, -HOUR)
    assert refused_for(store) <= 0.1
    # And it heals by itself: the doubtful time is not kept.
    assert int(store.redis.pttl(keys.rate("message", "ann"))) <= 3_100


def test_a_clock_set_forward_is_no_reason_to_wait(store, clock):
    refused_for(store)
    clock.set(store.redis, HOUR)
    speak(store)


def test_a_clock_set_forward_makes_no_revoked_token_good_again(store, clock):
    revocations.revoke(store, "a token", seconds=900)
    clock.set(store.redis, HOUR)
    assert revocations.is_revoked(store, "a token")


def lease(name):
    return Lease(lease_id_of(f"of-{name}", name), name)


def enter(store, room_id, *names):
    for name in names:
        store.ask(presence.enter_question(room_id, lease(name), TIMING, "en"))


def renew(store, room_id, name):
    leases = {room_id: ("", [lease(name)])}
    presence.renew(store, leases, TIMING, "en")


def reap_until(store, room_id, present, renewed=()):
    """Workers' rounds, until just these are here; who was gone in the meantime, in that order."""
    gone: list[str] = []
    ends = store.redis.time()[0] + 10
    while [each.name for each in store.ask(presence.present(room_id))] != sorted(present):
        assert store.redis.time()[0] < ends, store.ask(presence.present(room_id))
        for name in renewed:
            renew(store, room_id, name)
        gone += presence.reap(store, TIMING, "en").get(room_id, [])
    return gone


def test_the_people_of_a_dead_worker_go_after_a_lease_though_the_clock_was_set_back(
    store, clock, room_id
):
    presence.reap(store, TIMING, "en")
    enter(store, room_id, "ann", "ben")
    # The reaper has noted when it looks again, and rests besides.
    presence.reap(store, TIMING, "en")
    clock.set(store.redis, -HOUR)
    assert reap_until(store, room_id, ["ann"], renewed=["ann"]) == ["ben"]


def test_a_rest_of_the_reaper_ends_though_the_clock_was_set_back(store, clock, room_id):
    enter(store, room_id, "ann")
    at = store.redis.time()[0] * 1000
    store.redis.set(keys.REAPED, f"{at} {at + TIMING.lease}")
    clock.set(store.redis, -HOUR)
    assert reap_until(store, room_id, []) == ["ann"]


def test_nobody_is_announced_as_gone_because_the_clock_was_set_forward(store, clock, room_id):
    enter(store, room_id, "ann", "ben")
    presence.reap(store, TIMING, "en")
    clock.set(store.redis, HOUR)
    # First of all somebody reaps; only then do the workers renew.
    assert presence.reap(store, TIMING, "en") == {}
    assert reap_until(store, room_id, ["ann"], renewed=["ann"]) == ["ben"]


def test_a_clock_set_forward_between_claim_and_reaping_takes_nobody_out(store, clock, room_id):
    enter(store, room_id, "ann")
    args = ["", 10, TIMING.grace + 5_000, TIMING.outage, TIMING.lease]
    held_until, claimed = store.ask(ScriptCall("claim", [keys.OCCUPIED, keys.REAPED], args))
    assert claimed.decode() == room_id
    clock.set(store.redis, HOUR)
    names = [keys.room(room_id), keys.conns(room_id), keys.present(room_id)]
    _, *gone = store.ask(ScriptCall("reap", names, ["", "", 500, held_until, TIMING.lease]))
    assert gone == []


def test_an_abandoned_change_is_finished_though_the_clock_was_set_back(store, clock):
    at = store.redis.time()[0] * 1000
    store.redis.zadd(keys.RENAMING, {"of-ann:1": at})
    assert store.ask(unfinished_changes.abandoned(keys.RENAMING)) == []
    clock.set(store.redis, -HOUR)
    assert store.ask(unfinished_changes.abandoned(keys.RENAMING)) == ["of-ann:1"]
