"""Acknowledgements of all calls, field by field, as docs/protocol.md describes them."""

import math
import time

import pytest

from tests.live.client import settle

TALK_FIELDS = {
    *("seq", "type", "userCount", "sentAt", "n", "roomId", "sender", "senderId", "message")
}


@pytest.fixture
def talk(person):
    """A room in which ann has said 60 things as a program does: ``(ann, room)``."""
    ann = person("ann")
    room = ann.create_room("Full of words")
    for i in range(1, 61):
        ann.say(room, f"word {i}")
    return ann, room


def seqs(answer):
    return [message["seq"] for message in answer["messages"]]


def test_join(talk, connect):
    ann, room = talk
    answer = connect(ann).join(room)
    assert answer.keys() == {
        *("ok", "room", "role", "userCount", "users", "people", "epoch", "seq", "messages"),
        "more",
        "recovered",
    }
    assert answer["role"] == "owner"
    assert answer["room"] == ann.request("GET", f"/api/rooms/{room}").json()
    assert answer["room"].keys() == {
        *("roomId", "name", "kind", "description", "owner", "ownerId", "private", "encrypted"),
        *("archived", "createdAt", "userCount", "seq", "said", "saidBy", "saidById", "talks"),
        "historyDays",
    }
    assert (answer["userCount"], answer["users"]) == (1, [ann.name])
    assert answer["people"] == {ann.user_id: ann.name}
    assert answer["room"]["userCount"] == 1 and answer["room"]["seq"] == answer["seq"] == 60
    assert answer["recovered"] is False and seqs(answer) == list(range(11, 61))
    assert isinstance(answer["epoch"], str) and answer["epoch"]
    last = answer["messages"][-1]
    assert last.keys() == TALK_FIELDS
    assert (last["type"], last["sender"], last["message"]) == ("TALK", ann.name, "word 60")


def test_join_tells_exactly_what_was_missed(talk, connect):
    ann, room = talk
    epoch = connect(ann).join(room)["epoch"]
    client = connect(ann)
    for since, missed in ((60, []), (59, [60]), (3, list(range(4, 61))), (0, list(range(1, 61)))):
        answer = client.join(room, since=since, epoch=epoch)
        assert answer["recovered"] is True
        assert seqs(answer) == missed


@pytest.mark.parametrize(
    "seen", [{"since": 61}, {"since": 50, "epoch": "another"}, {"since": 50, "epoch": None}]
)
def test_join_never_claims_to_be_whole_when_it_may_not_be(talk, connect, seen):
    ann, room = talk
    client = connect(ann)
    epoch = client.join(room)["epoch"]
    answer = client.join(room, **{"epoch": epoch, **seen})
    assert answer["recovered"] is False
    assert seqs(answer) == list(range(11, 61))


def test_a_second_join_changes_nothing(talk, person, connect):
    ann, room = talk
    client, witness = connect(ann), connect(person("ben"))
    witness.join(room)
    client.join(room)
    settle(room, witness, client)
    for api_client in (client, witness):
        api_client.forget()
    again = client.join(room)
    assert again["userCount"] == 2 and len(again["users"]) == 2
    assert ann.present(room) == {ann.name: 1, witness.name: 1}
    # Not even one that is refused takes somebody out who is in.
    assert client.refusal("join", roomId=room, since="yesterday") == "invalid"
    settle(room, witness, client)
    assert client.messages() == witness.messages() == []
    assert client.leave(room) == {"ok": True, "userCount": 1}


def test_leave(talk, person, connect):
    ann, room = talk
    client = connect(ann)
    other = connect(person("ben"))
    client.join(room)
    other.join(room)
    assert client.leave(room) == {"ok": True, "userCount": 1}
    assert client.refusal("leave", roomId=room) == "not_joined"
    assert client.join(room)["userCount"] == 2


def test_message(talk, connect):
    ann, room = talk
    client = connect(ann)
    client.join(room)
    answer = client.say(room, "word 61", clientId="a-name_1")
    assert answer.keys() == {"ok", "seq", "sentAt", "userCount"}
    assert (answer["seq"], answer["userCount"]) == (61, 1)
    heard = client.wait_for_message(seq=61)
    assert heard == {
        "seq": 61,
        "type": "TALK",
        "userCount": 1,
        "sentAt": answer["sentAt"],
        "n": 61,
        "roomId": room,
        "sender": ann.name,
        "senderId": ann.user_id,
        "message": "word 61",
        "clientId": "a-name_1",
    }
    assert client.call("history", roomId=room, limit=1)["messages"] == [heard]


@pytest.mark.parametrize(
    ("window", "expected", "more"),
    [
        ({}, range(11, 61), True),
        ({"limit": 1}, range(60, 61), True),
        ({"limit": 60}, range(1, 61), False),
        ({"limit": 200}, range(1, 61), False),
        ({"before": 11}, range(1, 11), False),
        ({"before": 11, "limit": 4}, range(7, 11), True),
        ({"before": 1}, [], False),
        ({"before": 0}, [], False),
        ({"before": 10**15, "limit": 2}, range(59, 61), True),
        ({"after": 0, "limit": 5}, range(1, 6), True),
        ({"after": 55}, range(56, 61), False),
        ({"after": 60}, [], False),
        ({"after": 10**15}, [], False),
    ],
)
def test_history(talk, connect, window, expected, more):
    ann, room = talk
    answer = connect(ann).call("history", roomId=room, **window)
    assert answer.pop("ok") is True
    assert (seqs(answer), answer["more"], answer["seq"]) == (list(expected), more, 60)
    over_http = ann.request("GET", f"/api/rooms/{room}/messages", params=window)
    assert answer == over_http.json()


def test_history_around_a_message(talk, connect):
    ann, room = talk
    client = connect(ann)
    answer = client.call("history", roomId=room, around=20, limit=5)
    assert answer.pop("ok") is True
    assert seqs(answer) == [18, 19, 20, 21, 22]
    assert answer.keys() == {"messages", "epoch", "seq", "moreBefore", "moreAfter"}
    assert answer["moreBefore"] is answer["moreAfter"] is True
    window = {"around": 20, "limit": 5}
    over_http = ann.request("GET", f"/api/rooms/{room}/messages", params=window)
    assert answer == over_http.json()
    newest = client.call("history", roomId=room, around=60, limit=5)
    assert (newest["moreBefore"], newest["moreAfter"]) == (True, False)
    assert client.refusal("history", roomId=room, around=20, before=3) == "invalid"


def test_reauth(person, connect):
    ann = person("ann")
    client = connect(ann)
    begun = time.monotonic()
    answer = client.emit("reauth", {"token": ann.log_in()["accessToken"]})
    # Whole seconds, of which some may have passed on the way.
    least = 900 - math.ceil(time.monotonic() - begun) - 1
    assert answer["ok"] and least <= answer["expiresIn"] <= 900


def test_watch(talk, person, connect):
    ann, room = talk
    client = connect(ann)
    client.join(room)
    listed = connect(person("ben")).call("watch")["rooms"]
    assert listed[0] == {
        "roomId": room,
        "name": "Full of words",
        "kind": "open",
        "private": False,
        "encrypted": False,
        "archived": False,
        "userCount": 1,
        "seq": 60,
        "said": 60,
        "saidBy": ann.name,
        "saidById": ann.user_id,
        "talks": 60,
    }
    assert len(listed) <= 100


def test_long_polling_is_answered_alike(person, connect):
    ann, ben = person("ann"), person("ben")
    room = ann.create_room()
    witness, client = connect(ben), connect(ann, transport="polling")
    witness.join(room)
    assert client.join(room)["userCount"] == 2
    said = client.say(room, "over long polling")
    assert witness.wait_for_message(message="over long polling")["seq"] == said["seq"]
    witness.say(room, "heard you")
    client.wait_for_message(message="heard you", sender=ben.name)
    client.close()
    witness.wait_for_message(type="QUIT", sender=ann.name)
