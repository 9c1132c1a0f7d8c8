"""After killed workers, a killed store and restarts, connected clients continue without loss."""

import os
import signal
import threading
import uuid

import psutil

from chat import keys, presence
from chat.store.store import connect
from tests.live.client import Client, settle
from tests.live.cluster import STARTED
from tests.live.pages import Pages
from tests.waiting import eventually

#: Of those of a dead worker: longer than it takes three people to come back on a busy machine.
LEASE = 20
#: Seconds in which they must have been announced on such a machine.
ANNOUNCED = 2 * LEASE + 20


def back(api, room, joined) -> Client:
    """What a page does when its connection has ended: another, and on from what it knows."""
    client = api.connect()
    answer = client.join(room, since=joined["seq"], epoch=joined["epoch"])
    assert answer["recovered"] is True
    return client


def lose_a_worker(maru, how, hesitate=False):
    """Three people on one worker, which ends; two come back, one of them with two tabs.

    If they ``hesitate``, they come back when somebody who was merely lost is announced as gone.
    """
    ann, ben, cho, dan = (maru.register(name) for name in ("ann", "ben", "cho", "dan"))
    room = maru.admin.create_room()
    doomed, other = maru.workers()
    witness = maru.admin.connect(worker=other)
    witness.join(room)
    clients = [api.connect(worker=doomed) for api in (ann, ann, ben, cho)]
    joined = [client.join(room) for client in clients]
    assert witness.say(room, "before")["userCount"] == 4
    bystander = dan.connect(worker=other)
    bystander.join(room)
    settle(room, witness)
    witness.forget()
    os.kill(doomed, how)
    returned = []
    for client, answer in list(zip(clients, joined, strict=True))[:3]:
        assert client.ended.wait(30)
        if hesitate and not bystander.ended.is_set():
            bystander.vanish()
            witness.wait_for_message(type="QUIT", sender=dan.name)
        returned.append(back(client.api, room, answer))
    bystander.close()
    eventually(lambda: doomed not in maru.workers() and maru.is_ready(), STARTED)
    for api in (dan, cho):
        gone = witness.wait_for_message(ANNOUNCED, type="QUIT", sender=api.name)
        assert gone["reason"] == "lost"
    # The leases of all the old connections end without another word.
    eventually(lambda: maru.admin.present(room) == {"admin": 1, "ann": 2, "ben": 1}, ANNOUNCED)
    settle(room, witness, *returned)
    assert sorted(witness.told("ENTER", "QUIT")) == [("QUIT", "cho", 3), ("QUIT", "dan", 4)]
    for client in returned:
        assert client.say(room, f"{client.name} is here")["userCount"] == 3
        witness.wait_for_message(message=f"{client.name} is here")
    for client in (witness, *returned):
        client.close()
    return clients


def test_a_killed_worker_is_not_noticed_by_others(own_maru):
    lose_a_worker(own_maru(PRESENCE_LEASE=str(LEASE)), signal.SIGKILL)


def test_a_worker_that_is_told_to_go_hands_its_people_over(own_maru):
    clients = lose_a_worker(own_maru(PRESENCE_LEASE=str(LEASE)), signal.SIGTERM, hesitate=True)
    for client in clients:
        assert client.wait_for_event("notice", code="draining")["message"]


def test_a_killed_store_loses_nothing_that_was_acknowledged(own_maru):
    maru = own_maru()
    ann, ben = maru.register("ann"), maru.register("ben")
    room = ann.create_room()
    first, second = maru.workers()
    speaker, witness = ann.connect(worker=first), ben.connect(worker=second)
    speaker.join(room)
    witness.join(room)
    halfway = threading.Event()
    said = []

    def speak():
        for i in range(200):
            call = {"roomId": room, "message": f"word {i}", "clientId": str(uuid.uuid4())}
            # As a page does: again, under the same name, until it is acknowledged.
            answer = eventually(lambda call=call: _accepted(speaker, call), 30)
            said.append((answer["seq"], call["message"]))
            if i == 100:
                halfway.set()

    speaking = threading.Thread(target=speak)
    speaking.start()
    assert halfway.wait(30)
    store = maru.store_process()
    store.kill()
    speaking.join(60)
    assert maru.store_process().pid != store.pid
    settle(room, speaker, witness)
    assert said == [(i + 1, f"word {i}") for i in range(200)]
    for client in (speaker, witness):
        assert [(m["seq"], m["message"]) for m in client.messages("TALK")] == said
        assert not client.ended.is_set()
    stored = [(m["seq"], m["message"]) for m in ann.history(room, after=0) if m["seq"] <= 200]
    assert stored == said
    eventually(maru.is_ready)
    assert maru.admin.present(room) == {ann.name: 1, ben.name: 1}
    assert witness.messages("ENTER", "QUIT") == [witness.messages("ENTER")[0]]
    speaker.close()
    witness.close()


def _accepted(client, call):
    answer = client.call("message", **call)
    assert answer["ok"] or answer["error"]["code"] == "unavailable", answer
    return answer if answer["ok"] else None


def test_everything_is_there_after_a_restart(own_maru):
    maru = own_maru()
    ann, ben = maru.register("ann"), maru.register("ben")
    page = Pages(ann)
    room = ann.create_room("Kept")
    secret = ann.create_room("Kept secret", private=True)
    ann.request("PUT", f"/api/rooms/{secret}/members/{ben.name}")
    client, stays_away = ann.connect(), ben.connect()
    joined = client.join(room)
    stays_away.join(room)
    for i in range(10):
        client.say(room, f"word {i}")
    before = ann.history(room)
    listed = ben.request("GET", "/api/rooms").json()["rooms"]
    assert [entry["roomId"] for entry in listed] == [room, secret]
    family = maru.processes()
    client.forget()

    maru.stop()

    assert [p for p in family if p.is_running() and p.status() != psutil.STATUS_ZOMBIE] == []
    for connection in (client, stays_away):
        assert connection.wait_for_event("notice", code="draining")
        assert connection.ended.wait(30)

    maru.start()

    assert ann.history(room) == before
    # The counts are those of the leases, and the one who does not come back loses his.
    returned = back(ann, room, {**joined, "seq": 3})
    eventually(lambda: ann.present(room) == {ann.name: 1}, ANNOUNCED)
    listed = ben.request("GET", "/api/rooms").json()["rooms"]
    assert [(r["name"], r["userCount"]) for r in listed] == [("Kept", 1), ("Kept secret", 0)]
    # Accounts, the login of a browser, and tokens: those of before are still good.
    assert page.get(f"{maru.url}/rooms", timeout=30).url.endswith("/rooms")
    ann.connect(auth={"token": page.token()}).close()
    assert ben.log_in()["name"] == ben.name
    assert returned.say(room, "on we go")["seq"] == len(before) + 1
    returned.close()


def test_a_leave_that_the_store_does_not_answer_changes_nothing(own_maru):
    maru = own_maru(workers=1, PRESENCE_LEASE="60")
    ann, ben = maru.register("ann").connect(), maru.register("ben").connect()
    room = maru.admin.create_room()
    for client in (ann, ben):
        client.join(room)
    store = maru.store_process()
    store.suspend()
    try:
        assert ann.refusal("leave", roomId=room) == "unavailable"
    finally:
        store.resume()
    eventually(lambda: maru.admin.present(room), 30)
    # Whether the store has carried it out after all or not: it can be said again.
    assert ann.leave(room)["userCount"] == 1
    gone = ben.wait_for_message(type="QUIT", sender="ann")
    assert gone["reason"] == "left"
    settle(room, ben)
    assert maru.admin.present(room) == {"ben": 1}
    # If it has, ann's lease was renewed when the store was back, since she was still in the room.
    moves = [m["type"] for m in ben.messages("ENTER", "QUIT", roomId=room) if m["sender"] == "ann"]
    assert moves in (["QUIT"], ["QUIT", "ENTER", "QUIT"])


def test_who_leaves_while_leases_are_renewed_is_not_put_back(own_maru):
    maru = own_maru(workers=1, PRESENCE_LEASE="6")
    ann, ben = maru.register("ann").connect(), maru.register("ben").connect()
    room = maru.admin.create_room()
    ben.join(room)
    store = connect(maru.store_url)
    tries = 0
    while tries < 6:
        ann.join(room)
        [lease] = [i for i in leases(store, room) if i.endswith(ann.api.user_id)]
        # As when the lease has expired: the worker enters her again, in the step after the renewal.
        presence.leave(store, room, lease, "en")
        store.redis.client_pause(1_500, all=False)
        # A renewal, or another script of the heartbeat.
        if eventually(lambda: waiting(store), 10) == ["evalsha"]:
            tries += 1
            assert ann.leave(room)["userCount"] == 1
            assert maru.admin.present(room) == {"ben": 1}
        else:
            store.redis.client_unpause()


def leases(store, room: str) -> list[str]:
    return [each.decode() for each in store.redis.zrange(keys.conns(room), 0, -1)]


def waiting(store) -> list[str]:
    """The commands of connections that wait for the end of a pause."""
    return [c["cmd"] for c in store.redis.client_list() if "b" in c["flags"]]
