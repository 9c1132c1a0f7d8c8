"""Whoever leaves a room and blocks the inviter is not added again by a call that was under way."""

import functools

import pytest

from chat import invitations, keys
from chat.errors import Conflict, Forbidden


@pytest.fixture(params=[False, True], ids=["open", "private"])
def room(request, administration, made):
    return Room(administration, made, request.param)


class Room:
    """A room of ``ann``'s, to which she has added ``ben``."""

    def __init__(self, administration, made, private):
        self.administration = administration
        self.ann, self.ben, self.max = made("ann"), made("ben"), made("max")
        self.room_id = administration.create(self.ann, "Plans", private, None).room_id
        administration.set_member(self.ann, self.room_id, "ben")


def test_who_leaves_and_blocks_is_not_added_by_a_call_under_way(room, store, beside):
    refuse = functools.partial(room.administration.leave_and_block, room.ben, room.room_id)
    happened = beside("set_member", refuse)
    with pytest.raises(Forbidden):
        room.administration.set_member(room.ann, room.room_id, "ben")
    assert happened()
    assert store.redis.hget(keys.members(room.room_id), room.ben.user_id) is None


def test_an_inviter_is_blocked_before_the_room_is_left(room, store, beside):
    seen = []
    beside("remove", lambda: seen.extend(invitations.blocked(store, room.ben)))
    room.administration.leave_and_block(room.ben, room.room_id)
    assert seen == [room.ann.user_id]


def test_who_takes_note_of_one_inviter_can_refuse_the_next(room, store, beside):
    """Ben is taken out and added again, by somebody else, while he takes note of ann."""
    administration, room_id = room.administration, room.room_id
    administration.set_member(room.ann, room_id, room.max.name)
    administration.set_member(room.ann, room_id, room.max.name, role="moderator")

    def added_by_another():
        administration.remove(room.max, room_id, "ben")
        administration.set_member(room.max, room_id, "ben")

    happened = beside("note_inviter", added_by_another)
    invitations.take_note(store, room.ben, room_id)
    assert happened() and invitations.is_news(store, room.ben, room_id)
    administration.leave_and_block(room.ben, room_id)
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
    room.administration.set_member(room.ann, room.room_id, "ben", role="owner")
    with pytest.raises(Conflict):
        room.administration.leave_and_block(room.ben, room.room_id)
    assert invitations.blocked(store, room.ben) == []


def test_nobody_who_blocks_meanwhile_is_brought_back_to_a_direct_room(
    administration, store, made, beside
):
    ann, ben = made("ann"), made("ben")
    room, _ = administration.direct(ann, ["ben"])
    administration.remove(ben, room.room_id, "ben")
    happened = beside("rejoin_direct", lambda: invitations.block(store, ben, ann.user_id))
    with pytest.raises(Forbidden):
        administration.direct(ann, ["ben"])
    assert happened()
    assert store.redis.hget(keys.members(room.room_id), ben.user_id) is None


def test_nobody_who_blocks_meanwhile_is_in_a_new_direct_room(administration, store, made, beside):
    ann, ben, cho = made("ann"), made("ben"), made("cho")
    happened = beside("create_direct", lambda: invitations.block(store, cho, ann.user_id))
    with pytest.raises(Forbidden):
        administration.direct(ann, ["ben", "cho"])
    assert happened() and not store.redis.exists(keys.DIRECT)
    assert not any(store.redis.exists(keys.rooms_of(each.user_id)) for each in (ann, ben, cho))
