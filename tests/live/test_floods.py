"""A client that sends too much is slowed down or closed; other clients notice nothing.

Whether they notice anything is a question of time, which ``bin/bench --attacks`` answers. Here the
offender has to wait, or hears why its connection ends.
"""

import contextlib
import itertools
import json

import pytest
import requests
import websocket

from chat.transport import frames
from tests.live.client import settle
from tests.live.raw import Raw
from tests.live.test_frames import sent

PING, PONG, TEXT = frames.PING, frames.PONG, frames.TEXT
REFUSED = 1008

#: What strangers send to keep a worker busy: a few bytes, again and again.
STRANGERS = {
    "pings": sent(PING, b""),
    "pings with words": sent(PING, b"x" * 100),
    "pongs that nobody asked for": sent(PONG, b""),
    "Engine.IO pongs": sent(TEXT, "3"),
    "Engine.IO pings": sent(TEXT, "2"),
    "Engine.IO noops": sent(TEXT, "6"),
    "events before CONNECT": sent(TEXT, '42["message",{}]'),
    "calls before CONNECT": sent(TEXT, '420["history",{}]'),
    "CONNECT without a token": sent(TEXT, "40{}"),
    "CONNECT to other namespaces": sent(TEXT, "40/admin,{}"),
    "acknowledgements": sent(TEXT, "430[]"),
}
#: The same in one message that never ends.
ENDLESS = {
    "empty fragments": sent(frames.CONTINUATION, b"", fin=False),
    "fragments of a byte": sent(frames.CONTINUATION, b"x", fin=False),
}


def closing(connection):
    """The code with which the server closes the connection."""
    connection.ws.settimeout(30)
    with contextlib.suppress(OSError, websocket.WebSocketException):
        while True:
            frame = connection.ws.recv_frame()
            if frame.opcode == websocket.ABNF.OPCODE_CLOSE:
                return int.from_bytes(frame.data[:2])


def flood(connection, piece, times):
    with contextlib.suppress(OSError):  # it may be closed by now
        connection.send_bytes(piece * times)


@pytest.fixture
def room(pair):
    room = pair[0].api.create_room()
    for client in pair:
        client.join(room)
    return room


@pytest.mark.parametrize("piece", STRANGERS.values(), ids=STRANGERS.keys())
def test_a_stranger_that_sends_without_pause_is_closed(maru, pair, room, piece):
    stranger = Raw(pair[0].api)
    flood(stranger, piece, 200)
    assert closing(stranger) == REFUSED
    settle(room, *pair)


@pytest.mark.parametrize("piece", ENDLESS.values(), ids=ENDLESS.keys())
def test_a_stranger_that_never_ends_a_message_is_closed(maru, pair, room, piece):
    stranger = Raw(pair[0].api)
    flood(stranger, sent(TEXT, "4", fin=False) + piece * 200, 1)
    assert closing(stranger) == REFUSED
    settle(room, *pair)


def test_a_stranger_may_not_send_much_at_once_either(maru, pair):
    stranger = Raw(pair[0].api)
    flood(stranger, sent(TEXT, "40" + json.dumps({"token": "x" * 100_000})), 3)
    assert closing(stranger) == REFUSED


def test_a_stranger_that_tries_an_upgrade_has_no_more(maru, pair):
    query = {"EIO": "4", "transport": "polling"}
    url = maru.url + "/socket.io/"
    sid = json.loads(requests.get(url, params=query, timeout=30).text[1:])["sid"]
    probe = Raw.__new__(Raw)
    probe.api = pair[0].api
    probe.ws = websocket.create_connection(
        f"{url.replace('http', 'ws', 1)}?EIO=4&transport=websocket&sid={sid}", timeout=30
    )
    flood(probe, sent(PING, b""), 200)
    assert closing(probe) == REFUSED


@pytest.mark.parametrize(
    "piece",
    [STRANGERS[kind] for kind in ("pings", "pongs that nobody asked for", "Engine.IO noops")],
    ids=["pings", "pongs", "noops"],
)
def test_a_member_that_sends_pings_without_pause_is_closed(maru, pair, room, piece):
    member = Raw(pair[0].api).introduce()
    flood(member, piece, 2000)
    assert closing(member) == REFUSED
    settle(room, *pair)


def test_a_member_may_send_a_message_in_any_number_of_fragments(maru, pair, room):
    member = Raw(pair[0].api).introduce()
    call = {"token": pair[0].api.token, "roomId": room, "padding": "x" * 4000}
    text = "427" + json.dumps(["join", call])
    parts = [sent(frames.CONTINUATION if i else TEXT, c, fin=False) for i, c in enumerate(text)]
    flood(member, b"".join(parts) + sent(frames.CONTINUATION, b""), 1)
    member.ws.settimeout(30)
    assert member.acknowledgement(7)["ok"]
    member.abort()


def test_many_frames_in_one_segment_are_carried_out_in_order(maru, pair, room):
    member = Raw(pair[0].api).introduce()
    member.call(1, "join", roomId=room)
    call = {"token": pair[0].api.token, "roomId": room, "message": "x"}
    numbers = range(100, 1100)
    member.ws.settimeout(30)
    member.send_together(*(f"42{i}" + json.dumps(["message", call]) for i in numbers))
    seqs = [member.acknowledgement(i)["seq"] for i in numbers]
    assert all(after == before + 1 for before, after in itertools.pairwise(seqs))
    member.abort()
