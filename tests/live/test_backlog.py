"""A client that does not read its answers gets no more of them, over every transport."""

import itertools
import json
import threading

import psutil
import pytest
import requests

from tests.live.client import settle
from tests.live.raw import Raw
from tests.waiting import eventually

QUERY = {"EIO": "4", "transport": "polling"}
#: A page of these is long.
WORDS = "마루" * 1900
#: Bytes that a worker may grow by, whatever one person does.
GROWTH = 100 * 2**20


class Poller:
    """A polling session by hand, which polls when it is told to."""

    def __init__(self, api):
        self.api = api
        self.url = api.url + "/socket.io/"
        self.http = requests.Session()
        opened = self.http.get(self.url, params=QUERY, timeout=30).text
        self.query = {**QUERY, "sid": json.loads(opened[1:])["sid"]}

    def introduce(self):
        assert self.post("40" + json.dumps({"token": self.api.token})) == 200
        while not (said := self.poll()).startswith("40"):
            assert said == "2", said
        return self

    def call(self, number, event, **fields):
        return f"42{number}" + json.dumps([event, {"token": self.api.token, **fields}])

    def post(self, *packets):
        body = "\x1e".join(packets).encode()
        return self.http.post(self.url, params=self.query, data=body, timeout=60).status_code

    def poll(self):
        answer = self.http.get(self.url, params=self.query, timeout=60)
        answer.encoding = "utf-8"
        return answer.text if answer.status_code == 200 else ""


@pytest.fixture
def scene(own_maru):
    """One worker, a room with a long history, and two people of whom one behaves."""
    maru = own_maru(workers=1)
    ann, ben = maru.register("ann"), maru.register("ben")
    room = ann.create_room()
    for _ in range(60):
        ann.say(room, WORDS)
    witness = ben.connect()
    witness.join(room)
    yield maru, ann, room, witness
    witness.close()


def grown(maru, before):
    return psutil.Process(maru.workers()[0]).memory_info().rss - before


def test_a_client_that_never_polls_is_not_answered_for_ever(scene):
    maru, ann, room, witness = scene
    poller = Poller(ann).introduce()
    before = psutil.Process(maru.workers()[0]).memory_info().rss

    def ask():
        for start in itertools.count(1, 16):
            numbers = range(start, start + 16)
            calls = [poller.call(i, "history", roomId=room, limit=200) for i in numbers]
            if start > 400 or poller.post(*calls) != 200:
                return

    asking = threading.Thread(target=ask)
    asking.start()
    # Told slow by the clock, though nothing more is sent to it.
    asking.join(60)
    assert not asking.is_alive() and poller.post("3") == 400
    assert grown(maru, before) < GROWTH
    settle(room, witness)


def test_a_websocket_that_never_reads_is_not_answered_for_ever(scene):
    maru, ann, room, witness = scene
    deaf = Raw(ann, receive_buffer=65_536).introduce()
    before = psutil.Process(maru.workers()[0]).memory_info().rss
    call = json.dumps(["history", {"token": ann.token, "roomId": room, "limit": 200}])
    deaf.send_together(*(f"42{i}{call}" for i in range(100)))
    address = deaf.ws.sock.getsockname()[1]

    def is_cut_off():
        connections = psutil.Process(maru.workers()[0]).net_connections("tcp")
        ours = [c for c in connections if c.raddr and c.raddr.port == address]
        return not [c for c in ours if c.status == "ESTABLISHED"]

    # By the clock: after its last call nothing is sent to it any more.
    eventually(is_cut_off, 60)
    assert grown(maru, before) < GROWTH
    settle(room, witness)


def test_who_reads_slowly_gets_every_answer_in_order(scene):
    _, ann, room, witness = scene
    reader = Raw(ann, receive_buffer=65_536).introduce()
    call = json.dumps(["history", {"token": ann.token, "roomId": room, "limit": 200}])
    reader.ws.settimeout(60)
    reader.send_together(*(f"42{i}{call}" for i in range(100, 140)))
    for i in range(100, 140):
        frame = reader.receive()
        assert frame.startswith(f"43{i}["), frame[:50]
    reader.abort()
    settle(room, witness)


def test_calls_that_are_refused_wait_and_others_do_not(scene):
    _, ann, room, witness = scene
    flooder = Raw(ann).introduce()
    flooder.ws.settimeout(60)
    bad = json.dumps(["history", {"token": "x" * 50, "roomId": room}])
    flooder.send_together(*(f"42{i}{bad}" for i in range(60)))
    for i in range(60):
        # Each of them is answered, late as it may be.
        assert flooder.acknowledgement(i)["error"]["code"] == "unauthorized"
        if i % 20 == 0:
            settle(room, witness)
    flooder.abort()


def test_who_polls_may_not_wait_in_many_requests_at_a_time(scene):
    _, ann, room, witness = scene
    poller = Poller(ann).introduce()
    calls = [poller.call(i, "history", roomId=room, limit=200) for i in range(64)]
    codes = []

    def post():
        body = "\x1e".join(calls).encode()
        options = {"params": poller.query, "data": body, "timeout": 60}
        codes.append(requests.post(poller.url, **options).status_code)

    posts = [threading.Thread(target=post) for _ in range(20)]
    for each in posts:
        each.start()
    for each in posts:
        each.join(60)
    assert len(codes) == 20 and 400 in codes
    settle(room, witness)


def test_a_stranger_that_polls_has_a_few_packets(maru, pair):
    stranger = Poller(pair[0].api)
    codes = [stranger.post(*["420[]"] * 16) for _ in range(8)]
    assert codes[0] == 200 and codes[-1] == 400
