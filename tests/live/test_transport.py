"""Engine.IO over Maru's own transport follows the protocol exactly."""

import json
import re
import threading

import pytest
import requests
import websocket

from tests.live.raw import Raw

QUERY = {"EIO": "4", "transport": "polling"}


@pytest.fixture
def raw(person):
    connection = Raw(person("ann"))
    yield connection
    connection.abort()


def next_frame(ws):
    """``(opcode, payload)``, control frames too."""
    frame = ws.recv_frame()
    return frame.opcode, frame.data


def test_it_opens_with_what_a_client_has_to_know(raw):
    assert raw.opened.pop("sid")
    assert raw.opened == {
        "upgrades": [],
        "pingInterval": 15_000,
        "pingTimeout": 10_000,
        "maxPayload": 128 * 1024,
    }


def test_pings_come_and_who_answers_none_is_dropped(raw, person):
    raw.introduce()
    other = Raw(person("ben")).introduce()
    for connection in (raw, other):
        connection.ws.settimeout(40)
        assert connection.ws.recv() == "2"
    other.send("3")
    opcode, payload = next_frame(raw.ws)
    assert opcode == websocket.ABNF.OPCODE_CLOSE and payload[:2] == b"\x03\xe8"
    assert other.call(1, "reauth")["ok"]
    other.abort()


def test_a_websocket_ping_is_answered_with_its_own_words(raw):
    raw.ws.ping("hello")
    assert next_frame(raw.ws) == (websocket.ABNF.OPCODE_PONG, b"hello")


def test_control_frames_come_between_fragments(raw):
    introduction = "40" + json.dumps({"token": raw.api.token})
    middle = len(introduction) // 2
    raw.ws.send_frame(websocket.ABNF(0, 0, 0, 0, 1, 1, introduction[:middle].encode()))
    raw.ws.ping("in between")
    assert next_frame(raw.ws) == (websocket.ABNF.OPCODE_PONG, b"in between")
    raw.ws.send_frame(websocket.ABNF(1, 0, 0, 0, 0, 1, introduction[middle:].encode()))
    assert raw.receive().startswith('40{"sid"')


@pytest.mark.parametrize(
    "sent, code",
    [
        (b"\x88\x80mask", 1000),
        (b"\x88\x82\0\0\0\0\x03\xe9", 1000),
        (b"\x81\x01x", 1002),
        (b"\x81\x81\0\0\0\0\xff", 1007),
        (b"\x82\xff\0\0\0\0\x10\0\0\0mask", 1009),
        (b"\x81\x81\0\0\0\0x", 1002),
    ],
    ids=["close", "going away", "unmasked", "not UTF-8", "too long", "no Engine.IO"],
)
def test_a_connection_is_closed_with_a_code(raw, sent, code):
    raw.send_bytes(sent)
    opcode, payload = next_frame(raw.ws)
    assert opcode == websocket.ABNF.OPCODE_CLOSE
    assert int.from_bytes(payload[:2]) == code
    # And then nothing more.
    assert raw.ws.sock.recv(1) == b""


def test_engine_io_has_a_goodbye_of_its_own(raw):
    raw.introduce()
    raw.send("1")
    assert raw.is_closed()


def test_what_was_sent_before_a_goodbye_is_carried_out(raw, person):
    room = raw.api.create_room()
    raw.introduce()
    raw.call(1, "join", roomId=room)
    call = {"token": raw.api.token, "roomId": room, "message": "last words"}
    raw.send_together("42" + json.dumps(["message", call]), "1")
    assert raw.is_closed()
    assert [m["message"] for m in raw.api.history(room)] == ["last words"]


def test_more_calls_than_wait_at_a_time_are_answered_in_order(raw):
    raw.introduce()
    room = raw.api.create_room()
    raw.call(1, "join", roomId=room)
    call = {"token": raw.api.token, "roomId": room, "message": "x"}
    raw.send_together(*(f"42{i}" + json.dumps(["message", call]) for i in range(100, 500)))
    seqs = [raw.acknowledgement(i)["seq"] for i in range(100, 500)]
    assert seqs == list(range(1, 401))


class TestUpgrade:
    """From polling: ``2probe``, ``3probe``, ``5``."""

    @pytest.fixture
    def polling(self, maru, person):
        """The query of a session of somebody who has introduced themselves."""
        self.api = person("ann")
        self.url = maru.url + "/socket.io/"
        opened = json.loads(requests.get(self.url, params=QUERY, timeout=30).text[1:])
        assert opened["upgrades"] == ["websocket"]
        query = {**QUERY, "sid": opened["sid"]}
        self.post(query, "40" + json.dumps({"token": self.api.token}))
        assert self.poll(query).startswith("40")
        return query

    def post(self, query, body):
        assert requests.post(self.url, params=query, data=body.encode(), timeout=30).text == "OK"

    def poll(self, query):
        answer = requests.get(self.url, params=query, timeout=30)
        assert answer.status_code == 200
        return answer.text

    def probe(self, query):
        return Probe(self.api, f"EIO=4&transport=websocket&sid={query['sid']}")

    def test_a_poll_that_waits_is_ended_and_nothing_is_lost(self, polling):
        room = self.api.create_room()
        call = {"token": self.api.token, "roomId": room}
        self.post(polling, "427" + json.dumps(["join", call]))
        heard = ""
        while '"ok":true' not in heard or '"ENTER"' not in heard:
            heard += self.poll(polling)
        waiting = Waiting(lambda: self.poll(polling))
        probe = self.probe(polling)
        probe.send("2probe")
        assert probe.ws.recv() == "3probe"
        assert waiting.result() == "6"
        # Neither here nor there yet: this waits for the upgrade.
        self.api.say(room, "in between")
        assert self.poll(polling) == "6"
        probe.send("5")
        said = re.search(r'"message":"(in between)"', probe.receive())
        assert said, "it travels over the WebSocket"
        call["message"] = "over the new one"
        probe.send("428" + json.dumps(["message", call]))
        assert probe.acknowledgement(8)["ok"]
        assert requests.get(self.url, params=polling, timeout=30).status_code == 400
        probe.abort()

    @pytest.mark.parametrize("sent", ["2", "5", "2prob", "40", "3probe", "x"])
    def test_a_probe_that_is_none_leaves_the_session_as_it_was(self, polling, sent):
        probe = self.probe(polling)
        probe.send(sent)
        assert probe.is_closed()
        self.still_polls(polling)

    def test_a_probe_that_goes_leaves_the_session_as_it_was(self, polling):
        probe = self.probe(polling)
        probe.send("2probe")
        assert probe.ws.recv() == "3probe"
        probe.abort()
        self.still_polls(polling)

    def test_a_second_probe_is_refused(self, polling):
        probe = self.probe(polling)
        probe.send("2probe")
        assert probe.ws.recv() == "3probe"
        with pytest.raises(websocket.WebSocketBadStatusException, match="400"):
            self.probe(polling)
        probe.send("5")
        probe.send("42" + '9["history",{}]')
        assert probe.acknowledgement(9)["ok"] is False
        probe.abort()

    def still_polls(self, query):
        self.post(query, '429["history",{}]')
        heard = ""
        while "439[" not in heard:
            heard = self.poll(query)


class Probe(Raw):
    """A WebSocket of a session that is there already."""

    def _open(self):
        return {}


class Waiting(threading.Thread):
    """Something that takes its time, beside us."""

    def __init__(self, ask):
        super().__init__(daemon=True)
        self._ask = ask
        self.start()

    def run(self):
        self._answer = self._ask()

    def result(self):
        self.join(60)
        return self._answer
