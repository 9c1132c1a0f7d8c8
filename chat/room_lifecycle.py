"""Rooms are created, created again where the store has lost them, and deleted."""

import secrets
from collections.abc import Collection
from dataclasses import replace
from itertools import chain

from chat import control_messages, keys, owned_rooms, room_index, room_members, validation
from chat.errors import N_, Conflict
from chat.people import Person
from chat.rooms import (
    DIRECT,
    MEMBER,
    OPEN,
    OWNER,
    PRIVATE,
    Room,
    actor,
    check_may_chat,
    new_epoch,
)
from chat.store import clock
from chat.store.question import Argument, ScriptCall
from chat.store.store import Store

#: How long it is remembered that a room was deleted, in seconds.
REMEMBER_CLOSED_S = 24 * 3600


def create(
    store: Store,
    owner: Person,
    name: object,
    private: object = False,
    encrypted: object = False,
    most: int = 0,
) -> Room:
    """Create a room. Raises ``Invalid``, ``Forbidden`` for guests, and ``Conflict``.

    ``most`` is the number of rooms that a person may own; 0 means any number.
    """
    check_may_chat(owner)
    kind = PRIVATE if validation.truth(private, "private") else OPEN
    is_encrypted = validation.truth(encrypted, "encrypted")
    room = new_room(store, owner, validation.room_name(name), kind, is_encrypted)
    if not _make(store, owner, room, most):
        # Not all rooms that are counted have to be the person's still.
        owned_rooms.prune(store, owner.user_id)
        if not _make(store, owner, room, most):
            raise Conflict(N_("You own %(most)s rooms. Delete one first."), most=most)
    return room


def change(store: Store, person: Person, room: Room, fields: dict[str, Argument]) -> bool:
    """Change fields of a room; False where it has another name by now than ``room``.

    Raises ``NotFound``, ``Forbidden``.
    """
    i, private = room.room_id, room.private
    before = room_index.entries(i, room.name, private) if "name" in fields else []
    after = room_index.entries(i, str(fields["name"]), private) if "name" in fields else []
    room_keys = [keys.room(i), keys.members(i), keys.account(person.user_id), keys.ROOM_NAMES]
    args: list[Argument] = [actor(person), room.name, len(before), *before, len(after), *after]
    flat = chain.from_iterable(fields.items())
    return bool(store.ask(ScriptCall("change_room", room_keys, [*args, *flat])))


def revive(store: Store, room: Room, present: Collection[tuple[str, str]]) -> bool:
    """Create a room again that the store has lost; the people present become its members.

    ``present`` are their userIds and names. False if it exists after all, or was deleted.
    """
    anew = replace(
        room,
        epoch=new_epoch(store),
        user_count=0,
        seq=0,
        said=0,
        said_by="",
        said_by_id="",
        deleted=0,
    )
    records = {i: room_members.record(MEMBER, name) for i, name in present}
    if room.kind != DIRECT:
        records[room.owner_id] = room_members.record(OWNER, room.owner)
    flat = [part for record in records.items() for part in record]
    entries = room_index.entries(room.room_id, room.name, room.private)
    room_keys = [
        *(keys.room(room.room_id), keys.members(room.room_id), keys.closed(room.room_id)),
        *(keys.stream(room.room_id), *room_index.lists(), keys.owned_rooms(room.owner_id)),
        *map(keys.rooms_of, records),
    ]
    args: list[Argument] = [len(flat), *flat, int(room.kind != DIRECT), room.created_at]
    args += [len(entries), *entries, *anew.fields()]
    return bool(store.ask(ScriptCall("revive", room_keys, args)))


def close(store: Store, person: Person, room: Room, closing: bytes) -> None:
    """Delete a room, with ``closing`` as the body of its CLOSE.

    Raises ``NotFound``, and ``Forbidden`` for all but the owner and admins, and for direct rooms.
    """
    _close(store, person, actor(person), room, closing)


def close_left(store: Store, owner: Person, room: Room, closing: bytes) -> None:
    """Delete a private room of which nobody is left but ``owner``, whose account was deleted.

    Raises ``NotFound``, and ``Forbidden`` where it is another room.
    """
    _close(store, owner, "", room, closing)


def _close(store: Store, person: Person, by: str, room: Room, closing: bytes) -> None:
    i = room.room_id
    room_keys = [
        *(*keys.of_room(i), keys.account(person.user_id), *room_index.lists()),
        *(keys.OCCUPIED, keys.UNARCHIVED, keys.UNPURGED, keys.owned_rooms(room.owner_id)),
    ]
    entries = room_index.entries(i, room.name, room.private)
    args: list[Argument] = ["", closing, REMEMBER_CLOSED_S, by, *entries]
    ids = [member.decode() for member in store.ask(ScriptCall("close", room_keys, args))]
    store.ask_all(room_members.delete_membership_call(user_id, i) for user_id in ids)
    # Of a private room its members alone are told, and nobody else that it was there.
    closed = [i, ids if room.private else None]
    control_messages.publish(store, {control_messages.CLOSED: closed})


def new_room(store: Store, owner: Person, name: str, kind: str, is_encrypted: bool) -> Room:
    """A room that is not stored yet."""
    now = store.ask(clock.NOW)
    return Room(
        room_id=secrets.token_hex(8),
        name=name,
        owner_id=owner.user_id,
        owner=owner.name,
        kind=kind,
        encrypted=is_encrypted,
        created_at=now,
        epoch=new_epoch(store),
        active_at=now,
    )


def _make(store: Store, owner: Person, room: Room, most: int) -> bool:
    """Store a room with its owner; False where that person owns ``most`` rooms already.

    Raises ``Forbidden`` where the owner is a guest by now.
    """
    entries = room_index.entries(room.room_id, room.name, room.private)
    room_keys = [
        *(keys.room(room.room_id), keys.members(room.room_id), keys.account(owner.user_id)),
        *(keys.owned_rooms(owner.user_id), *room_index.lists(), keys.rooms_of(owner.user_id)),
    ]
    record = room_members.record(OWNER, owner.name)
    args: list[Argument] = [most, owner.user_id, record, room.created_at, len(entries), *entries]
    return bool(store.ask(ScriptCall("create_room", room_keys, [*args, *room.fields()])))
