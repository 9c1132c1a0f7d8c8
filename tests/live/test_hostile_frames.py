"""Packets that no client library sends are answered or close the session; others notice nothing."""

import contextlib
import json
import os

import pytest
import websocket

from tests.live.client import settle
from tests.live.raw import Raw

DEEP = 10_000
#: Deep down in JSON, where a parser's own stack ends.
NESTED_LIST, NESTED_OBJECT = "[" * DEEP + "]" * DEEP, '{"a":' * DEEP + "1" + "}" * DEEP

#: Calls that can be told apart, though nothing can be made of them: the answer is ``invalid``.
ANSWERED = {
    "no data": "427",
    "no list": "427{}",
    "cut off in an object": "427{",
    "empty list": "427[]",
    "name is a number": "427[1]",
    "name is null": "427[null]",
    "name is a list": '427[["message"]]',
    "cut off in a name": '427["mess',
    "cut off after a name": '427["message"',
    "cut off after a comma": '427["message",',
    "brackets crossed": '427["message",{]}',
    "no arguments": '427["message"]',
    "list": '427["message",[]]',
    "text": '427["message","x"]',
    "number": '427["message",1]',
    "null": '427["message",null]',
    "two objects": '427["message",{},{}]',
    "not a number": '427["message",NaN]',
    "infinite": '427["message",1e999]',
    "10,000 digits": '427["message",' + "9" * 10_000 + "]",
    "10,000 lists": f'427["message",{NESTED_LIST}]',
    "10,000 objects": f'427["message",{NESTED_OBJECT}]',
    "deep token": f'427["message",{{"token":{NESTED_LIST}}}]',
    "letters after the number": '427abc["message",{}]',
    "reserved connect": '427["connect",{}]',
    "reserved disconnect": '427["disconnect",{}]',
    "reserved connect_error": '427["connect_error",{}]',
    "zero byte": '427["\x00"]',
}

#: Nothing that could be answered: the connection ends.
FATAL = {
    "empty": "",
    "open": "0",
    "close": "1",
    "unknown engine type": "7",
    "letter": "x",
    "base64": "bAAAA",
    "space": " ",
    "empty message": "4",
    "unknown type": "47",
    "unknown type, letters": "4abc",
    "superscript": "4²",
    "full width": "４２[]",
    "broken introduction": '40{"token":',
    "event without data": "42",
    "event cut off": "42[",
    "event is an object": "42{}",
    "event without a name": "42[]",
    "event with a wrong number": '42abc["message",{}]',
    "superscript number": '42²["message",{}]',
    "number of 200 digits": "42" + "9" * 200 + '["message",{}]',
    "number of 5,000 digits": "42" + "9" * 5_000 + '["message",{}]',
    "reserved name, unnumbered": '42["disconnect"]',
    "error from a client": "44",
    "error with data": '44{"message":"no"}',
    "binary event without data": "45",
    "no attachments": '450-["message"]',
    "number of attachments left out": '45-["message"]',
    "negative attachments": '45-1-["message"]',
    "endless attachments": '459999999999-["message"]',
    "too many attachments": '4599999999999-["message"]',
    "more attachments than taken": '4517-["message"]',
    "attachments of a plain event": '421-7["message",{}]',
    "binary acknowledgement": '461-["x"',
    "binary from nowhere": b"42[]",
    "empty binary": b"",
    "binary rubbish": b"\xff\xfe" * 1000,
}

#: Not even frames of a WebSocket.
NO_FRAMES = {
    "2**63 bytes announced": b"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff" + b"mask" + b"x" * 1000,
    "256 MB announced": b"\x81\xff\x00\x00\x00\x00\x10\x00\x00\x00" + b"mask" + b"x" * 1000,
    "not UTF-8": b"\x81\x85" + b"\0\0\0\0" + b"42\xff\xfe\xfd",
    "unmasked": b"\x81\x05hello",
    "reserved bits": b"\xf1\x85" + b"\0\0\0\0" + b"hello",
    "unknown opcode": b"\x83\x85" + b"\0\0\0\0" + b"hello",
    "continuation of nothing": b"\x80\x85" + b"\0\0\0\0" + b"hello",
    "long ping": b"\x89\xfe\x01\x00" + b"\0\0\0\0" + b"p" * 256,
    "short close": b"\x88\x81" + b"\0\0\0\0" + b"x",
    "close without a status": b"\x88\x82" + b"\0\0\0\0" + b"\x00\x00",
    "HTTP": b"GET / HTTP/1.1\r\nHost: maru\r\n\r\n",
}

#: Good frames, if pointless ones: nothing comes of them.
POINTLESS = {
    "ping": "2",
    "pong": "3",
    "upgrade": "5",
    "noop": "6",
    "probe": "2probe",
    "second introduction": "40{}",
    "another namespace": "40/admin,{}",
    "event in another namespace": '42/admin,7["message",{}]',
    "unknown event, unnumbered": '42["no such event",{}]',
    "call, unnumbered": '42["message",{}]',
    "acknowledgement of nothing": "437[]",
    "acknowledgement without a number": "43[]",
    "acknowledgement without data": "437",
    "number of 20 zeros": "42" + "0" * 20 + "[]",
}


@pytest.fixture(scope="module")
def mallory(shared_maru):
    return shared_maru.register_some("mallory")


@pytest.fixture
def scene(maru, pair, mallory):
    """Two who talk to each other, on two workers, and mallory in the same room."""
    room = pair[0].api.create_room()
    for client in pair:
        client.join(room)
    raw = Raw(mallory).introduce()
    assert raw.call(1, "join", roomId=room)["userCount"] == 3
    forget_all(room, pair)
    yield room, raw, pair
    raw.abort()


def forget_all(room, talkers):
    settle(room, *talkers)
    for client in talkers:
        client.forget()


def others_are_well(room, talkers, *fields):
    """They hear each other, and nothing else but what is given here."""
    settle(room, *talkers)
    for client in talkers:
        assert [(m["type"], m["reason"]) for m in client.messages(roomId=room)] == list(fields)
        assert not client.ended.is_set()


def is_dropped(room, raw, talkers):
    """The connection has ended on the server's side too: its person is announced as lost."""
    assert raw.is_closed()
    talkers[0].wait_for_message(type="QUIT", roomId=room, userCount=2)
    others_are_well(room, talkers, ("QUIT", "lost"))


@pytest.mark.parametrize("frame", ANSWERED.values(), ids=ANSWERED.keys())
def test_a_call_that_cannot_be_read_is_refused(scene, frame):
    room, raw, talkers = scene
    raw.send(frame)
    answer = raw.acknowledgement(7)
    assert answer["ok"] is False and answer["error"]["message"]
    assert answer["error"]["code"] == "invalid"
    assert raw.call(8, "history", roomId=room)["ok"]
    others_are_well(room, talkers)


def test_frames_that_mean_nothing_end_the_connection(scene):
    """All at once, each over a connection of its own: the grace is waited for only once."""
    room, raw, talkers = scene
    senders = {}
    for kind, frame in {**FATAL, **NO_FRAMES}.items():
        senders[kind] = sender = Raw(raw.api).introduce()
        assert sender.call(1, "join", roomId=room)["userCount"] == 3
        (sender.send_bytes if kind in NO_FRAMES else sender.send)(frame)
    assert [kind for kind, sender in senders.items() if not sender.is_closed()] == []
    raw.abort()
    talkers[0].wait_for_message(type="QUIT", roomId=room, userCount=2)
    others_are_well(room, talkers, ("QUIT", "lost"))


@pytest.mark.parametrize("frame", POINTLESS.values(), ids=POINTLESS.keys())
def test_frames_without_a_point_do_nothing(scene, frame):
    room, raw, talkers = scene
    raw.send(frame)
    assert raw.call(8, "history", roomId=room)["ok"]
    others_are_well(room, talkers)


def test_binary_data_is_refused_once_it_is_there(scene):
    room, raw, talkers = scene
    call = {"token": raw.api.token, "roomId": room, "message": {"_placeholder": True, "num": 0}}
    for number in (9, -1, "x", None, 0):
        call["message"]["num"] = number
        raw.send("451-7" + json.dumps(["message", call]))
        raw.send(b"\x00" * 1000)
        assert raw.acknowledgement(7)["error"]["code"] == "invalid"
    assert raw.call(8, "history", roomId=room)["ok"]
    raw.send("452-7" + json.dumps(["message", call]))
    raw.send(b"one")
    raw.send("42[]")
    is_dropped(room, raw, talkers)


def test_a_message_in_fragments_is_one_message(scene):
    room, raw, talkers = scene
    call = ["message", {"token": raw.api.token, "roomId": room, "message": "조각조각 🧩"}]
    frame = ("427" + json.dumps(call, ensure_ascii=False)).encode()
    # Within a character, too.
    raw.send_fragments("", *[frame[i : i + 1] for i in range(len(frame))], b"")
    assert raw.acknowledgement(7)["ok"]
    assert talkers[1].wait_for_message(sender=raw.api.name)["message"] == "조각조각 🧩"


def test_fragments_without_end_are_not_collected(scene):
    room, raw, talkers = scene
    with contextlib.suppress(OSError):  # it may be closed by now
        raw.ws.send_frame(_frame('42["message","', fin=0, opcode=1))
        for _ in range(100):
            raw.ws.send_frame(_frame(b"a" * 100_000, fin=0, opcode=0))
    is_dropped(room, raw, talkers)


def test_a_frame_up_to_the_limit_is_read_and_a_longer_one_ends_the_connection(scene):
    room, raw, talkers = scene
    limit = raw.opened["maxPayload"]
    call = {"token": raw.api.token, "roomId": room, "message": "fits", "padding": ""}
    frame = "427" + json.dumps(["message", call])
    call["padding"] = "x" * (limit - len(frame))
    frame = "427" + json.dumps(["message", call])
    assert len(frame) == limit
    raw.send(frame)
    assert raw.acknowledgement(7)["ok"]
    talkers[0].wait_for_message(message="fits")
    forget_all(room, talkers)
    raw.send(frame + " ")
    is_dropped(room, raw, talkers)


def test_rubbish_does_not_come_near_the_others(scene):
    """Random frames from many connections, while two people talk."""
    room, raw, talkers = scene
    raw.abort()
    talkers[0].wait_for_message(type="QUIT", roomId=room)
    for i in range(40):
        sender = Raw(raw.api)
        if i % 2:
            sender.introduce()
        with contextlib.suppress(OSError):  # it may be closed by now
            for _ in range(5):
                sender.send(os.urandom(i * 10) if i % 3 else f"{i % 10}" + os.urandom(i).hex())
        sender.abort()
        talkers[i % 2].say(room, f"word {i}")
    settle(room, *talkers)
    for client in talkers:
        assert [m["message"] for m in client.messages("TALK")] == [f"word {i}" for i in range(40)]
        assert len(client.messages("QUIT", "ENTER", roomId=room)) == 1


def _frame(data, fin, opcode):
    raw = data.encode() if isinstance(data, str) else data
    return websocket.ABNF(fin, 0, 0, 0, opcode, 1, raw)
