"""Rooms: listed by activity, found by name, and hidden from strangers if they are private."""

import pytest

from chat import presence, room_directory, room_lifecycle, room_members, rooms
from chat.conversation import Conversation
from chat.errors import Conflict, Forbidden, Invalid, NotFound
from chat.limits import Limits
from tests.conftest import somebody

ANN = somebody("Ann")
BEN = somebody("Ben")
ADA = somebody("Ada", "admin")
GUEST = somebody("Gus", "guest")


@pytest.fixture
def people(store):
    for user in (ANN, BEN, ADA):
        store.redis.hset(
            f"maru:person:{user.user_id}",
            mapping={"name": user.name, "role": user.role, "createdAt": 0},
        )
        store.redis.hset("maru:names", user.folded, user.user_id)


def set_activity(store, scores):
    """Have these rooms been active at these times."""
    store.redis.zadd("maru:rooms", scores)
    store.redis.zadd("maru:open-rooms", scores, xx=True)


def names(page):
    return [room.name for room in page[0]]


def members(store, room):
    return [member.name for member in store.ask(room_members.listed(room.room_id))]


def test_a_new_room_is_listed_with_its_wire_form(store):
    room = room_lifecycle.create(store, ANN, " Plans ")
    assert room_directory.page(store, BEN) == ([room], None)
    assert rooms.access(store, BEN, room.room_id).room == room
    assert room.wire() == {
        "roomId": room.room_id,
        "name": "Plans",
        "kind": "open",
        "description": "",
        "owner": "Ann",
        "ownerId": ANN.user_id,
        "private": False,
        "encrypted": False,
        "archived": False,
        "createdAt": room.created_at,
        "userCount": 0,
        "seq": 0,
        "said": 0,
        "saidBy": "",
        "saidById": "",
        "talks": 0,
    }


def test_the_room_is_a_redis_hash_as_documented(store):
    room = room_lifecycle.create(store, ANN, "Plans", encrypted=True)
    stored = store.redis.hgetall(f"maru:room:{{{room.room_id}}}")
    assert stored[b"name"] == b"Plans" and stored[b"userCount"] == b"0"
    assert stored[b"private"] == b"0" and stored[b"encrypted"] == b"1"
    assert stored[b"kind"] == b"open" and stored[b"ownerId"].decode() == ANN.user_id


def test_rooms_are_sorted_by_their_last_message(store):
    one, two = room_lifecycle.create(store, ANN, "one"), room_lifecycle.create(store, ANN, "two")
    set_activity(store, {one.room_id: 1, two.room_id: 2})
    assert names(room_directory.page(store, ANN)) == ["two", "one"]
    Conversation(store, Limits()).talk(ANN, one.room_id, "hi")
    assert names(room_directory.page(store, ANN)) == ["one", "two"]
    assert rooms.access(store, ANN, one.room_id).room.seq == 1


def test_pages_follow_each_other_without_hole_or_double(store):
    for i in range(25):
        room_lifecycle.create(store, ANN, f"room {i}")
    # Many of the same score, as after a restore.
    for room_id in store.redis.zrange("maru:rooms", 0, 14):
        set_activity(store, {room_id: 5})
    seen, cursor = [], ""
    while cursor is not None:
        page, cursor = room_directory.page(store, ANN, cursor=cursor, limit=4)
        assert page
        seen += [room.room_id for room in page]
    assert len(seen) == len(set(seen)) == 25


def test_a_search_looks_into_names_in_any_case(store):
    for name in ("Plans", "plan b", "Lunch"):
        room_lifecycle.create(store, ANN, name)
    assert set(names(room_directory.page(store, ANN, q="PLAN"))) == {"plan b", "Plans"}
    first, cursor = room_directory.page(store, ANN, q="plan", limit=1)
    second, end = room_directory.page(store, ANN, q="plan", limit=1, cursor=cursor)
    assert {first[0].name, second[0].name} == {"plan b", "Plans"} and end is None


@pytest.mark.parametrize("cursor", ["x", "1", "1-", "-a", "1.5-a", "9" * 17 + "-a", "1-a b", "²-a"])
def test_a_bad_cursor_is_refused(store, cursor):
    with pytest.raises(Invalid):
        room_directory.page(store, ANN, cursor=cursor)


@pytest.mark.parametrize("room_id", ["nope", "", "a b", "{x}", "../x", "x" * 1000])
def test_an_unknown_room_is_not_found(store, room_id):
    with pytest.raises(NotFound):
        rooms.access(store, ANN, room_id)


def test_guests_get_nowhere(store):
    room = room_lifecycle.create(store, ANN, "Plans")
    for attempt in (
        lambda: rooms.access(store, GUEST, room.room_id),
        lambda: room_lifecycle.create(store, GUEST, "Mine"),
        lambda: room_directory.page(store, GUEST),
    ):
        with pytest.raises(Forbidden):
            attempt()


def test_a_private_room_is_there_for_its_members_only(store, people, room_management):
    room = room_lifecycle.create(store, ANN, "Secret", private=True)
    assert names(room_directory.page(store, ANN)) == ["Secret"]
    for stranger in (BEN, ADA):
        assert names(room_directory.page(store, stranger)) == []
        with pytest.raises(NotFound):
            rooms.access(store, stranger, room.room_id)
    room_management.set_member(ANN, room.room_id, "ben")
    assert members(store, room) == ["Ann", "Ben"]
    assert names(room_directory.page(store, BEN)) == ["Secret"]
    assert rooms.access(store, BEN, room.room_id)
    with pytest.raises(Forbidden):
        room_management.set_member(BEN, room.room_id, "Ada")
    room_management.remove(ANN, room.room_id, "BEN")
    assert names(room_directory.page(store, BEN)) == []
    with pytest.raises(NotFound):
        rooms.access(store, BEN, room.room_id)


def test_members_come_and_go_by_rules(store, people, room_management):
    room = room_lifecycle.create(store, ANN, "Secret", private=True)
    with pytest.raises(NotFound):
        room_management.set_member(ANN, room.room_id, "Nobody")
    with pytest.raises(Conflict):
        room_management.remove(ANN, room.room_id, "Ann")
    room_management.set_member(ANN, room.room_id, "Ben")
    room_management.remove(BEN, room.room_id, "ben")
    assert members(store, room) == ["Ann"]
    public = room_lifecycle.create(store, ANN, "Open")
    room_management.set_member(ANN, public.room_id, "Ben")
    assert members(store, public) == ["Ann", "Ben"]
    with pytest.raises(Forbidden):
        room_management.set_member(BEN, public.room_id, "Ada")


def test_only_owner_and_admins_change_a_room(store, people, room_management):
    room = room_lifecycle.create(store, ANN, "Plans")
    with pytest.raises(Forbidden):
        room_management.change(BEN, room.room_id, "Mine")
    assert room_management.change(ANN, room.room_id, "Ours").name == "Ours"
    assert room_management.change(ADA, room.room_id, "Theirs").name == "Theirs"
    with pytest.raises(Invalid):
        room_management.change(ANN, room.room_id, "")
    assert rooms.access(store, ANN, room.room_id).room.name == "Theirs"


def test_a_closed_room_leaves_nothing_behind(store, people, room_management, conversation):
    room = room_lifecycle.create(store, ANN, "Secret", private=True)
    conversation.join(ANN, room.room_id, "s1")
    conversation.talk(ANN, room.room_id, "hi", sid="s1")
    room_management.set_member(ANN, room.room_id, "Ben")
    with pytest.raises(Forbidden):
        room_management.close(BEN, room.room_id)
    room_management.close(ANN, room.room_id)
    with pytest.raises(NotFound):
        conversation.talk(ANN, room.room_id, "hi", sid="s1")
    assert room_directory.page(store, ANN) == ([], None)
    presence.reap(store, presence.Timing(), "en")
    # The follower of the archive has to know of the room still.
    passing = (b":sent:", b":closed", b":rate:", b"{presence}:reaped", b":unpurged")
    keys = store.redis.scan_iter("maru:*")
    left = {key.decode() for key in keys if not any(part in key for part in passing)}
    accounts = {f"maru:person:{person.user_id}" for person in (ANN, BEN, ADA)}
    assert left == {"maru:version", "maru:names", "maru:room-names", *accounts}
    assert store.redis.zcard("maru:room-names") == 1, "the mark that the index is there"


def test_a_search_finds_a_room_among_many_in_one_call(store):
    wanted = [
        room_lifecycle.create(store, ANN, name) for name in ("Needle", "회의: 점심회의는 금요일")
    ]
    for number in range(1500):
        room_lifecycle.create(store, BEN, f"Room {number}")
    set_activity(store, {room.room_id: 1 for room in wanted})
    for q, room in (("needle", 0), ("EEDL", 0), ("e", 0), ("회의는", 1), ("심", 1), ("1499", None)):
        found, cursor = room_directory.page(store, BEN, q=q)
        expected = "Room 1499" if room is None else wanted[room].name
        assert (names((found, None)), cursor) == ([expected], None)


def test_a_search_that_very_many_rooms_match_looks_at_so_many_at_a_time(store, monkeypatch):
    monkeypatch.setattr(room_directory, "MATCHES", 100)
    wanted = room_lifecycle.create(store, ANN, "Meeting room")
    for number in range(2500):
        room_lifecycle.create(store, BEN, f"Meeting {number}")
    set_activity(store, {wanted.room_id: 1})
    found, cursor, calls = [], "", 0
    while cursor is not None:
        page, cursor = room_directory.page(store, BEN, q="meeting r", cursor=cursor)
        found += page
        calls += 1
    assert names((found, None)) == ["Meeting room"] and calls == 1
    first, cursor = room_directory.page(store, BEN, q="meeting", limit=200)
    assert len(first) == 200 and cursor


def test_a_room_is_found_by_its_new_name_only(store, room_management):
    room = room_lifecycle.create(store, ANN, "Plans")
    room_management.change(ANN, room.room_id, "Lunch")
    assert names(room_directory.page(store, BEN, q="lun")) == ["Lunch"]
    assert names(room_directory.page(store, BEN, q="plan")) == []
    room_management.change(ANN, room.room_id, "Lunch plans")
    assert names(room_directory.page(store, BEN, q="plan")) == ["Lunch plans"]


def test_rooms_of_an_older_store_are_listed_and_found(store):
    made = [room_lifecycle.create(store, ANN, f"Room {number}") for number in range(700)]
    room_lifecycle.create(store, ANN, "Room of mine", private=True)
    store.redis.delete("maru:open-rooms", "maru:room-names")
    assert [room.room_id for room in room_directory.page(store, BEN)[0]] == [
        room.room_id for room in sorted(made, key=lambda r: (r.created_at, r.room_id))[:-51:-1]
    ]
    assert names(room_directory.page(store, BEN, q="room 699")) == ["Room 699"]
    assert names(room_directory.page(store, BEN, q="mine")) == []


@pytest.fixture
def between(store, people, room_management):
    """An open room below and above many private ones that Ben may not see, or not any more."""
    below = room_lifecycle.create(store, ANN, "Below")
    set_activity(store, {below.room_id: 1})
    private = [room_lifecycle.create(store, ANN, "Secret plans", private=True) for _ in range(1500)]
    set_activity(store, {r.room_id: 1_000_000 + n for n, r in enumerate(private)})
    room_management.set_member(ANN, private[-1].room_id, "Ben")
    room_management.remove(ANN, private[-1].room_id, "Ben")
    above = room_lifecycle.create(store, ANN, "Above")
    return below, private, above


@pytest.mark.parametrize("q", ["", "below", "secret", "plans"])
@pytest.mark.parametrize("limit", [1, 2, 50])
def test_no_cursor_names_a_private_room_to_a_stranger_or_a_removed_member(store, between, q, limit):
    below, private, above = between
    for user in (BEN, somebody("Eve")):
        found, cursor, cursors = [], "", []
        while cursor is not None:
            page, cursor = room_directory.page(store, user, q=q, cursor=cursor, limit=limit)
            found += page
            cursors.append(cursor or "")
        expected = {"": ["Above", "Below"], "below": ["Below"]}.get(q, [])
        assert names((found, None)) == expected
        named = {cursor.partition("-")[2] for cursor in cursors}
        assert named <= {"", below.room_id, above.room_id}
        told = "".join(cursors)
        assert not any(room.room_id in told for room in private)
