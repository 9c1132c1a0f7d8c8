"""Any worker may receive any request: long-polling works without sticky sessions."""

import pytest
import socketio

from tests.live.client import settle
from tests.waiting import eventually


@pytest.fixture
def crowded(own_maru):
    """Four workers and a room: ``maru, api, room``."""
    maru = own_maru(workers=4)
    api = maru.register("ann")
    return maru, api, api.create_room()


@pytest.mark.parametrize("transports", [["polling"], ["polling", "websocket"]])
def test_every_client_gets_through_however_it_connects(crowded, transports):
    maru, api, room = crowded
    clients = []
    for i in range(12):
        client = socketio.SimpleClient(request_timeout=30)
        client.connect(maru.url, auth={"token": api.token}, transports=transports, wait_timeout=30)
        clients.append(client)
        call = {"token": api.token, "roomId": room}
        assert client.call("join", call, timeout=30)["ok"]
        said = client.call("message", {**call, "message": f"word {i}"}, timeout=30)
        assert said["seq"] == i + 1
    assert {client.transport for client in clients} == {transports[-1]}
    assert maru.admin.present(room) == {"ann": 12}
    first = clients[0]
    heard = []
    while len(heard) < 12:
        event, payload = first.receive(timeout=30)
        if event == "message" and payload["type"] == "TALK":
            heard.append(payload["message"])
    assert heard == [f"word {i}" for i in range(12)]
    for client in clients:
        client.disconnect()
    eventually(lambda: maru.admin.present(room) == {})


def test_a_session_of_a_dead_worker_is_told_to_start_anew(crowded):
    maru, api, room = crowded
    client = api.connect(transport="polling")
    client.join(room)
    witness = maru.admin.connect()
    witness.join(room)
    for worker in maru.workers():
        maru.kill_worker(worker)
    assert client.ended.wait(60)
    again = api.connect(transport="polling")
    again.join(room)
    assert again.say(room, "back")["seq"] == 1


@pytest.mark.parametrize("session", ["00000000.x", "../../etc.x", "00000000.", "zzzzzzzz.x"])
def test_a_session_that_nobody_has_is_refused(crowded, session):
    _, api, _ = crowded
    query = {"EIO": "4", "transport": "polling", "sid": session}
    for method in ("GET", "POST"):
        answer = api.request(method, "/socket.io/", params=query, data="2" * (method == "POST"))
        assert answer.status_code == 400


def test_a_polling_client_hears_what_others_say(crowded):
    maru, api, room = crowded
    poller, other = api.connect(transport="polling"), maru.admin.connect()
    poller.join(room)
    other.join(room)
    for i in range(20):
        other.say(room, f"word {i}")
    settle(room, poller, other)
    assert [m["message"] for m in poller.messages("TALK")] == [f"word {i}" for i in range(20)]
