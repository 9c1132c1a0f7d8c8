"""Counts of people stay right, whichever way clients come and go."""

import random
import threading

import pytest
import redis

from tests.live.client import settle
from tests.waiting import eventually

#: Seconds in which a lost connection must have ended, on a busy machine too: the grace is 1, and a
#: reaper looks every second.
LOST = 30


def test_two_tabs_on_two_workers_are_one_person(maru, person, apart):
    ann, ben = person("ann"), person("ben")
    room = ben.create_room()
    [witness] = apart(ben)
    witness.join(room)
    first, second = apart(ann, ann)
    assert first.join(room)["userCount"] == 2
    assert second.join(room)["userCount"] == 2
    assert ann.present(room) == {ann.name: 2, ben.name: 1}
    assert first.leave(room)["userCount"] == 2
    assert first.join(room)["userCount"] == 2
    second.vanish()
    eventually(lambda: ann.present(room) == {ann.name: 1, ben.name: 1}, LOST)
    settle(room, witness, first)
    assert witness.told()[1:] == [("ENTER", ann.name, 2)]
    assert first.leave(room)["userCount"] == 1
    settle(room, witness)
    assert witness.told()[2:] == [("QUIT", ann.name, 1)]


def test_who_leaves_is_gone_at_once(person, apart):
    ann, ben = person("ann"), person("ben")
    room = ben.create_room()
    witness, client = apart(ben, ann)
    witness.join(room)
    client.join(room)
    client.leave(room)
    assert ann.count(room) == 1 and list(ann.present(room)) == [ben.name]
    assert witness.wait_for_message(type="QUIT", sender=ann.name)["reason"] == "left"


def test_who_is_lost_is_gone_after_the_grace_and_said_to_be_once(person, apart):
    ann, ben, cho = person("ann"), person("ben"), person("cho")
    room = ben.create_room()
    witness, vanishes, closes = apart(ben, ann, cho)
    for client in (witness, vanishes, closes):
        client.join(room)
    vanishes.vanish()
    first = witness.wait_for_message(LOST, type="QUIT")
    assert (first["sender"], first["reason"], first["userCount"]) == (ann.name, "lost", 2)
    # A tab that is closed says goodbye to the transport, not to the room: that may be a reload.
    closes.close()
    witness.wait_for_message(LOST, type="QUIT", sender=cho.name, reason="lost", userCount=1)
    settle(room, witness)
    assert len(witness.messages("QUIT")) == 2
    assert ben.count(room) == 1


def test_a_reload_is_not_noticed(own_maru, connect, apart):
    # Longer than a connection to a certain worker takes on a busy machine.
    maru = own_maru(PRESENCE_LEASE="60", PRESENCE_GRACE="15")
    ann, ben, cho = (maru.register(name) for name in ("ann", "ben", "cho"))
    room = ben.create_room()
    witness, page, other = apart(ben, ann, cho)
    for client in (witness, page, other):
        client.join(room)
    for worker in (*maru.workers(), *maru.workers()):
        page.close()
        page = connect(ann, worker=worker)
        assert page.join(room)["userCount"] == 3
    # Who is lost after the last reload is announced; then so would be whoever was lost in one.
    other.vanish()
    witness.wait_for_message(60, type="QUIT", sender=cho.name)
    assert witness.messages(sender=ann.name) == [witness.messages("ENTER", sender=ann.name)[0]]
    assert ann.present(room) == {ann.name: 1, ben.name: 1}


def test_closing_the_browser_ends_the_presence_in_every_room(person, apart):
    ann, ben = person("ann"), person("ben")
    rooms = [ben.create_room() for _ in range(5)]
    witness, client = apart(ben, ann)
    for room in rooms:
        witness.join(room)
        client.join(room)
    client.vanish()
    for room in rooms:
        gone = witness.wait_for_message(LOST, type="QUIT", roomId=room)
        assert (gone["sender"], gone["userCount"]) == (ann.name, 1)


def test_every_count_is_that_of_the_people_in_the_room(person, apart):
    """Tabs of five people join and leave in any order: each count told is exactly the right one."""
    dice = random.Random(20261123)
    owner = person("owner")
    room = owner.create_room()
    people = [person("p") for _ in range(5)]
    witness, *tabs = apart(owner, *people, *people, *people)
    witness.join(room)
    inside, expected = set(), [("ENTER", owner.name, 1)]
    for _ in range(250):
        tab = dice.choice(tabs)
        before = {client.name for client in inside}
        if tab in inside and dice.random() < 0.6:
            inside.discard(tab)
            answer = tab.leave(room)
        else:
            inside.add(tab)
            answer = tab.join(room)
        after = {client.name for client in inside}
        assert answer["userCount"] == len(after) + 1
        if before != after:
            kind = "ENTER" if tab.name in after else "QUIT"
            expected.append((kind, tab.name, len(after) + 1))
    for tab in inside:
        tab.leave(room)
    assert owner.present(room) == {owner.name: 1}
    settle(room, witness)
    told = witness.told()
    assert told[: len(expected)] == expected
    assert [kind for kind, _, _ in told[len(expected) :]] == ["QUIT"] * len(
        {tab.name for tab in inside}
    )
    assert witness.leave(room)["userCount"] == 0 and owner.count(room) == 0


def test_counts_end_at_zero_and_are_never_below(person, apart):
    """The same with everybody at once, and no order given."""
    owner = person("owner")
    room = owner.create_room()
    people = [person("p") for _ in range(6)]
    witness, *tabs = apart(owner, *people, *people)
    witness.join(room)

    def come_and_go(seed, tab):
        dice = random.Random(seed)
        for _ in range(20):
            tab.join(room)
            if dice.random() < 0.5:
                tab.join(room)
            tab.leave(room)

    threads = [
        threading.Thread(target=come_and_go, args=[seed, tab]) for seed, tab in enumerate(tabs)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert owner.present(room) == {owner.name: 1}
    settle(room, witness)
    present = {owner.name}
    for kind, name, count in witness.told()[1:]:
        # Each comes and goes by turns, and the count is right after every step.
        (present.add if kind == "ENTER" else present.remove)(name)
        assert count == len(present)
    assert present == {owner.name}
    assert witness.leave(room)["userCount"] == 0 and owner.count(room) == 0


@pytest.mark.parametrize("attempt", range(3))
def test_who_is_thrown_out_while_joining_leaves_nothing_behind(person, apart, attempt):
    """The join that is on its way when the login ends must not bring anybody in after that."""
    ann, owner = person("ann"), person("owner")
    rooms = [owner.create_room() for _ in range(40)]
    clients = apart(*[ann] * 16)
    answered = threading.Event()
    for client in clients:
        for room in rooms:
            call = {"token": client.token, "roomId": room}
            client.io.emit("join", call, callback=lambda answer: answered.set())
    assert answered.wait(30)
    assert ann.request("POST", "/api/token/revoke").status_code == 204
    for client in clients:
        assert client.ended.wait(30)
    eventually(lambda: [owner.count(room) for room in rooms] == [0] * 40, LOST)


def test_who_is_lost_while_others_are_released_goes_after_the_grace_too(own_maru, connect):
    """The store is held while the first one is released, and the others are lost meanwhile."""
    maru = own_maru(workers=1, PRESENCE_LEASE="90")
    ben, *people = [maru.register_some("p") for _ in range(7)]
    room = ben.create_room()
    witness, *lost = [connect(api) for api in (ben, *people)]
    for client in (witness, *lost):
        client.join(room)
    redis.Redis.from_url(maru.store_url).execute_command("CLIENT", "PAUSE", 2000, "WRITE")
    for client in lost:
        client.vanish()
        # Each in a turn of its own: the worker has noticed the one before.
        assert ben.request("GET", "/healthz").status_code == 200
    for person in people:
        # Well before their leases end.
        witness.wait_for_message(30, type="QUIT", sender=person.name, reason="lost")
    assert ben.present(room) == {ben.name: 1}
