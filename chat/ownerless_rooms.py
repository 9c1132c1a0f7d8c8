"""Rooms whose owner's account was deleted get another owner.

That is the moderator who has belonged to the room for longest, or else the member who has; whoever
may chat goes before those who may not at present. A private room of which nobody is left is
deleted. An open one in which there is nobody else has no owner any more: admins manage it.
"""

import contextlib
from collections.abc import Sequence

from chat import keys, message, people, person_events, room_events, room_lifecycle, room_members
from chat.batched import batched
from chat.errors import NotFound
from chat.people import Person
from chat.room_members import Member
from chat.rooms import DIRECT, MODERATOR, Room, find
from chat.store.question import ScriptCall
from chat.store.store import Store

#: Members whose accounts are read in one write.
_READ = 500


def pass_on(store: Store, person: Person) -> None:
    """Pass on every room that this person, whose account was deleted, owns; again does no harm."""
    owned: list[bytes] = store.ask(("SMEMBERS", keys.owned_rooms(person.user_id)))
    # A room that somebody has just passed on to the person may be in one of the lists alone.
    listed = room_members.room_ids_of(store, person.user_id)
    for room_id in sorted({*(i.decode() for i in owned), *listed}):
        _pass_on(store, person, room_id)


def _pass_on(store: Store, person: Person, room_id: str) -> None:
    while True:
        [room] = find(store, [room_id])
        if room is None or room.owner_id != person.user_id or room.kind == DIRECT:
            return
        members = store.ask(room_members.listed(room_id))
        others = [member for member in members if member.user_id != person.user_id]
        heir, is_anybody_left = _heir(store, room, others)
        if heir is not None:
            if store.ask(_replace_call(room, heir)):
                person_events.tell_membership(store, room_id, [heir.user_id])
                room_events.tell_members(store, room_id, [person.user_id, heir.user_id])
                return
        elif is_anybody_left or not room.private:
            return
        else:
            with contextlib.suppress(NotFound):
                room_lifecycle.close_left(store, person, room, message.body(room_id, person, ""))


def _heir(store: Store, room: Room, others: Sequence[Member]) -> tuple[Person | None, bool]:
    """Who becomes the owner, and whether there may be anybody else in the room.

    An account that the store has lost may be there again one day, but manages nothing now.
    """
    heirs: list[tuple[bool, bool, float, str]] = []
    found: dict[str, Person] = {}
    is_anybody_left = False
    for some in batched(others, _READ):
        accounts = people.find_by_ids(store, [member.user_id for member in some])
        joined = store.ask_all(
            ("ZSCORE", keys.rooms_of(member.user_id), room.room_id) for member in some
        )
        for member, at in zip(some, joined, strict=True):
            account = accounts.get(member.user_id)
            is_anybody_left |= account is None or not account.deleted
            if account is not None and not account.deleted:
                found[member.user_id] = account
                is_plain = member.role != MODERATOR
                heirs.append((not account.may_chat, is_plain, float(at or 0), member.user_id))
    return (found[min(heirs)[-1]] if heirs else None), is_anybody_left


def _replace_call(room: Room, heir: Person) -> ScriptCall:
    owned = [keys.owned_rooms(user_id) for user_id in (heir.user_id, room.owner_id)]
    account = keys.account(heir.user_id)
    room_keys = [keys.room(room.room_id), keys.members(room.room_id), account, *owned]
    return ScriptCall("replace_owner", room_keys, [room.owner_id, heir.user_id])
