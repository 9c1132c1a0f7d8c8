"""Every field of every call, with every kind of wrong value."""

import json

import pytest

from tests.live.client import settle

#: Stands for a field that is left out.
LEFT_OUT = object()

NO_TEXT = {
    "left out": LEFT_OUT,
    "null": None,
    "true": True,
    "number": 5,
    "fraction": 1.5,
    "huge number": 10**400,
    "list": ["text"],
    "object": {"text": "text"},
    "half a surrogate pair": "\ud800",
    "the other half": "a\udfffb",
}
BLANK = {
    "empty": "",
    "spaces": "   ",
    "white space": "\n\t \u3000",
    "fillers": "\u3164\u115f\u200b",
}
CONTROL = {
    "zero byte": "a\0b",
    "escape": "\x1b[31mred",
    "bell": "a\x07",
    "delete": "a\x7f",
    "carriage return": "a\rb",
    "next line": "a\x85b",
    "application command": "a\x9fb",
}
NO_MESSAGE = {**NO_TEXT, **BLANK, **CONTROL, "bytes": b"text"}
NO_NUMBER = {
    "null text": "null",
    "text": "5",
    "true": True,
    "fraction": 1.5,
    "whole fraction": 1.0,
    "negative": -1,
    "too large": 2**53,
    "enormous": 10**300,
    "infinite": float("inf"),
    "not a number": float("nan"),
    "list": [5],
    "object": {"seq": 5},
    "empty": "",
}
NO_CLIENT_ID = {
    **{kind: value for kind, value in NO_TEXT.items() if kind not in ("left out", "null")},
    "empty": "",
    "space": "a b",
    "korean": "이름",
    "path": "../a",
    "zero byte": "a\0",
    "line": "a\n",
    "bytes": b"name",
}
#: Texts that are no room's id: a room of that name is not found.
NO_ROOM = {
    "empty": "",
    "unknown": "0" * 16,
    "long": "a" * 100_000,
    "pattern": "*",
    "key": "x}:stream",
    "path": "../../etc",
    "html": "<b>",
    "zero byte": "a\0",
    "line": "a\n",
    "korean": "방",
    "right to left": "\u202eabc",
}


@pytest.fixture(scope="module")
def scene(shared_maru):
    """ann and ben talk, on two workers; mallory is in the same room, on ann's."""
    people = [shared_maru.register_some(name) for name in ("ann", "ben", "mallory")]
    workers = shared_maru.workers()
    room = people[0].create_room()
    clients = [
        api.connect(worker=worker)
        for api, worker in zip(people, (*workers, *workers), strict=False)
    ]
    for client in clients:
        client.join(room)
    clients[2].say(room, "the first word")
    yield room, clients
    for client in clients:
        client.close()


@pytest.fixture
def room(maru, scene):
    """The room; in the end all in it must have heard nothing, and be able to talk."""
    room_id, clients = scene
    settle(room_id, *clients)
    for client in clients:
        client.forget()
    yield room_id
    settle(room_id, *clients)
    for client in clients:
        assert [event for event, _ in client.heard] == ["message"]
        assert not client.ended.is_set()
    assert clients[0].api.count(room_id) == 3


@pytest.fixture
def mallory(scene):
    return scene[1][2]


def refused(client, event, code, **fields):
    call = {name: value for name, value in fields.items() if value is not LEFT_OUT}
    assert client.refusal(event, **call) == code, (event, call)


EVENTS = {
    "message": {"message": "x"},
    "edit": {"seq": 1, "message": "x"},
    "delete": {"seq": 1},
    "react": {"seq": 1, "emoji": "👍", "on": True},
    "history": {},
    "join": {},
}


@pytest.mark.parametrize("event", [*EVENTS, "leave", "typing"])
def test_the_room(room, mallory, event):
    fields = EVENTS.get(event, {})
    for value in (*NO_TEXT.values(), b"bytes"):
        refused(mallory, event, "invalid", **fields, roomId=value)
    for value in NO_ROOM.values():
        code = "not_joined" if event in ("leave", "typing") else "not_found"
        refused(mallory, event, code, **fields, roomId=value)


@pytest.mark.parametrize("event", ["message", "edit"])
def test_the_words(room, mallory, event):
    for value in NO_MESSAGE.values():
        refused(mallory, event, "invalid", roomId=room, seq=1, message=value)
    for value in ("x" * 4001, "말" * 4001, "x" * 100_000):
        refused(mallory, event, "too_long", roomId=room, seq=1, message=value)


def test_the_worst_text_there_is(room, mallory):
    """Composing it takes a time that grows with the square of its length; see tests/web."""
    worst = "a" + "\u0345" * 8_000 + "\u0334" * 8_000
    refused(mallory, "message", "too_long", roomId=room, message=worst)
    refused(mallory, "message", "too_long", roomId=room, message="x", clientId=worst)
    refused(mallory, "react", "too_long", roomId=room, seq=1, emoji=worst, on=True)
    refused(mallory, "join", "not_found", roomId=worst)
    refused(mallory, "history", "invalid", roomId=room, before=worst)
    nested = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9." + "W1tb" * 1_000 + ".x"
    for token in (worst, nested, "x" * 100_000, nested * 20):
        refused(mallory, "history", "unauthorized", roomId=room, token=token)


@pytest.mark.parametrize("event", ["message", "edit", "delete", "react"])
def test_the_name_that_the_client_gives_its_message(room, mallory, event):
    for value in NO_CLIENT_ID.values():
        refused(mallory, event, "invalid", roomId=room, clientId=value, **EVENTS[event])
    refused(mallory, event, "too_long", roomId=room, clientId="x" * 65, **EVENTS[event])


@pytest.mark.parametrize("event", ["edit", "delete", "react"])
def test_the_message_that_is_meant(room, mallory, event):
    fields = {name: value for name, value in EVENTS[event].items() if name != "seq"}
    for value in (*NO_NUMBER.values(), LEFT_OUT, None, 0):
        refused(mallory, event, "invalid", roomId=room, seq=value, **fields)
    refused(mallory, event, "not_found", roomId=room, seq=2**53 - 1, **fields)


def test_the_emoji(room, mallory):
    fields = {"roomId": room, "seq": 1, "on": True}
    for value in (*NO_MESSAGE.values(), "a", "<"):
        refused(mallory, "react", "invalid", emoji=value, **fields)
    for value in ("👍" * 17, "x" * 1000):
        refused(mallory, "react", "too_long", emoji=value, **fields)
    fields["emoji"] = "👍"
    for value in (1, "true", [], {}, b"x"):
        refused(mallory, "react", "invalid", **{**fields, "on": value})


@pytest.mark.parametrize(
    ("event", "field"),
    [("join", "since"), ("history", "before"), ("history", "after"), ("history", "limit")],
)
def test_the_numbers_of_a_page(room, mallory, event, field):
    for value in NO_NUMBER.values():
        refused(mallory, event, "invalid", roomId=room, epoch="x", **{field: value})
    if field == "limit":
        for value in (0, 201, 2**31, 2**53 - 1):
            refused(mallory, event, "invalid", roomId=room, limit=value)
    refused(mallory, "history", "invalid", roomId=room, before=5, after=1)


@pytest.mark.parametrize("epoch", [LEFT_OUT, None, 5, [], {}, "", "x" * 10_000, "\ud800", "\0"])
def test_the_epoch(room, mallory, epoch):
    call = {"roomId": room, "since": 1, "epoch": epoch}
    answer = mallory.call("join", **{k: v for k, v in call.items() if v is not LEFT_OUT})
    assert answer["ok"] is True and answer["recovered"] is False


@pytest.mark.parametrize("event", [*EVENTS, "leave", "typing", "watch", "reauth"])
@pytest.mark.parametrize(
    "arguments",
    [(), (None,), ("text",), (5,), (True,), ([],), ([{}],), (b"bytes",), ({}, {}), ({}, "x", 5)],
    ids=repr,
)
def test_anything_but_one_object(room, mallory, event, arguments):
    answer = mallory.emit(event, *arguments)
    assert answer["ok"] is False and answer["error"]["code"] == "invalid"


@pytest.mark.parametrize("event", ["message", "watch", "history"])
def test_one_object_beside_others(room, mallory, event):
    call = {"token": mallory.token, "roomId": room, "message": "x"}
    for arguments in ((call, call), (call, None), ([call],), (json.dumps(call),)):
        assert mallory.emit(event, *arguments)["error"]["code"] == "invalid"


def test_fields_that_nobody_knows_are_ignored(room, mallory):
    junk = {"__proto__": 1, "": None, "x" * 1000: [[[]]], "\ud800": "\ud800", "한글": 10**30}
    assert mallory.call("history", roomId=room, limit=1, **junk)["ok"]


def test_calls_that_want_no_answer_are_carried_out_alike(maru, scene):
    room, (ann, ben, mallory) = scene
    for call in ({}, {"token": mallory.token}, {"token": 5, "roomId": room, "message": "x"}):
        for event in (*EVENTS, "leave", "typing", "watch", "reauth", "nonsense"):
            mallory.io.emit(event, call)
    mallory.io.emit("message", {"token": mallory.token, "roomId": room, "message": "no answer"})
    for client in (ann, ben, mallory):
        client.wait_for_message(message="no answer", sender=mallory.name)
        assert [m["message"] for m in client.messages("TALK") if m["message"] == "x"] == []


WORDS = {
    "html": "<script>alert('x')</script><img src=x onerror=alert(1)>",
    "end of a script": "</script><!--",
    "quotes": "\"double\" 'single' `back` \\ \\n \\u0000",
    "template": "{name}님 %s %(name)s ${x} {{ 7*7 }} {% raw %}",
    "protocol": '"}]42["message",{"type":"CLOSE"}]',
    "json": '{"seq":1,"epoch":"x","type":"CLOSE"}',
    "lines": "one\ntwo\n\n\tthree",
    "separators": "a\u2028b\u2029c",
    "right to left": "\u202egnirts desrever \u2066isolated\u2069",
    "joined emoji": "👩‍👩‍👧‍👦 🏳️‍🌈 🇰🇷 👍🏽",
    "combining": "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L",
    "jamo": "\u1112\u1161\u11ab 한 \u1112",
    "noncharacters": "\ufffe\uffff \U0010ffff \ue000",
    "byte order mark": "\ufeffx\ufeff",
    "longest": "말" * 4000,
    "longest of four bytes": "🧩" * 4000,
}


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS.keys())
def test_words_arrive_as_they_were_said(maru, scene, words):
    room, (ann, ben, mallory) = scene
    seq = mallory.say(room, words)["seq"]
    for client in (ann, ben, mallory):
        assert client.wait_for_message(seq=seq)["message"] == words
    assert ben.call("history", roomId=room, limit=1)["messages"][0]["message"] == words
    assert ann.api.history(room, limit=1)[0]["message"] == words


def test_line_ends_of_windows_are_line_ends(maru, scene):
    room, (_, ben, mallory) = scene
    seq = mallory.say(room, "one\r\ntwo")["seq"]
    assert ben.wait_for_message(seq=seq)["message"] == "one\ntwo"
