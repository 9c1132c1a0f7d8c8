"""What a room is to a person: level, star, read mark, and the list of one's own rooms."""

import pytest

from chat import keys, memberships, presence, profile, room_members, rooms
from chat.errors import Invalid, NotFound


@pytest.fixture
def people(made):
    return [made(name) for name in ("ann", "ben", "cho")]


def one(store, person, room_id):
    return store.ask(memberships.one(person.user_id, room_id))


def test_a_new_membership(room_management, store, people):
    ann, ben, _cho = people
    room = room_management.create(ann, "Plans", None, None)
    own = one(store, ann, room.room_id)
    assert own.wire() == {
        "roomId": room.room_id,
        "userId": ann.user_id,
        "role": "owner",
        "level": "all",
        "starred": False,
        "read": 0,
        "unread": 0,
        "mentions": 0,
        "joinedAt": own.joined_at,
    }
    assert abs(own.joined_at - room.created_at) < 60_000
    assert one(store, ben, room.room_id) is None


def test_entering_an_open_room_makes_one_a_member_and_leaving_it_does_not_end_that(
    room_management, conversation, store, people
):
    ann, ben, _cho = people
    room = room_management.create(ann, "Plans", None, None)
    conversation.join(ben, room.room_id, "s1")
    assert one(store, ben, room.room_id).role == "member"
    conversation.leave(ben, room.room_id, "s1")
    assert [own.room_id for own, _ in memberships.of_person(store, ben)] == [room.room_id]


def test_the_own_rooms_are_those_one_belongs_to_the_last_active_first(
    room_management, conversation, store, people
):
    ann, ben, cho = people
    made = [room_management.create(ann, f"room {n}", n % 2 == 0, None).room_id for n in range(4)]
    room_management.create(cho, "not theirs", True, None)
    room_management.create(cho, "nor this", None, None)
    direct, _ = room_management.direct(ann, ["ben"])
    for number, room_id in enumerate([*made, direct.room_id]):
        store.redis.hset(keys.room(room_id), "activeAt", 1_000 + number)
    listed = [room.room_id for room, _ in memberships.of_person(store, ann)]
    assert listed == [direct.room_id, *made[::-1]]
    conversation.talk(ann, made[1], "hi")
    listed = [room.room_id for room, _ in memberships.of_person(store, ann)]
    assert listed == [made[1], direct.room_id, made[3], made[2], made[0]]
    assert [own.room_id for own, _ in memberships.of_person(store, ben)] == [direct.room_id]
    # A room that is deleted is nobody's any more.
    room_management.close(ann, made[1])
    assert made[1] not in [room.room_id for room, _ in memberships.of_person(store, ann)]


def test_level_and_star_are_ones_own(room_management, store, people):
    ann, ben, _cho = people
    room_id = room_management.create(ann, "Plans", None, None).room_id
    room_management.set_member(ann, room_id, "ben")
    for level in ("none", "mentions", "all"):
        assert room_management.change_own(ann, room_id, level, None).level == level
        assert one(store, ben, room_id).level == "all"
    assert not store.redis.exists(keys.levels(ann.user_id)), "the usual level is not stored"
    assert room_management.change_own(ann, room_id, None, True).starred
    changed = room_management.change_own(ann, room_id, "none", None)
    assert changed.starred and changed.level == "none"
    assert not one(store, ben, room_id).starred
    assert not room_management.change_own(ann, room_id, None, False).starred


@pytest.mark.parametrize(
    ("level", "starred"), [("some", None), ("", None), (5, None), (["all"], None), (None, "yes")]
)
def test_levels_and_stars_that_cannot_be(room_management, store, people, level, starred):
    ann = people[0]
    room_id = room_management.create(ann, "Plans", None, None).room_id
    with pytest.raises(Invalid):
        room_management.change_own(ann, room_id, level, starred)
    assert (one(store, ann, room_id).level, one(store, ann, room_id).starred) == ("all", False)


def test_who_is_no_member_of_an_open_room_has_nothing_of_its_own_there(
    room_management, conversation, store, people
):
    ann, ben, _cho = people
    room_id = room_management.create(ann, "Plans", None, None).room_id
    for attempt in (
        lambda: room_management.change_own(ben, room_id, "none", True),
        lambda: conversation.read_marks.mark(ben, room_id, 1),
    ):
        with pytest.raises(NotFound, match="no member"):
            attempt()
    assert not list(store.redis.scan_iter(f"maru:person:{ben.user_id}:*"))


def test_who_comes_back_begins_anew(room_management, conversation, store, people):
    ann, ben, _cho = people
    room_id = room_management.create(ann, "Plans", True, None).room_id
    room_management.set_member(ann, room_id, "ben", role="moderator")
    conversation.talk(ann, room_id, "hi")
    room_management.change_own(ben, room_id, "none", True)
    conversation.read_marks.mark(ben, room_id, 1)
    room_management.remove(ben, room_id, "ben")
    assert not list(store.redis.scan_iter(f"maru:person:{ben.user_id}:*"))
    room_management.set_member(ann, room_id, "ben")
    own = one(store, ben, room_id)
    assert (own.role, own.level, own.starred, own.read) == ("member", "all", False, 0)


def test_what_is_ones_own_is_told_to_ones_own_connections(
    room_management, conversation, people, told
):
    ann = people[0]
    room_id = room_management.create(ann, "Plans", None, None).room_id
    conversation.talk(ann, room_id, "hi")
    told()
    marked = conversation.read_marks.mark(ann, room_id, 1)
    changed = room_management.change_own(ann, room_id, "none", True)
    read, membership = [message["me"] for message in told()]
    counts = {"read": 1, "unread": 0, "mentions": 0}
    assert read == [[[ann.user_id], {"type": "read", "roomId": room_id, **counts}]]
    assert marked.read == 1
    [[heard, event]] = membership
    assert (heard, event["membership"]) == ([ann.user_id], changed.wire())
    assert (event["type"], event["room"]["roomId"]) == ("membership", room_id)


def test_a_renamed_person_has_the_new_name_in_all_rooms(
    room_management, conversation, store, people
):
    ann, ben, _cho = people
    own = [room_management.create(ann, "Plans", private, None).room_id for private in (True, False)]
    direct, _ = room_management.direct(ann, ["ben"])
    conversation.join(ann, own[0], "s1")
    renamed = profile.change(store, ann.user_id, {"name": "anna"})
    for room_id in (*own, direct.room_id):
        listed = {m.user_id: (m.name, m.role) for m in store.ask(room_members.listed(room_id))}
        role = "member" if room_id == direct.room_id else "owner"
        assert listed[ann.user_id] == ("anna", role)
    assert [room.owner for room in rooms.find(store, own)] == ["anna", "anna"]
    # Of what is not there any more nothing comes to be.
    store.redis.zadd(keys.rooms_of(ann.user_id), {"gone": 1})
    assert "gone" in room_members.write_name_everywhere(store, renamed)
    assert not store.redis.exists(keys.room("gone"), keys.members("gone"))
    assert one(store, ben, direct.room_id).role == "member"


def test_a_worker_that_has_missed_a_renaming_writes_no_old_name(
    room_management, conversation, store, people
):
    ann, ben, _cho = people
    room_id = room_management.create(ann, "Plans", False, None).room_id
    conversation.join(ben, room_id, "s1")
    profile.change(store, ann.user_id, {"name": "anna"})
    profile.change(store, ben.user_id, {"name": "benno"})
    conversation.join(ann, room_id, "s2")
    conversation.join(ben, room_id, "s3")
    listed = {m.user_id: m.name for m in store.ask(room_members.listed(room_id))}
    assert listed == {ann.user_id: "anna", ben.user_id: "benno"}
    here = {each.user_id: each.name for each in store.ask(presence.present(room_id, 10))}
    assert here == listed
    [room] = rooms.find(store, [room_id])
    assert room.owner == "anna"


@pytest.mark.parametrize("by_role", [False, True])
def test_every_page_of_the_members_is_in_its_place(store, by_role):
    """Wherever it begins: the first ones are found in another way than those far down."""
    roles = {3: "owner", 70: "moderator", 20: "moderator"}
    names = [f"person{number * 37 % 100:02}" for number in range(100)]
    stored = {f"u{n:014}": f"{roles.get(n, 'member')} 0 {name}" for n, name in enumerate(names)}
    store.redis.hset(keys.members("room"), mapping=stored)
    everybody = store.ask(room_members.listed("room"))
    if by_role:
        order = ("owner", "moderator", "member")
        everybody.sort(key=lambda member: (order.index(member.role), member.name))
    for start, size in ((0, 3), (2, 3), (0, 50), (50, 50), (98, 5), (100, 5)):
        page = store.ask(room_members.page("room", start, size, by_role))
        assert page == (everybody[start : start + size], 100)
