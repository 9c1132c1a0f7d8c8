"""The HTTP API of rooms, and who is in them."""

import time

import pytest

from chat import people
from tests.waiting import eventually
from tests.web.answers import refused

ROOM_FIELDS = {
    "roomId", "name", "kind", "description", "owner", "ownerId", "private", "encrypted",
    "archived", "createdAt", "userCount", "seq", "said", "saidBy", "saidById", "talks",
    "historyDays",
}  # fmt: skip


def test_a_new_room(bora):
    response = bora.post("/api/rooms", json={"name": " 마루 ", "unknown": 1})
    assert response.status_code == 201
    room = response.json
    assert set(room) == ROOM_FIELDS
    assert (room["name"], room["owner"]) == ("마루", "bora")
    assert (room["private"], room["encrypted"]) == (False, False)
    assert (room["userCount"], room["seq"]) == (0, 0)
    assert bora.get(f"/api/rooms/{room['roomId']}").json == room
    assert bora.get("/api/rooms").json == {"rooms": [room], "next": None}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": None},
        {"name": 7},
        {"name": ["hall"]},
        {"name": ""},
        {"name": "a\0b"},
        {"name": "hall", "private": "yes"},
        {"name": "hall", "encrypted": 1},
    ],
)
def test_rooms_that_cannot_be(bora, body):
    assert refused(bora.post("/api/rooms", json=body), 400, "invalid")
    assert bora.get("/api/rooms").json["rooms"] == []


def test_a_room_whose_name_is_too_long_is_told_how_long_it_may_be(bora):
    answer = bora.post("/api/rooms", json={"name": "x" * 81})
    assert refused(answer, 413, "too_long")
    assert answer.json["error"]["max"] == 80


def test_rooms_are_listed_by_activity_in_pages(bora):
    ids = [bora.post("/api/rooms", json={"name": f"room {i}"}).json["roomId"] for i in range(5)]
    # The order is exact to a millisecond.
    made = bora.get(f"/api/rooms/{ids[-1]}").json["createdAt"]
    eventually(lambda: time.time_ns() // 1_000_000 > made)
    bora.post(f"/api/rooms/{ids[0]}/messages", json={"message": "hello"})
    listed, cursor = [], ""
    while cursor is not None:
        page = bora.get("/api/rooms", query_string={"limit": 2, "cursor": cursor}).json
        assert len(page["rooms"]) <= 2
        listed += [room["roomId"] for room in page["rooms"]]
        cursor = page["next"]
    assert listed[0] == ids[0]
    assert sorted(listed) == sorted(ids)


def test_rooms_are_found_by_name(bora):
    for name in ("Kitchen", "Garden"):
        bora.post("/api/rooms", json={"name": name})
    found = bora.get("/api/rooms?q=KITCH").json["rooms"]
    assert [room["name"] for room in found] == ["Kitchen"]


@pytest.mark.parametrize("cursor", ["x", "1-", "-", "\0", "9" * 500])
def test_a_cursor_that_is_none_of_ours(bora, cursor):
    response = bora.get("/api/rooms", query_string={"cursor": cursor})
    assert refused(response, 400, "invalid")


@pytest.mark.parametrize("room_id", ["nope", "a" * 40, "%00", "보라", "a%20b", "*", "..%2f.."])
@pytest.mark.parametrize("rest", ["", "/users", "/members", "/messages"])
def test_rooms_that_do_not_exist(bora, room_id, rest):
    assert refused(bora.get(f"/api/rooms/{room_id}{rest}"), 404, "not_found")


def test_renaming_a_room(bora, hall):
    response = bora.patch(hall, json={"name": "great hall"})
    assert response.status_code == 200
    assert response.json["name"] == bora.get(hall).json["name"] == "great hall"
    assert refused(bora.patch(hall, json={"name": ""}), 400, "invalid")


def test_deleting_a_room(bora, hall):
    response = bora.delete(hall)
    assert (response.status_code, response.data) == (204, b"")
    assert refused(bora.get(hall), 404, "not_found")
    assert refused(bora.delete(hall), 404, "not_found")


def test_only_owner_and_admin_change_a_room(bot, bora, hall):
    dan = bot("dan")
    assert refused(dan.patch(hall, json={"name": "mine"}), 403, "forbidden")
    assert refused(dan.delete(hall), 403, "forbidden")
    root = bot("root", role="admin")
    assert root.patch(hall, json={"name": "tidy"}).status_code == 200
    assert root.delete(hall).status_code == 204


def test_who_is_here(app, bora, hall, store):
    assert bora.get(f"{hall}/users").json == {"users": [], "userCount": 0}
    conversation, user = app.extensions["maru"].conversation, people.find(store, "bora")
    for session in ("laptop", "phone"):
        conversation.join(user, hall.rpartition("/")[2], session)
    answer = bora.get(f"{hall}/users").json
    here = {"name": "bora", "userId": user.user_id, "connections": 2}
    assert answer == {"users": [here], "userCount": 1}
    assert bora.get(hall).json["userCount"] == 1


def test_a_private_room_does_not_exist_for_others(bot, attic):
    dan = bot("dan")
    for path in (attic, f"{attic}/users", f"{attic}/messages", f"{attic}/members"):
        assert refused(dan.get(path), 404, "not_found")
    assert refused(dan.post(f"{attic}/messages", json={"message": "x"}), 404, "not_found")
    assert refused(dan.put(f"{attic}/members/dan"), 404, "not_found")
    assert dan.get("/api/rooms").json["rooms"] == []


def test_members_of_a_private_room(bot, bora, attic):
    dan = bot("dan")
    assert bora.put(f"{attic}/members/dan").status_code == 204
    listed = dan.get(f"{attic}/members").json
    roles = [(member["name"], member["role"]) for member in listed["members"]]
    assert (roles, listed["next"]) == ([("bora", "owner"), ("dan", "member")], None)
    assert refused(dan.put(f"{attic}/members/bora"), 403, "forbidden")
    assert refused(dan.delete(f"{attic}/members/bora"), 403, "forbidden")
    assert dan.delete(f"{attic}/members/dan").status_code == 204
    assert refused(dan.get(attic), 404, "not_found")


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [("nobody", 404, "not_found"), ("x", 400, "invalid"), ("%00%00", 400, "invalid")],
)
def test_members_that_cannot_be(bora, attic, name, status, code):
    assert refused(bora.put(f"{attic}/members/{name}"), status, code)
    assert refused(bora.delete(f"{attic}/members/{name}"), status, code)


def test_everybody_may_become_a_member_of_an_open_room_and_add_nobody_else(bot, bora, hall):
    dan = bot("dan")
    bot("eve")
    assert [member["name"] for member in dan.get(f"{hall}/members").json["members"]] == ["bora"]
    for _ in range(2):
        assert dan.put(f"{hall}/members/dan").status_code == 204
    assert refused(dan.put(f"{hall}/members/eve"), 403, "forbidden")
    names = [member["name"] for member in bora.get(f"{hall}/members").json["members"]]
    assert names == ["bora", "dan"]


def test_the_owner_stays_in_a_private_room(bora, attic):
    assert refused(bora.delete(f"{attic}/members/bora"), 409, "conflict")


def test_the_owner_says_how_long_messages_are_kept(bora, bot, hall):
    assert bora.patch(hall, json={"historyDays": 30}).json["historyDays"] == 30
    assert bora.get(hall).json["historyDays"] == 30
    for wrong in (-1, "30", 36_501, 1.5, True):
        assert refused(bora.patch(hall, json={"historyDays": wrong}), 400, "invalid")
    dan = bot("dan")
    assert bora.put(f"{hall}/members/dan", json={"role": "moderator"}).status_code == 204
    assert refused(dan.patch(hall, json={"historyDays": 1}), 403, "forbidden")
    assert dan.patch(hall, json={"description": "x"}).json["historyDays"] == 30
    assert bora.patch(hall, json={"historyDays": 0}).json["historyDays"] == 0
