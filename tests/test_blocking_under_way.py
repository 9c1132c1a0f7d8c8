"""Whoever leaves a room and blocks the inviter is not added again by a call that was under way."""

import functools

import pytest

from chat import invitations, keys
from chat.errors import Conflict, Forbidden


@pytest.fixture(params=[False, True], ids=["open", "private"])
def room(request, room_management, made):
    return Room(room_management, made, request.param)


class Room:
    """A room of ``ann``'s, to which she has added ``ben``."""

    def __init__(self, room_management, made, private):
        self.room_management = room_management
        self.ann, self.ben, self.max = made("ann"), made("ben"), made("max")
        self.room_id = room_management.create(self.ann, "Plans", private, None).room_id
        room_management.set_member(self.ann, self.room_id, "ben")


def test_who_leaves_and_blocks_is_not_added_by_a_call_under_way(room, store, beside):
    refuse = functools.partial(
        room.room_management.end_membership_and_block, room.ben, room.room_id
    )
    happened = beside("set_member", refuse)
    with pytest.raises(Forbidden):
        room.room_management.set_member(room.ann, room.room_id, "ben")
    assert happened()
    assert store.redis.hget(keys.members(room.room_id), room.ben.user_id) is None


def test_an_inviter_is_blocked_before_the_room_is_left(room, store, beside):
    seen = []
    beside("remove", lambda: seen.extend(invitations.blocked(store, room.ben)))
    room.room_management.end_membership_and_block(room.ben, room.room_id)
    assert seen == [room.ann.user_id]


def test_who_takes_note_of_one_inviter_can_refuse_the_next(room, store, beside):
    """Ben is taken out and added again, by somebody else, while he takes note of ann."""
    room_management, room_id = room.room_management, room.room_id
    room_management.set_member(room.ann, room_id, room.max.name)
    room_management.set_member(room.ann, room_id, room.max.name, role="moderator")

    def added_by_another():
        room_management.remove(room.max, room_id, "ben")
        room_management.set_member(room.max, room_id, "ben")

    happened = beside("note_inviter", added_by_another)
    invitations.take_note(store, room.ben, room_id)
    assert happened() and invitations.is_news(store, room.ben, room_id)
    room_management.end_membership_and_block(room.ben, room_id)
    assert invitations.blocked(store, room.ben) == [room.max.user_id]


def test_nobody_blocks_more_people_than_are_allowed_by_two_calls_at_once(
    store, made, beside, monkeypatch
):
    monkeypatch.setattr(invitations, "BLOCKED_MOST", 2)
    ben = made("ben")
    invitations.block(store, ben, "u1")
    happened = beside("block_inviter", lambda: invitations.block(store, ben, "u2"))
    with pytest.raises(Conflict):
        invitations.block(store, ben, "u3")
    assert happened() and invitations.blocked(store, ben) == ["u1", "u2"]
    # Who is blocked already is no further one.
    assert not invitations.block(store, ben, "u1")


def test_who_cannot_leave_has_blocked_nobody(room, store):
    room.room_management.set_member(room.ann, room.room_id, "ben", role="owner")
    with pytest.raises(Conflict):
        room.room_management.end_membership_and_block(room.ben, room.room_id)
    assert invitations.blocked(store, room.ben) == []


def test_nobody_who_blocks_meanwhile_is_brought_back_to_a_direct_room(
    room_management, store, made, beside
):
    ann, ben = made("ann"), made("ben")
    room, _ = room_management.direct(ann, ["ben"])
    room_management.remove(ben, room.room_id, "ben")
    happened = beside("rejoin_direct", lambda: invitations.block(store, ben, ann.user_id))
    with pytest.raises(Forbidden):
        room_management.direct(ann, ["ben"])
    assert happened()
    assert store.redis.hget(keys.members(room.room_id), ben.user_id) is None


def test_nobody_who_blocks_meanwhile_is_in_a_new_direct_room(room_management, store, made, beside):
    ann, ben, cho = made("ann"), made("ben"), made("cho")
    happened = beside("create_direct", lambda: invitations.block(store, cho, ann.user_id))
    with pytest.raises(Forbidden):
        room_management.direct(ann, ["ben", "cho"])
    assert happened() and not store.redis.exists(keys.DIRECT)
    assert not any(store.redis.exists(keys.rooms_of(each.user_id)) for each in (ann, ben, cho))
