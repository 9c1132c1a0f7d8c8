"""Presence against a small model: after any order of operations, leases decide who is present.

The model knows of each connection when its lease ends, and nothing of how the reaper finds its
work. So it says who must be here, who may be, and that everybody else must be gone in time.
"""

import json
from collections import Counter
from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from chat import keys, presence, room_lifecycle
from chat.presence import Timing, lease_id_of
from chat.store.question import ScriptCall
from tests.conftest import somebody

TIMING = Timing(lease=30_000, grace=3_000)
OUTAGE = TIMING.outage
ROUND = 1_000
#: A room that a dead reaper had claimed is looked at again after this long, and one more round.
HOLD = TIMING.grace + 5_000 + 2 * ROUND
#: Whose pages there are: two people have two.
PAGES = ["ann", "ann", "ben", "ben", "Chö"]
pages = st.integers(0, len(PAGES) - 1)


class PresenceMachine(RuleBasedStateMachine):
    """``held`` are the connections that their worker believes to be in the room, ``ends`` all that
    have a lease, to its end."""

    def __init__(self, store):
        super().__init__()
        self.store = store
        store.redis.flushall()
        self.room = room_lifecycle.create(store, somebody("Ann"), "Plans").room_id
        self.channel = store.redis.pubsub(ignore_subscribe_messages=True)
        self.channel.subscribe(keys.room(self.room))
        self.channel.get_message(timeout=30)
        self.now = 1_000_000
        self.ends = {}
        self.held = set()
        self.connections = [0] * len(PAGES)
        self.here = []
        #: When reapers last asked for work and looked, and from when on they are given any.
        self.asked = self.reaped = self.resumed = self.now

    def teardown(self):
        self.channel.close()

    @rule(page=pages)
    def enter(self, page):
        lease_id = self._lease_id(page)
        lease = presence.Lease(lease_id, PAGES[page])
        entering = presence.enter_question(self.room, lease, TIMING, "ko", str(self.now))
        count = self.store.ask(entering).user_count
        self.ends[lease_id] = self.now + TIMING.lease
        self.held.add(lease_id)
        assert count == len(self._people())

    @rule(some=st.sets(pages))
    def renew(self, some):
        """By a worker that looks up who is to be renewed, and finds some gone when it does it."""
        leases = {self._lease_id(page): PAGES[page] for page in some}
        asked = {self.room: ("", [presence.Lease(*each) for each in sorted(leases.items())])}
        is_in = lambda room, lease_id: lease_id in self.held  # noqa: E731
        presence.renew(self.store, asked, TIMING, "ko", str(self.now), is_in)
        for lease_id in leases.keys() & self.held:
            self.ends[lease_id] = self.now + TIMING.lease

    @rule(page=pages)
    def leave(self, page):
        lease_id = self._lease_id(page)
        self.held.discard(lease_id)
        self.ends.pop(lease_id, None)
        count = presence.leave(self.store, self.room, lease_id, "ko", now=str(self.now))
        assert count == len(self._people())

    @rule(some=st.sets(pages, min_size=1))
    def lose(self, some):
        """Whoever comes back does so over another connection."""
        lease_ids = [self._lease_id(page) for page in sorted(some)]
        for page in some:
            self.connections[page] += 1
        self.held.difference_update(lease_ids)
        presence.shorten_leases(self.store, {self.room: lease_ids}, TIMING, str(self.now))
        for lease_id in self.ends.keys() & lease_ids:
            self.ends[lease_id] = min(self.ends[lease_id], self.now + TIMING.grace)

    @rule(seconds=st.integers(1, 12))
    def time_passes(self, seconds):
        for _ in range(seconds):
            self.now += ROUND
            self._reap()

    @rule(ms=st.integers(1, OUTAGE))
    def nobody_reaps_for_a_moment(self, ms):
        self.now += ms

    @rule(ms=st.integers(OUTAGE + 1, 3 * TIMING.lease))
    def the_store_is_away(self, ms):
        """Nobody can renew, and nobody is announced as gone before everybody had the time to."""
        self._reap()
        self.now += ms
        here = self._people()
        self._reap()
        assert self._people() == here

    @rule()
    def a_reaper_dies(self):
        """With a claim on the room, if it is due."""
        self._ask()
        self.resumed = max(self.resumed, self.now)
        args = [str(self.now), 10, TIMING.grace + 5_000, OUTAGE, TIMING.lease]
        self.store.ask(ScriptCall("claim", [keys.OCCUPIED, keys.REAPED], args))

    @invariant()
    def leases_decide_who_is_here(self):
        stored = self._leases()
        assert stored.items() <= self.ends.items()
        for lease_id, end in self.ends.items():
            if end > self.now:
                assert lease_id in stored, "gone before the end of its lease"
            elif self.reaped > max(end, self.resumed) + HOLD:
                assert lease_id not in stored, "still here long after the end of its lease"
        self.ends = stored

    @invariant()
    def counts_are_true(self):
        people = Counter(lease_id.partition(":")[2] for lease_id in self._leases())
        here = self.store.ask(presence.present(self.room))
        assert {each.user_id: each.connections for each in here} == people
        assert [each.name for each in here] == sorted(n for n in set(PAGES) if _id(n) in people)
        stored = int(self.store.redis.hget(keys.room(self.room), "userCount"))
        assert stored == len(people)

    @invariant()
    def each_coming_and_going_is_told_once(self):
        here = set(self.here)
        for told in self._told():
            kind, name = told["type"], told["sender"]
            assert (name in here) == (kind == "QUIT"), f"{kind} of {name}, and there were {here}"
            here ^= {name}
        assert here == self._people()
        self.here = sorted(here)

    def _reap(self):
        self._ask()
        presence.reap(self.store, TIMING, "ko", now=str(self.now))
        self.reaped = self.now

    def _ask(self):
        if self.now - self.asked > OUTAGE:
            self.resumed = self.now + TIMING.lease
        self.asked = self.now

    def _leases(self):
        held = self.store.redis.zrange(keys.conns(self.room), 0, -1, withscores=True)
        # A lost one is written with a mark in front.
        return {lease_id.decode().lstrip("~"): int(end) for lease_id, end in held}

    def _lease_id(self, page):
        return lease_id_of(f"s{page}.{self.connections[page]}", _id(PAGES[page]))

    def _people(self):
        return {each.name for each in self.store.ask(presence.present(self.room))}

    def _told(self):
        """All notices so far that were not read yet; the count of the last is the newest."""
        self.store.redis.publish(keys.room(self.room), "end")
        told = []
        while (heard := self.channel.get_message(timeout=30))["data"] != b"end":
            told.append(json.loads(heard["data"]))
        if told:
            assert told[-1]["userCount"] == len(self._people())
        assert all(message["userCount"] >= 0 for message in told)
        return told


def _id(name):
    return somebody(name).user_id


def test_presence_does_what_the_model_says(store):
    run_state_machine_as_test(partial(PresenceMachine, store))
