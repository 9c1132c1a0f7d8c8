"""Every event has a limit, for one person over all connections; other people are not affected."""

import math
import time

import pytest

from chat.live import call_limits
from tests.live.cluster import Api

#: What is sent with each event until it is refused.
CALLS = {
    "join": {"roomId": "none"},
    "leave": {"roomId": "none"},
    "history": {"roomId": "none"},
    "watch": {},
    "reauth": {},
    "message": {"roomId": "none", "message": "hi"},
    "edit": {"roomId": "none", "seq": 1, "message": "hi"},
    "delete": {"roomId": "none", "seq": 1},
    "react": {"roomId": "none", "seq": 1, "emoji": "👍", "on": True},
    "read": {"roomId": "none", "seq": 0},
}


@pytest.fixture(scope="module")
def slow(tmp_path_factory):
    from tests.live.cluster import Maru

    rates = {f"{kind}_RATE": "1" for kind in ("MESSAGE", "JOIN", "READ", "ROOM")}
    maru = Maru(tmp_path_factory.mktemp("slow"), **rates)
    try:
        yield maru.start()
    finally:
        maru.stop()


def until_refused(call) -> dict:
    for _ in range(100):
        answer = call()
        if answer["error"]["code"] == "rate_limited":
            return answer["error"]
    raise AssertionError("it goes on for ever")


def test_no_event_is_without_a_limit():
    assert set(call_limits.LIMITS) - {"typing"} == set(CALLS)


@pytest.mark.parametrize("event", CALLS)
def test_whoever_does_too_much_is_told_how_long_to_wait(slow, event):
    ann, ben = slow.register_some("ann"), slow.register_some("ben")
    client, other = ann.connect(), ben.connect()
    if event in ("watch", "reauth"):
        calls = [client.call(event, **CALLS[event]) for _ in range(40)]
        refused = next(c["error"] for c in calls if not c["ok"])
    else:
        refused = until_refused(lambda: client.call(event, **CALLS[event]))
    assert refused["code"] == "rate_limited" and 0 < refused["retryAfter"] <= 60
    answer = other.call(event, **CALLS[event])
    assert answer["ok"] or answer["error"]["code"] != "rate_limited"
    client.close()
    other.close()


def test_typing_has_one_too(slow):
    ann = slow.register_some("ann")
    room = ann.create_room()
    client = ann.connect()
    client.join(room)
    answers = [client.call("typing", roomId=room) for _ in range(20)]
    assert [a["error"]["code"] for a in answers if not a["ok"]][:1] == ["rate_limited"]
    client.close()


def test_connections_of_one_person_on_all_workers_share_the_limit(slow):
    ann = slow.register_some("ann")
    room = ann.create_room()
    clients = [ann.connect(worker=pid) for pid in slow.workers()]
    for client in clients:
        client.join(room)
    begun = time.monotonic()
    answers = [
        client.call("message", roomId=room, message="hi") for _ in range(20) for client in clients
    ]
    # 3 at once, and one in each second that this takes; not as many for each worker.
    most = 3 + math.ceil(time.monotonic() - begun)
    assert 3 <= sum(answer["ok"] for answer in answers) <= most
    assert {a["error"]["code"] for a in answers if not a["ok"]} <= {"rate_limited"}
    for client in clients:
        client.close()


def test_one_connection_may_be_in_so_many_rooms(maru, person, connect):
    ann = person("ann")
    client = connect(ann)
    for number in range(call_limits.ROOMS):
        client.join(ann.create_room(f"room {number}"))
    assert client.refusal("join", roomId=ann.create_room()) == "conflict"


def test_an_office_that_comes_back_does_not_notice(own_maru, tmp_path):
    defaults = {"JOIN_RATE": "", "READ_RATE": "", "MESSAGE_RATE": "", "ROOM_RATE": ""}
    maru = own_maru(**defaults)
    rooms = [maru.admin.create_room(f"room {number}") for number in range(30)]
    ann: Api = maru.register("ann")
    tabs = [ann.connect() for _ in range(2)]
    for tab in tabs:
        assert tab.call("watch")["ok"]
        for room in rooms:
            tab.join(room)
            assert tab.call("history", roomId=room)["ok"]
        tab.close()
