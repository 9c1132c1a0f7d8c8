"""The store, or a worker, is stopped for a while and continues."""

import os
import signal

import pytest
import redis
import requests

from tests.live.client import settle
from tests.live.pages import Pages
from tests.waiting import eventually


@pytest.fixture
def two(own_maru):
    """``maru, room, ann, ben``: two people on two workers, connected to one room."""
    maru = own_maru()
    apis = maru.register("ann"), maru.register("ben")
    room = apis[0].create_room()
    ann, ben = (api.connect(worker=w) for api, w in zip(apis, maru.workers(), strict=True))
    for client in (ann, ben):
        client.join(room)
    settle(room, ann, ben)
    for client in (ann, ben):
        client.forget()
    return maru, room, ann, ben


def test_while_the_store_is_away_everybody_is_told_and_nobody_is_gone(two):
    maru, room, ann, ben = two
    page = Pages(ann.api)
    with stopped(maru.store_process().pid):
        assert ann.refusal("message", roomId=room, message="hello?") == "unavailable"
        answer = page.get(f"{maru.url}/rooms/{room}", timeout=30)
        assert answer.status_code == 503
        assert "<html" in answer.text and "Traceback" not in answer.text
        answer = ann.api.request("GET", f"/api/rooms/{room}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
        assert requests.get(f"{maru.url}/healthz", timeout=30).status_code == 200
        # Longer than a lease.
        eventually(lambda: requests.get(f"{maru.url}/readyz", timeout=30).status_code == 503, 30)
    eventually(maru.is_ready, 60)
    said = eventually(lambda: answered(ann, room, "there you are"), 30)
    assert said["userCount"] == 2
    assert ben.wait_for_message(message="there you are")
    eventually(lambda: maru.admin.present(room) == {"ann": 1, "ben": 1})
    settle(room, ann, ben)
    for client in (ann, ben):
        assert client.messages("ENTER", "QUIT") == []
        assert not client.ended.is_set()
        client.close()


def test_a_worker_that_slept_past_its_leases_heals(two):
    maru, room, ann, ben = two
    worker = maru.worker_of(ann)
    with stopped(worker):
        # Its people are announced as gone, since nobody can know better.
        assert ben.wait_for_message(30, type="QUIT", sender="ann")["userCount"] == 1
        ben.say(room, "are you there?")
    # It wakes up, and its people with it: they hear what they missed, and are here again.
    assert ann.wait_for_message(message="are you there?")
    assert ben.wait_for_message(30, type="ENTER", sender="ann")["userCount"] == 2
    assert ann.say(room, "just dozed off")["userCount"] == 2
    settle(room, ann, ben)
    assert [(m["type"], m["sender"]) for m in ben.messages("ENTER", "QUIT")] == [
        ("QUIT", "ann"),
        ("ENTER", "ann"),
    ]
    assert maru.admin.present(room) == {"ann": 1, "ben": 1}
    assert worker in maru.workers()


class stopped:
    """``with stopped(pid)``: the process is there, but does nothing."""

    def __init__(self, pid: int):
        self._pid = pid

    def __enter__(self):
        os.kill(self._pid, signal.SIGSTOP)

    def __exit__(self, *_):
        os.kill(self._pid, signal.SIGCONT)


def answered(client, room, message):
    answer = client.call("message", roomId=room, message=message, clientId="once")
    return answer if answer["ok"] else None


def test_a_worker_that_has_missed_very_much_reads_all_of_it(own_maru):
    """More than it reads at a time, and more than a client could be made up for."""
    maru = own_maru(PRESENCE_LEASE="60")
    first, second = maru.workers()
    room = maru.admin.create_room()
    witness = maru.register("ann").connect(worker=first)
    joined = witness.join(room)
    speaker = maru.register("ben").connect(worker=second)
    speaker.join(room)
    os.kill(first, signal.SIGSTOP)
    try:
        redis.Redis.from_url(maru.store_url).client_kill_filter(_type="pubsub")
        for i in range(1500):
            speaker.io.emit("message", {"token": speaker.token, "roomId": room, "message": f"{i}"})
        eventually(lambda: top(maru, room) == 1500, 60)
    finally:
        os.kill(first, signal.SIGCONT)
    settle(room, witness)
    heard = [m["seq"] for m in witness.messages("TALK") if m["seq"] <= 1500]
    assert joined["seq"] == 0 and heard == list(range(1, 1501))
    assert not [event for event, _ in witness.heard if event == "notice"]


def top(maru, room):
    """The number of the room's newest message."""
    return int(redis.Redis.from_url(maru.store_url).hget(f"maru:room:{{{room}}}", "seq") or 0)
