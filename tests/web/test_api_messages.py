"""The HTTP API of messages."""

import json

import pytest

from chat import people
from tests.web.answers import refused


def test_saying_something(bora, hall, store):
    response = bora.post(f"{hall}/messages", json={"message": '안녕 "<b>"\n\t😀'})
    assert response.status_code == 201
    said = response.json
    assert set(said) == {"seq", "sentAt", "userCount"}
    page = bora.get(f"{hall}/messages").json
    assert page["messages"] == [
        {
            "type": "TALK",
            "roomId": hall.rpartition("/")[2],
            "n": 1,
            "sender": "bora",
            "senderId": people.id_of_name(store, "bora"),
            "message": '안녕 "<b>"\n\t😀',
            **said,
        }
    ]
    assert set(page) == {"messages", "epoch", "seq", "more"}
    assert (page["seq"], page["more"]) == (1, False)
    assert page["epoch"]


def test_fields_of_the_server_cannot_be_forged(bora, hall):
    forged = {"type": "ENTER", "sender": "dan", "userCount": 99, "seq": 7, "sentAt": 1}
    said = bora.post(f"{hall}/messages", json={"message": "hello", **forged}).json
    stored = bora.get(f"{hall}/messages").json["messages"][0]
    assert (stored["type"], stored["sender"]) == ("TALK", "bora")
    assert (stored["seq"], stored["userCount"]) == (1, 0)
    assert stored["sentAt"] == said["sentAt"] > 1


def test_the_same_client_id_stores_once(bora, bot, hall):
    body = {"message": "once", "clientId": "7d1f-1"}
    answers = [bora.post(f"{hall}/messages", json=body).json for _ in range(3)]
    assert [answer["seq"] for answer in answers] == [1, 1, 1]
    assert bot("dan").post(f"{hall}/messages", json=body).json["seq"] == 2
    stored = bora.get(f"{hall}/messages").json["messages"]
    assert [message["clientId"] for message in stored] == ["7d1f-1", "7d1f-1"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "invalid"),
        ({"message": None}, 400, "invalid"),
        ({"message": 7}, 400, "invalid"),
        ({"message": ["a"]}, 400, "invalid"),
        ({"message": {"a": 1}}, 400, "invalid"),
        ({"message": ""}, 400, "invalid"),
        ({"message": " \n\t"}, 400, "invalid"),
        ({"message": "a\0b"}, 400, "invalid"),
        ({"message": "\x1b[31m"}, 400, "invalid"),
        ({"message": "x" * 4001}, 413, "too_long"),
        ({"message": "a", "clientId": 7}, 400, "invalid"),
        ({"message": "a", "clientId": ""}, 400, "invalid"),
        ({"message": "a", "clientId": "x" * 500}, 413, "too_long"),
    ],
)
def test_messages_that_cannot_be(bora, hall, body, status, code):
    assert refused(bora.post(f"{hall}/messages", json=body), status, code)
    assert bora.get(f"{hall}/messages").json["messages"] == []


def test_pages_of_messages(bora, hall):
    for i in range(1, 8):
        bora.post(f"{hall}/messages", json={"message": str(i)})

    def page(query):
        answer = bora.get(f"{hall}/messages{query}").json
        assert answer["seq"] == 7
        return [message["seq"] for message in answer["messages"]], answer["more"]

    assert page("") == ([1, 2, 3, 4, 5, 6, 7], False)
    assert page("?limit=3") == ([5, 6, 7], True)
    assert page("?before=5&limit=3") == ([2, 3, 4], True)
    assert page("?before=2") == ([1], False)
    assert page("?before=0") == ([], False)
    assert page("?after=0&limit=2") == ([1, 2], True)
    assert page("?after=5") == ([6, 7], False)
    assert page("?after=9007199254740990") == ([], False)


def test_the_messages_around_one(bora, hall):
    for i in range(1, 8):
        bora.post(f"{hall}/messages", json={"message": str(i)})

    def around(query):
        answer = bora.get(f"{hall}/messages?around={query}").json
        assert set(answer) == {"messages", "epoch", "seq", "moreBefore", "moreAfter"}
        seqs = [message["seq"] for message in answer["messages"]]
        return seqs, answer["moreBefore"], answer["moreAfter"]

    assert around("4&limit=3") == ([3, 4, 5], True, True)
    assert around("1&limit=4") == ([1, 2], False, True)
    assert around("7&limit=4") == ([4, 5, 6, 7], True, False)
    assert around("4") == ([1, 2, 3, 4, 5, 6, 7], False, False)
    for query in ("around=4&before=5", "around=4&after=2", "around=x", "around=4&limit=201"):
        assert refused(bora.get(f"{hall}/messages?{query}"), 400, "invalid")


def test_one_message(bora, bot, hall):
    for i in range(1, 4):
        bora.post(f"{hall}/messages", json={"message": str(i)})
    bora.patch(f"{hall}/messages/2", json={"message": "changed"})
    bora.delete(f"{hall}/messages/3")
    one = bora.get(f"{hall}/messages/2").json
    assert one == bora.get(f"{hall}/messages").json["messages"][1]
    assert one["message"] == "changed" and one["editedAt"] > 0
    for seq in ("3", "4", "5", "99", "0", "x", "9" * 20):
        assert refused(bora.get(f"{hall}/messages/{seq}"), 404, "not_found")
    private = bora.post("/api/rooms", json={"name": "Secret", "private": True}).json["roomId"]
    bora.post(f"/api/rooms/{private}/messages", json={"message": "hush"})
    assert refused(bot("dan").get(f"/api/rooms/{private}/messages/1"), 404, "not_found")
    assert refused(bot("dan").get(f"/api/rooms/{private}/messages?around=1"), 404, "not_found")


def test_messages_are_valid_json_byte_for_byte(bora, hall):
    bora.post(f"{hall}/messages", json={"message": 'quote " backslash \\ 한글'})
    data = bora.get(f"{hall}/messages").data
    assert json.loads(data)["messages"][0]["message"] == 'quote " backslash \\ 한글'
    assert "한글".encode() in data


def test_talking_too_fast(app_with, token, hall):
    hasty = app_with(MESSAGE_RATE="1").test_client()
    hasty.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token('dan')}"
    statuses = []
    while 429 not in statuses:
        response = hasty.post(f"{hall}/messages", json={"message": "hello"})
        statuses.append(response.status_code)
    assert refused(response, 429, "rate_limited")
    assert 1 <= int(response.headers["Retry-After"]) <= 10
