"""What official clients post and read when they poll: many packets at once, binary data."""

import json
import threading

import pytest
import requests
import socketio

from tests.live.client import settle
from tests.live.cluster import Api


class Polling:
    """A polling session by hand, connected as a Socket.IO client is."""

    def __init__(self, api: Api):
        self.api = api
        self._query = {"EIO": "4", "transport": "polling"}
        self._url = f"{api.url}/socket.io/"
        opened = requests.get(self._url, params=self._query, timeout=30).text
        self._query["sid"] = json.loads(opened[1:])["sid"]
        self.read: list[str] = []
        self.post("40" + json.dumps({"token": api.token}))
        assert self.packet_with('40{"sid"')

    def post(self, *packets: str) -> int:
        body = "\x1e".join(packets).encode()
        return requests.post(self._url, params=self._query, data=body, timeout=30).status_code

    def post_raw(self, body: bytes) -> requests.Response:
        return requests.post(self._url, params=self._query, data=body, timeout=30)

    def end_session(self) -> None:
        """Go on under an id that nobody has."""
        self._query["sid"] = "nobody"

    def call(self, number: int, event: str, **fields) -> str:
        """The packet of a call, to be posted."""
        return f"42{number}" + json.dumps([event, {"token": self.api.token, **fields}])

    def acknowledgement(self, number: int) -> dict:
        heading = f"43{number}["
        return json.loads(self.packet_with(heading)[len(heading) - 1 :])[0]

    def packet_with(self, heading: str) -> str:
        """The first packet that begins so, of all that have been read; polls until it is there."""
        while not (found := next((p for p in self.read if p.startswith(heading)), "")):
            answer = requests.get(self._url, params=self._query, timeout=30)
            assert answer.status_code == 200, answer.text
            self.read += answer.text.split("\x1e")
        return found


@pytest.fixture
def polling(person):
    return Polling(person("ann"))


def test_more_packets_than_events_fit_into_a_post_are_refused(polling):
    assert polling.post(*["3"] * 65_000) == 400
    assert polling.post(*["3"] * 16_385) == 400
    polling.post(polling.call(0, "join", roomId=polling.api.create_room()))
    assert polling.acknowledgement(0)["ok"]


def test_what_is_posted_for_an_unknown_session_is_not_even_read(polling):
    polling.end_session()
    answer = polling.post_raw(b"3\x1e" * 65_000)
    assert (answer.status_code, answer.text) == (400, '"Invalid session nobody"')


def test_a_hundred_calls_in_one_post_are_each_answered_in_order(polling):
    room = polling.api.create_room()
    polling.post(polling.call(0, "join", roomId=room))
    assert polling.acknowledgement(0)["ok"]
    calls = [polling.call(i, "message", roomId=room, message=f"{i}") for i in range(1, 101)]
    assert polling.post(*calls) == 200
    numbers = [polling.acknowledgement(i)["seq"] for i in range(1, 101)]
    assert numbers == list(range(1, 101))
    assert [m["message"] for m in polling.api.history(room)] == [f"{i}" for i in range(1, 101)]


def test_a_call_in_a_post_that_is_refused_does_not_touch_the_others(polling):
    room = polling.api.create_room()
    calls = [
        polling.call(1, "join", roomId=room),
        '422["message",{"token":',
        polling.call(3, "message", roomId=room, message=""),
        polling.call(4, "message", roomId=room, message="heard"),
    ]
    assert polling.post(*calls) == 200
    answers = [polling.acknowledgement(i) for i in (1, 2, 3, 4)]
    assert [answer["ok"] for answer in answers] == [True, False, False, True]
    assert [answers[i]["error"]["code"] for i in (1, 2)] == ["invalid", "invalid"]


def test_a_call_with_binary_data_is_answered_as_invalid(polling):
    packets = ['451-7["message",{"_placeholder":true,"num":0}]', "bAAECAw=="]
    assert polling.post(*packets) == 200
    assert polling.acknowledgement(7)["error"]["code"] == "invalid"
    assert polling.post(polling.call(8, "reauth")) == 200
    assert polling.acknowledgement(8)["ok"]


def test_binary_data_may_arrive_in_a_post_of_its_own(polling):
    assert polling.post('451-7["message",{"_placeholder":true,"num":0}]') == 200
    assert polling.post("bAAECAw==") == 200
    assert polling.acknowledgement(7)["error"]["code"] == "invalid"


def test_binary_data_that_belongs_to_no_call_ends_the_session(polling):
    polling.post("bAAECAw==")
    with pytest.raises(AssertionError, match="400 == 200"):
        polling.packet_with("never")


@pytest.mark.parametrize("transport", ["polling", "websocket"])
def test_an_unknown_namespace_is_refused_in_the_form_of_the_contract(person, transport):
    ann = person("ann")
    told: list[dict] = []
    client = socketio.Client(handle_sigint=False, reconnection=False)
    client.on("connect_error", told.append, namespace="/admin")
    with pytest.raises(socketio.exceptions.ConnectionError):
        client.connect(
            ann.url,
            auth={"token": ann.token},
            transports=[transport],
            namespaces=["/admin"],
            wait_timeout=30,
        )
    client.disconnect()
    assert told[0]["message"] and told[0]["data"]["code"] == "not_found"


def test_an_official_client_hears_all_that_waits_for_its_next_poll(person, connect):
    ann, ben = person("ann"), person("ben")
    room = ann.create_room()
    poller, speaker = connect(ann, transport="polling"), connect(ben)
    poller.join(room)
    speaker.join(room)
    is_busy, may_go_on = threading.Event(), threading.Event()

    def hold_up(_):
        # In the thread that polls: until this returns, the client does not poll.
        is_busy.set()
        may_go_on.wait(60)

    poller.io.on("typing", hold_up)
    speaker.call("typing", roomId=room)
    assert is_busy.wait(30)
    for i in range(100):
        speaker.say(room, f"word {i}")
    may_go_on.set()
    settle(room, poller)
    assert [m["message"] for m in poller.messages("TALK")] == [f"word {i}" for i in range(100)]
    assert not poller.ended.is_set()
