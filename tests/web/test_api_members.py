"""The HTTP API of members, roles, bans, direct rooms, and what a room is to oneself."""

import pytest

from tests.web.answers import refused

PERSON = {"userId", "name", "displayName", "role"}


def members(client, room):
    return {m["name"]: m["role"] for m in client.get(f"{room}/members").json["members"]}


def test_roles_are_given_over_the_api(bora, bot, hall):
    dan = bot("dan")
    assert bora.put(f"{hall}/members/dan", json={"role": "moderator"}).status_code == 204
    assert members(dan, hall) == {"bora": "owner", "dan": "moderator"}
    assert refused(dan.put(f"{hall}/members/dan", json={"role": "owner"}), 403, "forbidden")
    assert refused(bora.put(f"{hall}/members/dan", json={"role": "king"}), 400, "invalid")
    assert refused(bora.put(f"{hall}/members/dan", json=["role"]), 400, "invalid")
    assert bora.put(f"{hall}/members/dan", json={"role": "owner"}).status_code == 204
    assert members(dan, hall) == {"bora": "moderator", "dan": "owner"}


def test_people_are_named_by_id_and_by_name_in_any_case(bora, bot, register, hall):
    dan = register("Dan")
    for given in (dan.user_id, "DAN"):
        assert bora.put(f"{hall}/members/{given}").status_code == 204
        assert members(bora, hall) == {"bora": "owner", "Dan": "member"}
        assert bora.delete(f"{hall}/members/{given}").status_code == 204
        assert members(bora, hall) == {"bora": "owner"}
        assert refused(bora.delete(f"{hall}/members/{given}"), 404, "not_found")


def test_members_come_in_pages_by_name(bora, register, hall):
    for number in range(5):
        register(f"person{number}")
        bora.put(f"{hall}/members/person{number}")
    found, cursor = [], ""
    while cursor is not None:
        page = bora.get(f"{hall}/members", query_string={"limit": 2, "cursor": cursor}).json
        assert len(page["members"]) <= 2
        assert all(set(member) == PERSON for member in page["members"])
        found += [member["name"] for member in page["members"]]
        cursor = page["next"]
    assert found == ["bora", *(f"person{number}" for number in range(5))]


@pytest.mark.parametrize(
    "query",
    [{"limit": "0"}, {"limit": "201"}, {"limit": "x"}, {"cursor": "x"}, {"cursor": "-1"},
     {"cursor": "9" * 400}, {"cursor": "²"}],
    ids=str,
)  # fmt: skip
def test_pages_of_members_that_cannot_be(bora, hall, query):
    assert refused(bora.get(f"{hall}/members", query_string=query), 400, "invalid")


def test_a_muted_member_is_refused_until_that_is_over(bora, bot, hall):
    dan = bot("dan")
    said = f"{hall}/messages"
    assert bora.put(f"{hall}/members/dan", json={"mutedUntil": 4 * 10**12}).status_code == 204
    assert refused(dan.post(said, json={"message": "hi"}), 403, "forbidden")
    assert dan.get(said).status_code == 200
    own = dan.get("/api/me/rooms").json["rooms"][0]["membership"]
    assert own["mutedUntil"] == 4 * 10**12
    assert refused(bora.put(f"{hall}/members/dan", json={"mutedUntil": "x"}), 400, "invalid")
    assert bora.put(f"{hall}/members/dan", json={"mutedUntil": 0}).status_code == 204
    assert dan.post(said, json={"message": "hi"}).status_code == 201


def test_bans_are_listed_and_lifted(bora, bot, hall):
    dan = bot("dan")
    assert bora.put(f"{hall}/bans/dan").status_code == 204
    [banned] = bora.get(f"{hall}/bans").json["banned"]
    assert (banned["name"], banned["until"], set(banned)) == ("dan", None, {*PERSON, "until"})
    for path in (hall, f"{hall}/messages", f"{hall}/users", f"{hall}/members", f"{hall}/bans"):
        assert refused(dan.get(path), 403, "forbidden")
    assert refused(dan.put(f"{hall}/members/dan"), 403, "forbidden")
    assert refused(dan.delete(f"{hall}/bans/dan"), 403, "forbidden")
    assert bora.put(f"{hall}/bans/dan", json={"until": 4 * 10**12}).status_code == 204
    assert bora.get(f"{hall}/bans").json["banned"][0]["until"] == 4 * 10**12
    for until in (0, "x", -1, 1.5):
        assert refused(bora.put(f"{hall}/bans/dan", json={"until": until}), 400, "invalid")
    assert bora.delete(f"{hall}/bans/dan").status_code == 204
    assert bora.get(f"{hall}/bans").json == {"banned": []}
    assert dan.get(hall).status_code == 200
    assert refused(dan.get(f"{hall}/bans"), 403, "forbidden")


def test_a_room_is_described_and_archived(bora, bot, hall):
    changed = bora.patch(hall, json={"description": " 점심 이야기 ", "archived": True}).json
    assert (changed["description"], changed["archived"]) == ("점심 이야기", True)
    assert changed == bora.get(hall).json
    assert refused(bora.post(f"{hall}/messages", json={"message": "hi"}), 409, "conflict")
    assert bora.patch(hall, json={"archived": False, "description": ""}).json["description"] == ""
    for body in ({}, {"archived": "yes"}, {"description": 5}, {"description": "a\0"}):
        assert refused(bora.patch(hall, json=body), 400, "invalid")
    assert refused(bora.patch(hall, json={"description": "x" * 501}), 413, "too_long")
    assert refused(bot("dan").patch(hall, json={"archived": True}), 403, "forbidden")


def test_direct_rooms(bora, bot, register):
    dan = bot("dan")
    cho = register("Cho")
    made = bora.post("/api/direct", json={"people": ["dan", cho.user_id]})
    assert (made.status_code, made.json["kind"], made.json["private"]) == (201, "direct", True)
    again = dan.post("/api/direct", json={"people": ["cho", "bora"]})
    assert (again.status_code, again.json["roomId"]) == (200, made.json["roomId"])
    [own] = dan.get("/api/me/rooms").json["rooms"]
    assert {person["name"] for person in own["people"]} == {"bora", "dan", "Cho"}
    assert own["membership"]["role"] == "member"
    for body in ({}, {"people": []}, {"people": ["dan"] * 9}, {"people": "dan"}, {"people": [5]}):
        assert refused(bora.post("/api/direct", json=body), 400, "invalid")
    assert refused(bora.post("/api/direct", json={"people": ["nobody"]}), 404, "not_found")


def test_ones_own_rooms(bora, bot, hall, attic):
    dan = bot("dan")
    dan.post("/api/rooms", json={"name": "not hers"})
    bora.post(f"{hall}/messages", json={"message": "hi"})
    listed = bora.get("/api/me/rooms").json["rooms"]
    assert [room["name"] for room in listed] == ["hall", "attic"]
    assert all("people" not in room for room in listed)
    assert listed[0]["membership"]["roomId"] == listed[0]["roomId"]
    for room in listed:
        kept = {k: v for k, v in room.items() if k != "membership"}
        assert kept == bora.get(f"/api/rooms/{room['roomId']}").json
    assert [room["name"] for room in dan.get("/api/me/rooms").json["rooms"]] == ["not hers"]


def test_level_star_and_read_mark(bora, bot, hall):
    own = bora.patch(f"{hall}/membership", json={"level": "mentions", "starred": True}).json
    assert (own["level"], own["starred"], own["role"]) == ("mentions", True, "owner")
    bora.post(f"{hall}/messages", json={"message": "hi"})
    assert bora.put(f"{hall}/read", json={"seq": 1}).json == {**own, "read": 1}
    assert bora.put(f"{hall}/read", json={"seq": 0}).json["read"] == 0
    assert bora.get("/api/me/rooms").json["rooms"][0]["membership"] == own
    for body in ({"level": "some"}, {"starred": 1}):
        assert refused(bora.patch(f"{hall}/membership", json=body), 400, "invalid")
    for body in ({}, {"seq": "1"}, {"seq": -1}):
        assert refused(bora.put(f"{hall}/read", json=body), 400, "invalid")
    dan = bot("dan")
    assert refused(dan.patch(f"{hall}/membership", json={"starred": True}), 404, "not_found")
    assert refused(dan.put(f"{hall}/read", json={"seq": 1}), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/bans"), ("PUT", "/bans/bora"), ("DELETE", "/bans/bora"), ("PUT", "/read"),
     ("PATCH", "/membership"), ("POST", "/members/refuse"), ("PUT", "/members/dan")],
)  # fmt: skip
def test_strangers_learn_nothing_of_a_private_room(bot, attic, method, path):
    answer = bot("dan").open(f"{attic}{path}", method=method, json={"seq": 1, "starred": True})
    assert refused(answer, 404, "not_found")


def test_all_of_it_is_for_those_with_a_token(client, hall):
    for method, path in (
        ("GET", "/api/me/rooms"), ("POST", "/api/direct"), ("GET", f"{hall}/bans"),
        ("PUT", f"{hall}/read"), ("PATCH", f"{hall}/membership"), ("PUT", f"{hall}/members/bora"),
    ):  # fmt: skip
        answer = client.open(path, method=method, headers={"Authorization": ""})
        assert answer.status_code == 401
