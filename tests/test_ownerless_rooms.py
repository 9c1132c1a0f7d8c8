"""Whoever's account is deleted leaves no room behind that nobody can manage."""

import functools

import pytest

from chat import account_state, direct_rooms, keys, memberships, room_directory, room_members, rooms
from chat.errors import Conflict, NotFound
from chat.store.question import ScriptCall
from tests import killed
from tests.room_crowd import Crowd


@pytest.fixture(params=[False, True], ids=["open", "private"])
def crowd(request, room_management, made):
    return Crowd(room_management, made, request.param)


def roles(store, room_id):
    return {m.name: m.role for m in store.ask(room_members.listed(room_id))}


def since(store, crowd, **days):
    """These people have belonged to the room since those days."""
    for name, day in days.items():
        user_id = getattr(crowd, name).user_id
        store.redis.zadd(keys.rooms_of(user_id), {crowd.room_id: day * 86_400_000})


def test_the_oldest_moderator_becomes_the_owner(crowd, store, told):
    since(store, crowd, ann=1, ben=2, mia=3, max=4, cho=5)
    told()
    account_state.delete(store, "ann")
    room = store.ask(rooms.room_question(crowd.room_id))
    assert (room.owner_id, room.owner) == (crowd.mia.user_id, "mia")
    assert roles(store, crowd.room_id) == {
        "mia": "owner", "max": "moderator", "ann": "member", "ben": "member", "cho": "member",
    }  # fmt: skip
    assert store.redis.smembers(keys.owned_rooms(crowd.mia.user_id)) == {crowd.room_id.encode()}
    assert not store.redis.exists(keys.owned_rooms(crowd.ann.user_id), keys.DELETING)
    heard = told()
    [mine] = [e for m in heard for ids, e in m.get("me", []) if ids == [crowd.mia.user_id]]
    assert mine["membership"]["role"] == "owner"
    assert {m["member"]["userId"]: m["member"]["role"] for m in heard if "member" in m} == {
        crowd.mia.user_id: "owner", crowd.ann.user_id: "member",
    }  # fmt: skip
    crowd.room_management.change(crowd.mia, crowd.room_id, name="Ours")
    crowd.set(crowd.mia, "ben", role="moderator")


def test_where_there_is_no_moderator_it_is_the_oldest_member(crowd, store):
    for name in ("max", "mia"):
        crowd.remove(crowd.ann, name)
    since(store, crowd, ben=7, cho=6)
    crowd.set(crowd.ann, "cho", muted_until=4_000_000_000_000)
    account_state.delete(store, "ann")
    assert roles(store, crowd.room_id) == {"cho": "owner", "ben": "member", "ann": "member"}
    assert store.redis.hget(keys.members(crowd.room_id), crowd.cho.user_id) == b"owner 0 cho"


def test_who_may_not_chat_becomes_the_owner_only_where_nobody_else_is_there(crowd, store):
    since(store, crowd, mia=1, max=2, ben=3, cho=4)
    account_state.deactivate(store, "mia")
    account_state.set_role(store, "max", "guest")
    account_state.delete(store, "ben")
    account_state.delete(store, "ann")
    assert roles(store, crowd.room_id)["cho"] == "owner"
    account_state.delete(store, "cho")
    assert roles(store, crowd.room_id)["mia"] == "owner"
    account_state.reactivate(store, "mia")
    crowd.room_management.change(crowd.mia, crowd.room_id, name="Mine")


def test_of_nobodys_room_a_private_one_is_deleted_and_an_open_one_is_for_admins(
    room_management, conversation, made, store
):
    ann, ben, root = made("ann"), made("ben"), made("root", "admin")
    hall, attic = (room_management.create(ann, name, name == "Attic", None).room_id
                   for name in ("Hall", "Attic"))  # fmt: skip
    conversation.talk(ann, attic, "a secret")
    room_management.set_member(ann, attic, "ben")
    account_state.delete(store, "ben")
    account_state.delete(store, "ann")
    assert [key for key in keys.of_room(attic) if store.redis.exists(key)] == [keys.closed(attic)]
    assert store.redis.zscore(keys.ROOMS, attic) is None
    assert not store.redis.exists(keys.rooms_of(ben.user_id), keys.DELETING)
    [room] = room_directory.page(store, root)[0]
    assert room.room_id == hall
    room_management.close(root, hall)


def test_nothing_is_deleted_of_somebody_whose_account_the_store_has_lost(
    room_management, made, store
):
    ann, ben = made("ann"), made("ben")
    attic = room_management.create(ann, "Attic", True, None).room_id
    room_management.set_member(ann, attic, "ben")
    store.redis.delete(keys.account(ben.user_id))
    account_state.delete(store, "ann")
    assert roles(store, attic) == {"ann": "owner", "ben": "member"}


def test_a_direct_room_stays_as_it_is(room_management, conversation, made, store):
    ann, ben = made("ann"), made("ben")
    room, _ = room_management.direct(ann, ["ben"])
    account_state.delete(store, "ann")
    assert roles(store, room.room_id) == {"ann": "member", "ben": "member"}
    assert conversation.talk(ben, room.room_id, "hello?")["seq"] == 1
    assert direct_rooms.find(store, [ann, ben]) is not None


@pytest.mark.parametrize("script", ["delete_person", "replace_owner"])
def test_a_deletion_whose_worker_was_killed_is_finished_by_another(
    room_management, made, store, script
):
    ann, ben = made("ann"), made("ben")
    made_rooms = [room_management.create(ann, name, True, None).room_id for name in ("one", "two")]
    for room_id in made_rooms:
        room_management.set_member(ann, room_id, "ben")
    alone = room_management.create(ann, "alone", True, None).room_id
    killed.after(store, script, functools.partial(account_state.delete, store, "ann"))
    # Not at once: the worker might be at it still.
    account_state.finish_abandoned(store, "en")
    assert store.redis.zcard(keys.DELETING) == 1
    store.redis.zincrby(keys.DELETING, -60_000, ann.user_id)
    account_state.finish_abandoned(store, "en")
    assert [roles(store, i)["ben"] for i in made_rooms] == ["owner", "owner"]
    assert not store.redis.exists(keys.room(alone), keys.DELETING)
    assert len(memberships.of_person(store, ben)) == 2


@pytest.mark.parametrize("private", [False, True], ids=["open", "private"])
def test_whoever_is_deleted_meanwhile_does_not_get_the_room(
    room_management, made, store, beside, private
):
    crowd = Crowd(room_management, made, private)
    happened = beside("replace_owner", lambda: account_state.delete(store, "max"))
    since(store, crowd, max=1, mia=2)
    account_state.delete(store, "ann")
    assert happened() and roles(store, crowd.room_id)["mia"] == "owner"


@pytest.mark.parametrize("role", [None, "moderator", "owner"])
def test_nobody_is_added_or_given_a_room_who_is_deleted_meanwhile(crowd, store, beside, role):
    name = "eve" if role is None else "ben"
    happened = beside("set_member", lambda: account_state.delete(store, name))
    with pytest.raises(Conflict):
        crowd.set(crowd.ann, name, **({"role": role} if role else {}))
    assert happened() and roles(store, crowd.room_id)["ann"] == "owner"
    assert "eve" not in roles(store, crowd.room_id)


def test_a_guest_is_not_made_the_owner(crowd, made, store, beside):
    """A guest cannot enter the rooms, and so nobody could manage the room or take it back."""
    made("gus", "guest")
    crowd.set(crowd.ann, "gus")
    happened = beside("set_member", lambda: account_state.set_role(store, "ben", "guest"))
    for name in ("ben", "gus"):
        with pytest.raises(Conflict, match="guest"):
            crowd.set(crowd.ann, name, role="owner")
    assert happened() and roles(store, crowd.room_id)["ann"] == "owner"


@pytest.mark.parametrize("script", ["create_direct", "rejoin_direct"])
def test_nobody_is_added_to_a_direct_room_who_is_deleted_meanwhile(
    room_management, made, store, beside, script
):
    ann, ben = made("ann"), made("ben")
    if script == "rejoin_direct":
        room, _ = room_management.direct(ann, ["ben"])
        room_management.remove(ben, room.room_id, "ben")
    happened = beside(script, lambda: account_state.delete(store, "ben"))
    with pytest.raises(Conflict):
        room_management.direct(ann, ["ben"])
    assert happened() and not store.redis.exists(keys.rooms_of(ben.user_id))


def test_no_room_of_somebody_who_is_there_is_deleted_as_left(room_management, made, store):
    ann = made("ann")
    room = room_management.create(ann, "Attic", True, None)
    owned = keys.owned_rooms(ann.user_id)
    room_keys = [*keys.of_room(room.room_id), keys.account(ann.user_id), keys.ROOMS]
    lists = [keys.OPEN_ROOMS, keys.ROOM_NAMES, keys.OCCUPIED, owned]
    with pytest.raises(Exception, match="role in this room"):
        store.ask(ScriptCall("close", [*room_keys, *lists], ["", b"{}", 1, ""]))
    with pytest.raises(NotFound):
        room_management.close(made("eve"), room.room_id)
    assert roles(store, room.room_id) == {"ann": "owner"}
