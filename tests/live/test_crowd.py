"""Fifty connections come and go in ten rooms on four workers, and one of the workers is killed."""

import os
import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from tests.live.client import settle
from tests.live.cluster import STARTED
from tests.live.crowd import Observer, Person
from tests.waiting import eventually

SECONDS = float(os.environ.get("MARU_CROWD_SECONDS", "12"))
LEASE, GRACE = 8, 3
ROOMS, PEOPLE, TABS = 10, 38, 50


def test_a_crowd_is_counted_right_though_a_worker_dies(own_maru):
    maru = own_maru(workers=4, PRESENCE_LEASE=str(LEASE), PRESENCE_GRACE=str(GRACE))
    owner = maru.admin
    rooms = [owner.create_room(f"Room {i}") for i in range(ROOMS)]
    workers = maru.workers()
    people = gather(maru, rooms)
    crowded = Counter(maru.worker_of(c) for p in people for c in p.clients)
    doomed = max(workers, key=lambda pid: crowded[pid])
    safe = [pid for pid in workers if pid != doomed]
    assert sum(crowded.values()) == TABS
    observers = [Observer(owner.connect(worker=pid), rooms) for pid in safe[:2]]

    for person in people:
        person.start()
    # Half of the time, as told by the process that will be killed: it is doing something.
    wait_until_half_is_over(people)
    os.kill(doomed, signal.SIGKILL)
    wait_until_half_is_over(people)
    for person in people:
        person.stop()
    for person in people:
        person.join(120)
        assert not person.is_alive() and person.failure is None, person.failure
    eventually(maru.is_ready, STARTED)

    for room in rooms:
        present = {person.name for person in people if room in person.rooms()} | {owner.name}
        eventually(lambda room=room, p=present: owner.present(room).keys() == p, 60)
        assert owner.count(room) == len(present)

    clear = 0
    for room in rooms:
        settle(room, *(observer.client for observer in observers))
        one, other = (observer.heard(room) for observer in observers)
        # The second one comes when the first is there already: its first word is somebody else's.
        assert one[len(one) - len(other) :] == other
        everything_said_was_heard(owner, people, room, one)
        clear += everybody_was_announced(people, room, observers[0].comings(room))
    assert clear > 5

    for person in people:
        person.leave_all()
    for room in rooms:
        eventually(lambda room=room: owner.present(room) == {owner.name: 2}, 60)
        settle(room, observers[0].client)
        comings = observers[0].comings(room)
        assert all(heard[-1] == "QUIT" for heard in comings.values())
    for observer in observers:
        for room in rooms:
            observer.client.leave(room)
        observer.client.close()
    assert [owner.count(room) for room in rooms] == [0] * ROOMS


def gather(maru, rooms):
    with ThreadPoolExecutor(8) as pool:
        apis = list(pool.map(maru.register, [f"person-{i}" for i in range(PEOPLE)]))
    return [
        Person(
            api,
            rooms,
            seed=i,
            tabs=2 if i < TABS - PEOPLE else 1,
            restless=i % 3 == 0,
            patience=GRACE - 0.5,
        )
        for i, api in enumerate(apis)
    ]


def wait_until_half_is_over(people):
    """Nothing is waited for but the time, in which they do what they like."""
    people[0].join(SECONDS / 2)
    assert all(person.is_alive() for person in people), [p.failure for p in people]


def everything_said_was_heard(owner, people, room, heard):
    """In one gapless sequence, each word once, and as it was acknowledged."""
    words = [m for m in heard if m["type"] == "TALK"]
    assert [m["seq"] for m in words] == list(range(1, len(words) + 1))
    said = {seq: name for person in people for seq, name in person.said[room].items()}
    assert {m["seq"]: m["clientId"] for m in words} == said
    assert owner.history(room, after=0)[: len(words)] == words[:200]


def everybody_was_announced(people, room, comings):
    """Each coming and going once: of how many that could be told exactly.

    Who had an old connection left may have been noticed less.
    """
    clear = 0
    for person in people:
        told, heard = person.comings[room], comings[person.name]
        assert heard == ["ENTER", "QUIT"] * (len(heard) // 2) + ["ENTER"] * (len(heard) % 2)
        assert len(heard) % 2 == len(told) % 2
        if person.blurred:
            assert person.late or (len(heard) <= len(told) and bool(heard) == bool(told))
        else:
            assert heard == told, person.name
            clear += 1
    return clear
