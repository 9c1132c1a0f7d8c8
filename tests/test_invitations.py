"""A person can refuse to be added to one room after another."""

import pytest
from redis.exceptions import RedisError

from chat import invitations, memberships, room_directory, room_members
from chat.errors import Conflict, Forbidden, Invalid, NotFound, RateLimited
from chat.limits import Limits
from chat.room_management import RoomManagement


@pytest.fixture
def crowd(made):
    return [made(name) for name in ("ann", "ben", "cho")]


@pytest.fixture
def room_management(store):
    return RoomManagement(store, Limits(room_rate=1_000), set())


def names(store, room_id):
    return [member.name for member in store.ask(room_members.listed(room_id))]


def test_one_person_is_not_let_into_a_hundred_rooms(room_management, crowd):
    ann, ben, cho = crowd
    with pytest.raises(RateLimited) as refusal:
        for number in range(150):
            room = room_management.create(ann, f"room {number}", True, None)
            room_management.set_member(ann, room.room_id, ben.name)
    assert number == invitations.BY_ONE_TO_ONE and 0 < refusal.value.retry_after <= 3600
    # Others may be let in, and by others.
    room_management.set_member(ann, room.room_id, cho.name)
    other = room_management.create(cho, "Plans", True, None)
    room_management.set_member(cho, other.room_id, ben.name)


def test_nor_into_a_hundred_direct_rooms(room_management, made, crowd):
    ann, ben, _cho = crowd
    with pytest.raises(RateLimited):
        for number in range(150):
            room_management.direct(ann, [ben.name, made(f"person{number}").name])
    assert number == invitations.BY_ONE_TO_ONE


@pytest.mark.parametrize("private", [True, False])
def test_one_call_leaves_and_blocks(room_management, store, crowd, private):
    ann, ben, _cho = crowd
    room = room_management.create(ann, "Secret", private, None)
    room_management.set_member(ann, room.room_id, ben.name)
    assert invitations.inviter(store, ben, room.room_id) == ann.user_id
    room_management.end_membership_and_block(ben, room.room_id)
    assert names(store, room.room_id) == ["ann"]
    with pytest.raises(Forbidden):
        room_management.set_member(ann, room.room_id, ben.name)
    with pytest.raises(Forbidden):
        room_management.direct(ann, [ben.name])
    assert invitations.blocked(store, ben) == [ann.user_id]
    invitations.unblock(store, ben, ann.user_id)
    room_management.set_member(ann, room.room_id, ben.name)


def test_a_direct_room_is_left_and_its_maker_blocked_in_one_call(room_management, store, crowd):
    ann, ben, cho = crowd
    room, _ = room_management.direct(ann, [ben.name, cho.name])
    room_management.end_membership_and_block(ben, room.room_id)
    with pytest.raises(Forbidden):
        room_management.direct(ann, [ben.name, cho.name])
    assert names(store, room.room_id) == ["ann", "cho"]
    # It is the maker whom ben blocks, and nobody else.
    room_management.direct(cho, [ben.name, ann.name])
    assert names(store, room.room_id) == ["ann", "ben", "cho"]


def test_who_joined_without_being_asked_blocks_nobody_by_leaving(room_management, store, crowd):
    ann, ben, _cho = crowd
    room = room_management.create(ann, "Plans", None, None)
    room_management.set_member(ben, room.room_id, ben.name)
    room_management.end_membership_and_block(ben, room.room_id)
    assert invitations.blocked(store, ben) == []


def test_a_person_blocks_a_bounded_number_of_people(room_management, store, crowd):
    ann, ben, _cho = crowd
    room = room_management.create(ann, "Secret", True, None)
    room_management.set_member(ann, room.room_id, ben.name)
    most = invitations.BLOCKED_MOST
    store.redis.sadd(f"maru:person:{ben.user_id}:refused", *range(most))
    with pytest.raises(Conflict):
        room_management.end_membership_and_block(ben, room.room_id)


def test_who_was_added_is_told_by_whom(room_management, crowd, told):
    ann, ben, _cho = crowd
    room = room_management.create(ann, "Secret", True, None)
    told()
    room_management.set_member(ann, room.room_id, ben.name)
    event, in_the_room = told()
    [[heard, said]] = event["me"]
    assert heard == [ben.user_id] and said["by"] == ann.user_id
    added = {"roomId": room.room_id, "userId": ben.user_id, "role": "member"}
    assert in_the_room == {"member": added}
    assert said["type"] == "membership" and said["membership"]["userId"] == ben.user_id
    assert said["room"]["name"] == "Secret"


def test_a_removal_that_the_store_could_not_tell_of_has_not_happened(room_management, store, crowd):
    ann, ben, _cho = crowd
    room = room_management.create(ann, "Secret", True, None)
    room_management.set_member(ann, room.room_id, ben.name)
    store.redis.execute_command("ACL", "SETUSER", "default", "-publish")
    try:
        with pytest.raises(RedisError):
            room_management.remove(ann, room.room_id, ben.name)
    finally:
        store.redis.execute_command("ACL", "SETUSER", "default", "+publish")
    assert names(store, room.room_id) == ["ann", "ben"]
    assert [seen.name for seen in room_directory.page(store, ben)[0]] == ["Secret"]


def test_who_was_taken_out_does_not_see_the_room_though_it_is_listed_still(
    room_management, store, crowd
):
    """A worker that ends after a removal leaves the room in the person's list."""
    ann, ben, _cho = crowd
    room = room_management.create(ann, "Secret", True, None)
    room_management.set_member(ann, room.room_id, ben.name)
    room_management.remove(ann, room.room_id, ben.name)
    own = f"maru:person:{ben.user_id}:rooms"
    store.redis.zadd(own, {room.room_id: 1})
    assert room_directory.page(store, ben) == ([], None)
    assert memberships.of_person(store, ben) == []
    # And that is tidied away.
    assert store.redis.zcard(own) == 0


def test_nobody_unknown_is_added(room_management, store, crowd):
    ann = crowd[0]
    room = room_management.create(ann, "Secret", True, None)
    for given in ("nobody", "u0123456789abcde"):
        with pytest.raises(NotFound):
            room_management.set_member(ann, room.room_id, given)
    for given in ("", "x", "a\0b", None, 5, ["ben"]):
        with pytest.raises(Invalid):
            room_management.set_member(ann, room.room_id, given)
    assert names(store, room.room_id) == ["ann"]


def test_who_has_taken_note_of_an_invitation_is_not_told_again(room_management, store, crowd):
    ann, ben, _cho = crowd
    room = room_management.create(ann, "Secret", True, None)
    room_management.set_member(ann, room.room_id, ben.name)
    assert invitations.is_news(store, ben, room.room_id)
    invitations.take_note(store, ben, room.room_id)
    assert not invitations.is_news(store, ben, room.room_id)
    # Whom to refuse stays known.
    assert invitations.inviter(store, ben, room.room_id) == ann.user_id
    assert not invitations.is_news(store, ann, room.room_id)


@pytest.mark.parametrize("script", ["create_direct", "rejoin_direct"])
def test_people_are_told_by_the_one_who_was_first_alone(
    room_management, store, crowd, told, monkeypatch, script
):
    """Ben's whole call comes between the halves of ann's; both want cho in their direct room."""
    ann, ben, cho = crowd
    if script == "rejoin_direct":
        room, _ = room_management.direct(ann, ["ben", "cho"])
        room_management.remove(cho, room.room_id, "cho")
        told()
    ask, others = store.ask, []

    def ask_beside(asked):
        if getattr(asked, "script", "") == script and not others:
            others.append(None)
            others[0] = room_management.direct(ben, ["ann", "cho"])
        return ask(asked)

    monkeypatch.setattr(store, "ask", ask_beside)
    room, is_new = room_management.direct(ann, ["ben", "cho"])
    assert others[0][0].room_id == room.room_id and not is_new
    by = [
        (user_id, event.get("by"))
        for message in told()
        for user_ids, event in message["me"]
        for user_id in user_ids
    ]
    assert by.count((cho.user_id, ben.user_id)) == 1
    assert not [user_id for user_id, inviter in by if inviter == ann.user_id]
    assert invitations.inviter(store, cho, room.room_id) == ben.user_id
