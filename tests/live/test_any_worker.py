"""Any worker may receive any request: long-polling works without sticky sessions."""

import concurrent.futures
import json
import socket

import psutil
import pytest
import requests
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


class Poller:
    """A polling client of bare HTTP, in a room: ``poll`` may take another connection each time."""

    def __init__(self, api, room):
        self.api, self.maru, self.sid = api, api.maru, ""
        opened = requests.get(self._url(), timeout=30)
        self.sid = json.loads(opened.text[1:])["sid"]
        self.post("40" + json.dumps({"token": api.token}))
        call = {"token": api.token, "roomId": room}
        self.post("421" + json.dumps(["join", call]))
        self.received = ""
        while '431[{"ok":true' not in self.received:
            self.received += self.get().text

    def _url(self):
        session = f"&sid={self.sid}" if self.sid else ""
        return f"{self.maru.url}/socket.io/?EIO=4&transport=polling{session}"

    def post(self, packet):
        assert requests.post(self._url(), data=packet, timeout=30).status_code == 200

    def get(self):
        return requests.get(self._url(), timeout=60)

    def begin(self):
        """Send a poll, and leave it waiting: its socket, and the worker at the other end."""
        poll = socket.create_connection(("127.0.0.1", self.maru.port), timeout=60)
        path = self._url().removeprefix(self.maru.url)
        poll.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        port = poll.getsockname()[1]
        # The system has accepted the connection; a worker does so a moment later.
        return poll, eventually(lambda: self.maru.find_worker_at(port))

    def at_owner(self):
        """The worker of the session, and how many requests are at present relayed to it."""
        tag = self.sid.partition(".")[0]
        for worker in self.maru.workers():
            local = [c.laddr for c in psutil.Process(worker).net_connections("unix")]
            # The socket has got another name since.
            ours = [path for path in local if path.endswith(f"/{tag}.new")]
            if ours:
                return worker, len(ours) - 1
        raise LookupError(tag)


def test_what_comes_when_the_worker_that_relays_a_poll_is_killed_is_not_lost(crowded):
    """Many clients repeat a poll by themselves whose connection has ended without a response."""
    maru, api, room = crowded
    poller = Poller(api, room)
    owner, _ = poller.at_owner()
    while True:
        poll, worker = poller.begin()
        if worker != owner:
            break
        maru.admin.say(room, "come back")
        assert poll.recv(65_536)
        poll.close()
    eventually(lambda: poller.at_owner()[1] == 1)
    maru.kill_worker(worker)
    maru.admin.say(room, "after its end")
    answer = poller.get()
    assert answer.status_code == 400 or "after its end" in answer.text


@pytest.mark.parametrize("is_relayed", [False, True], ids=["own worker", "another worker"])
def test_what_comes_after_a_client_has_given_up_a_poll_is_not_lost(crowded, is_relayed):
    """Some clients end a poll that waits for long, and send another one."""
    maru, api, room = crowded
    poller = Poller(api, room)
    owner, _ = poller.at_owner()
    poll, worker = poller.begin()
    while (worker != owner) != is_relayed:
        maru.admin.say(room, "come back")
        assert poll.recv(65_536)
        poll.close()
        poll, worker = poller.begin()
    port = poll.getsockname()[1]
    poll.close()
    maru.admin.say(room, "said to nobody")
    eventually(lambda: maru.find_worker_at(port) is None)
    answer = poller.get()
    assert answer.status_code == 400 or "said to nobody" in answer.text


def test_a_second_poll_at_the_same_time_ends_the_session(crowded):
    """The first one may be of a connection that is dead: it would take what nobody receives."""
    _, api, room = crowded
    poller = Poller(api, room)
    with concurrent.futures.ThreadPoolExecutor() as threads:
        answers = [threads.submit(poller.get) for _ in range(2)]
        told = {answer.result(60).status_code: answer.result().text for answer in answers}
    # At once: later on, the first one would have received a ping.
    assert told.keys() == {200, 400} and told[200] == ""
    assert poller.get().status_code == 400


def test_a_polling_client_hears_what_others_say(crowded):
    maru, api, room = crowded
    poller, other = api.connect(transport="polling"), maru.admin.connect()
    poller.join(room)
    other.join(room)
    for i in range(20):
        other.say(room, f"word {i}")
    settle(room, poller, other)
    assert [m["message"] for m in poller.messages("TALK")] == [f"word {i}" for i in range(20)]
