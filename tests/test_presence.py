"""Leases: people are counted, and each ENTER and QUIT is published once."""

import json

import pytest

from chat import keys, presence, room_lifecycle
from chat.presence import Lease, Timing, lease_id_of
from chat.store.question import ScriptCall
from tests.conftest import somebody

TIMING = Timing(lease=30_000, grace=3_000)
#: A time in ms that the tests let pass themselves.
START = 1_000_000


class Clock:
    def __init__(self):
        self.now = START

    def __str__(self):
        return str(self.now)


class RoomUnderTest:
    """A room, its messages, and people who come and go by their connections' names ("ann1")."""

    def __init__(self, store):
        self.store = store
        self.room_id = room_lifecycle.create(store, somebody("Ann"), "Plans").room_id
        self.clock = Clock()
        self._channel = store.redis.pubsub(ignore_subscribe_messages=True)
        self._channel.subscribe(f"maru:room:{{{self.room_id}}}")
        self._channel.get_message(timeout=30)

    def enter(self, connection):
        entering = presence.enter_question(
            self.room_id, of(connection), TIMING, "ko", str(self.clock)
        )
        return self.store.ask(entering).user_count

    def renew(self, *connections, epoch="", is_in=lambda room_id, lease_id: True):
        leases = {self.room_id: (epoch, [of(c) for c in connections])}
        return presence.renew(self.store, leases, TIMING, "ko", str(self.clock), is_in)

    def leave(self, connection):
        return presence.leave(
            self.store, self.room_id, of(connection).lease_id, "ko", now=str(self.clock)
        )

    def lose(self, connection):
        lost = {self.room_id: [of(connection).lease_id]}
        presence.shorten_leases(self.store, lost, TIMING, str(self.clock))

    def reap(self):
        return presence.reap(self.store, TIMING, "ko", now=str(self.clock))

    def claim(self):
        """Begin to reap, as a worker does that then dies or is slow."""
        args = [str(self.clock), 10, TIMING.grace + 5_000, TIMING.outage, TIMING.lease]
        return self.store.ask(ScriptCall("claim", [keys.OCCUPIED, keys.REAPED], args))

    def after(self, ms):
        """Let the time pass as the workers would, which reap every second."""
        end = self.clock.now + ms
        while self.clock.now < end:
            self.clock.now = min(self.clock.now + 1000, end)
            self.reap()

    def heard(self):
        told = []
        while message := self._channel.get_message(timeout=0.05):
            fields = json.loads(message["data"])
            told.append((fields["type"], fields["sender"], fields["userCount"]))
        return told

    def count(self):
        stored = int(self.store.redis.hget(f"maru:room:{{{self.room_id}}}", "userCount"))
        assert stored == len(self.store.ask(presence.present(self.room_id)))
        return stored

    def here(self):
        return [(p.name, p.connections) for p in self.store.ask(presence.present(self.room_id))]


def of(connection):
    """The lease of a connection."""
    name = connection.rstrip("0123456789")
    return Lease(lease_id_of(connection, somebody(name).user_id), name)


@pytest.fixture
def room(store):
    return RoomUnderTest(store)


def test_the_first_connection_of_a_person_enters_and_the_last_quits(room):
    assert room.enter("ann1") == 1
    assert room.enter("ann2") == 1
    assert room.enter("ben1") == 2
    assert room.leave("ann1") == 2
    assert room.leave("ann2") == 1
    assert room.heard() == [("ENTER", "ann", 1), ("ENTER", "ben", 2), ("QUIT", "ann", 1)]
    assert room.here() == [("ben", 1)]


def test_what_happens_twice_counts_once(room):
    assert [room.enter("ann1"), room.enter("ann1")] == [1, 1]
    assert [room.leave("ann1"), room.leave("ann1")] == [0, 0]
    assert room.leave("nobody1") == 0
    assert room.heard() == [("ENTER", "ann", 1), ("QUIT", "ann", 0)]
    assert room.count() == 0


def test_a_lost_connection_ends_in_one_quit_after_the_grace(room):
    room.enter("ann1")
    room.enter("ben1")
    room.lose("ann1")
    room.after(2_900)
    assert room.count() == 2
    room.after(1_200)
    assert room.count() == 1
    assert room.heard()[2:] == [("QUIT", "ann", 1)]


def test_a_reload_is_not_noticed(room):
    room.enter("ann1")
    room.heard()
    room.lose("ann1")
    room.after(500)
    assert room.enter("ann2") == 1
    room.after(10_000)
    assert (room.heard(), room.count()) == ([], 1)
    assert room.here() == [("ann", 1)]


def test_a_dead_workers_people_are_gone_after_the_lease_unless_they_came_back(room):
    room.enter("ann1")
    room.enter("ben1")
    room.heard()
    room.after(1_000)
    room.enter("ben2")
    room.after(28_000)
    assert room.count() == 2
    room.renew("ben2")
    room.after(3_000)
    assert (room.heard(), room.count()) == ([("QUIT", "ann", 1)], 1)


def test_a_renewed_lease_does_not_end(room):
    room.enter("ann1")
    for _ in range(10):
        room.after(10_000)
        room.renew("ann1")
    assert (room.heard(), room.count()) == ([("ENTER", "ann", 1)], 1)


def test_a_worker_that_slept_past_its_leases_brings_its_people_back(room):
    room.enter("ann1")
    room.after(31_000)
    assert room.count() == 0
    room.renew("ann1")
    assert room.heard() == [("ENTER", "ann", 1), ("QUIT", "ann", 0), ("ENTER", "ann", 1)]


def test_who_leaves_while_leases_are_renewed_stays_away(room):
    room.enter("ann1")
    room.enter("ben1")
    room.heard()
    asked = []

    def is_in(room_id, connection):
        # When the renewal is sent both are in; by the time it arrives ann has left.
        asked.append(connection)
        if len(asked) == 2:
            room.leave("ann1")
        return connection != of("ann1")[0] or len(asked) <= 2

    room.renew("ann1", "ben1", is_in=is_in)
    assert of("ann1")[0] in asked[2:]
    assert (room.heard(), room.count()) == ([("QUIT", "ann", 1)], 1)


def test_who_comes_back_to_a_store_that_lost_them_is_not_announced(room):
    room.enter("ann1")
    room.heard()
    room.store.redis.delete(keys.conns(room.room_id), keys.present(room.room_id))
    room.renew("ann1", epoch="one before")
    assert (room.heard(), room.count()) == ([], 1)


def test_renewing_passes_over_rooms_that_are_gone(room):
    room.enter("ann1")
    room.store.redis.delete(keys.room(room.room_id), keys.conns(room.room_id))
    room.renew("ann1")
    assert not room.store.redis.exists(keys.room(room.room_id), keys.conns(room.room_id))


def test_many_connections_are_renewed_at_once(room):
    crowd = [f"p{i}x1" for i in range(presence.CHUNK + 20)]
    room.renew(*crowd)
    assert room.count() == len(crowd)


def test_an_empty_room_is_not_looked_at_again(room):
    room.enter("ann1")
    room.leave("ann1")
    room.after(1_000)
    assert room.store.redis.zcard(keys.OCCUPIED) == 0


def test_an_occupied_room_is_looked_at_once_a_lease(room):
    room.enter("ann1")
    room.after(1_000)
    [(_, due)] = room.store.redis.zrange(keys.OCCUPIED, 0, -1, withscores=True)
    assert due == START + TIMING.lease
    assert room.reap() == {}


def test_of_several_reapers_one_gets_the_room(room):
    room.enter("ann1")
    room.clock.now += 31_000
    first, second = room.reap(), room.reap()
    assert (first, second) == ({room.room_id: [somebody("ann").user_id]}, {})
    assert room.heard() == [("ENTER", "ann", 1), ("QUIT", "ann", 0)]


def test_a_reaper_that_dies_over_its_work_is_followed_by_another(room):
    room.enter("ann1")
    room.clock.now += 31_000
    claimed = room.claim()
    assert claimed[1:] == [room.room_id.encode()]
    room.after(7_000)
    assert room.count() == 1
    room.after(2_000)
    assert room.count() == 0


def test_who_enters_while_the_reaper_looks_is_not_forgotten(room):
    room.enter("ann1")
    room.leave("ann1")
    held_until, _ = room.claim()
    room.enter("ben1")
    room.store.ask(ScriptCall("end_claim", [keys.OCCUPIED], [room.room_id, held_until, ""]))
    room.after(31_000)
    assert room.count() == 0
    assert room.heard()[-1] == ("QUIT", "ben", 0)


def test_who_is_lost_while_the_reaper_looks_quits_after_the_grace(room):
    room.enter("ann1")
    held_until, _ = room.claim()
    room.lose("ann1")
    room.store.ask(
        ScriptCall("end_claim", [keys.OCCUPIED], [room.room_id, held_until, START + 30_000])
    )
    room.after(4_000)
    assert room.count() == 0


def test_an_outage_of_the_store_announces_nobody_as_gone(room):
    for name in ("ann1", "ben1"):
        room.enter(name)
    room.after(1_000)
    room.heard()
    room.clock.now += 60_000
    room.after(5_000)
    room.renew("ann1")
    room.after(20_000)
    assert (room.heard(), room.count()) == ([], 2)
    room.renew("ann1")
    room.after(10_000)
    assert (room.heard(), room.count()) == ([("QUIT", "ben", 1)], 1)


def test_the_notices_are_sentences_in_the_servers_language(room):
    room.enter("ann1")
    message = json.loads(room._channel.get_message(timeout=30)["data"])
    assert message["message"] == "ann님이 방에 입장했습니다."
    room.leave("ann1")
    message = json.loads(room._channel.get_message(timeout=30)["data"])
    assert message["message"] == "ann님이 방에서 나갔습니다."
    assert message["reason"] == "left" and message["roomId"] == room.room_id
    assert (message["sender"], message["senderId"]) == ("ann", somebody("ann").user_id)


def test_of_a_large_room_no_more_people_are_listed_than_asked_for(store, room):
    here = {somebody(f"p{number:03}").user_id: f"1 p{number:03}" for number in range(401)}
    store.redis.hset(keys.present(room.room_id), mapping=here)
    some = store.ask(presence.names(room.room_id, 200))
    assert len(some) == 200 and list(some.values()) == sorted(some.values())
    assert len(store.ask(presence.present(room.room_id, 200))) == 200
    assert len(store.ask(presence.present(room.room_id))) == 401
