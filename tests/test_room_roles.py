"""Roles in rooms: the owner gives them, moderators keep order among members."""

import pytest

from chat import room_members, rooms
from chat.errors import Conflict, Forbidden, Invalid, MaruError, NotFound
from tests.room_crowd import Crowd


def roles(store, room_id):
    return {m.name: m.role for m in store.ask(room_members.listed(room_id))}


def test_the_owner_gives_roles_and_nobody_else(crowd, store):
    crowd.set(crowd.ann, "ben", role="moderator")
    crowd.set(crowd.ann, "max", role="member")
    kept = {"ann": "owner", "max": "member", "mia": "moderator", "ben": "moderator"}
    assert roles(store, crowd.room_id) == {**kept, "cho": "member"}
    for person in (crowd.mia, crowd.cho, crowd.max):
        for role in ("owner", "moderator"):
            with pytest.raises(Forbidden):
                crowd.set(person, "cho", role=role)
    with pytest.raises(MaruError):
        crowd.set(crowd.eve, "eve", role="moderator")
    with pytest.raises(Conflict):
        crowd.set(crowd.ann, "ann", role="member")
    for role in ("admin", "", 5, ["owner"]):
        with pytest.raises(Invalid):
            crowd.set(crowd.ann, "cho", role=role)
    assert roles(store, crowd.room_id) == {**kept, "cho": "member"}


def test_an_admin_in_the_room_may_what_its_owner_may(crowd, store):
    crowd.set(crowd.ann, "root")
    crowd.set(crowd.root, "ben", role="moderator")
    assert roles(store, crowd.room_id)["ben"] == "moderator"
    with pytest.raises(Conflict):
        crowd.remove(crowd.root, "ann")
    crowd.remove(crowd.root, "max")
    assert "max" not in roles(store, crowd.room_id)


def test_moderators_add_and_remove_members_but_not_each_other_or_the_owner(crowd, store):
    crowd.set(crowd.max, "eve")
    crowd.remove(crowd.max, "ben")
    assert {"eve"} < roles(store, crowd.room_id).keys() - {"ben"}
    for name in ("mia", "ann"):
        with pytest.raises(Forbidden):
            crowd.remove(crowd.max, name)
        with pytest.raises(Forbidden):
            crowd.room_management.ban(crowd.max, crowd.room_id, name)
        with pytest.raises(Forbidden):
            crowd.set(crowd.max, name, muted_until=4_000_000_000_000)
    crowd.remove(crowd.max, "max")
    assert roles(store, crowd.room_id).keys() == {"ann", "mia", "cho", "eve"}


def test_members_change_nobody_but_leave_themselves(crowd, store):
    before = roles(store, crowd.room_id)
    for name in ("ann", "max", "cho"):
        with pytest.raises(Forbidden):
            crowd.remove(crowd.ben, name)
        with pytest.raises(Forbidden):
            crowd.set(crowd.ben, name, muted_until=4_000_000_000_000)
    with pytest.raises(Forbidden):
        crowd.set(crowd.ben, "eve")
    with pytest.raises(Forbidden):
        crowd.room_management.banned(crowd.ben, crowd.room_id)
    with pytest.raises(Forbidden):
        crowd.room_management.change(crowd.ben, crowd.room_id, name="Mine")
    assert roles(store, crowd.room_id) == before
    crowd.remove(crowd.ben, "ben")
    assert "ben" not in roles(store, crowd.room_id)


def test_moderators_change_name_and_description_and_do_not_delete_the_room(crowd, store):
    change = crowd.room_management.change
    change(crowd.max, crowd.room_id, name="Ours", description=" What we plan ")
    [room] = rooms.find(store, [crowd.room_id])
    assert (room.name, room.archived) == ("Ours", False)
    assert room.description == "What we plan"
    with pytest.raises(Forbidden):
        crowd.room_management.close(crowd.max, crowd.room_id)
    for description in ("x" * 501, 5, "a\0b", "two\nlines"):
        with pytest.raises(Invalid):
            change(crowd.max, crowd.room_id, description=description)
    with pytest.raises(Invalid):
        change(crowd.max, crowd.room_id)


def test_moderators_delete_what_others_said_and_edit_nothing(crowd, conversation):
    seq = conversation.talk(crowd.ben, crowd.room_id, "rude")["seq"]
    with pytest.raises(Forbidden):
        conversation.edit(crowd.max, crowd.room_id, seq, "polite")
    with pytest.raises(Forbidden):
        conversation.delete(crowd.cho, crowd.room_id, seq)
    conversation.delete(crowd.max, crowd.room_id, seq)
    with pytest.raises(NotFound):
        conversation.delete(crowd.max, crowd.room_id, seq)


def test_ownership_passes_on(crowd, store, conversation):
    crowd.set(crowd.ann, "ben", role="owner")
    kept = {"max": "moderator", "mia": "moderator", "cho": "member"}
    assert roles(store, crowd.room_id) == {"ann": "moderator", "ben": "owner", **kept}
    [room] = rooms.find(store, [crowd.room_id])
    assert (room.owner_id, room.owner) == (crowd.ben.user_id, "ben")
    # And the one before may go.
    with pytest.raises(Forbidden):
        crowd.set(crowd.ann, "ann", role="owner")
    crowd.remove(crowd.ann, "ann")
    crowd.room_management.close(crowd.ben, crowd.room_id)


def test_nobody_becomes_the_owner_of_a_room_without_being_in_it(crowd, store):
    with pytest.raises(NotFound):
        crowd.set(crowd.ann, "eve", role="owner")
    assert rooms.find(store, [crowd.room_id])[0].owner == "ann"
    crowd.set(crowd.ann, "eve", role="moderator")
    assert roles(store, crowd.room_id)["eve"] == "moderator"


def test_whoever_is_concerned_is_told_of_a_role(hall, told):
    told()
    hall.set(hall.ann, "ben", role="owner")
    messages = told()
    heard = {
        user_id: event["membership"]["role"]
        for message in messages
        for user_ids, event in message.get("me", ())
        for user_id in user_ids
    }
    assert heard == {hall.ben.user_id: "owner", hall.ann.user_id: "moderator"}
    # So are those who are in the room.
    seen = [message["member"] for message in messages if "member" in message]
    assert {each["userId"]: each["role"] for each in seen} == heard
    hall.remove(hall.ben, "cho")
    message, in_the_room = told()
    gone = {"type": "membership", "roomId": hall.room_id, "gone": True}
    assert message["me"] == [[[hall.cho.user_id], gone]]
    left = {"roomId": hall.room_id, "userId": hall.cho.user_id, "gone": True}
    assert in_the_room == {"member": left}


def test_strangers_learn_nothing_of_a_private_room(room_management, conversation, made):
    attic = Crowd(room_management, made, private=True)
    for attempt in (
        lambda: attic.set(attic.eve, "eve"),
        lambda: attic.remove(attic.eve, "ben"),
        lambda: room_management.ban(attic.eve, attic.room_id, "ben"),
        lambda: room_management.unban(attic.eve, attic.room_id, "ben"),
        lambda: room_management.banned(attic.eve, attic.room_id),
        lambda: room_management.change(attic.eve, attic.room_id, name="Mine"),
        lambda: room_management.close(attic.root, attic.room_id),
        lambda: conversation.read_marks.mark(attic.eve, attic.room_id, 1),
        lambda: room_management.end_membership_and_block(attic.eve, attic.room_id),
    ):
        with pytest.raises(NotFound, match="no such room"):
            attempt()


def test_guests_are_added_but_enter_nothing(hall, conversation, made):
    guest = made("gus", "guest")
    hall.set(hall.ann, "gus")
    for attempt in (
        lambda: conversation.join(guest, hall.room_id, "s1"),
        lambda: hall.set(guest, "gus"),
        lambda: hall.remove(guest, "gus"),
    ):
        with pytest.raises(Forbidden):
            attempt()
