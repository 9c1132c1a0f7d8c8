"""Rooms are created, created again where the store has lost them, and deleted."""

import secrets
import time
from collections.abc import Collection
from dataclasses import replace

from chat import control_messages, keys, owned_rooms, room_index, room_members, validation
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
from chat.store.question import Argument, Call, Command
from chat.store.store import Store

#: How long it is remembered that a room was deleted, in seconds.
REMEMBER_CLOSED = 24 * 3600


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
    owned_rooms.note(store, owner.user_id, room.room_id, most)
    make(store, owner, room, {owner.user_id: room_members.record(OWNER, owner.name)})
    store.ask_all(
        [
            ("ZADD", keys.ROOMS, room.created_at, room.room_id),
            *room_index.adding(room.room_id, room.name, room.created_at, room.private),
        ]
    )
    return room


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
    made = store.ask(
        Call(
            "revive",
            [
                *(keys.room(room.room_id), keys.members(room.room_id), keys.closed(room.room_id)),
                *map(keys.rooms_of, records),
            ],
            [len(records), *flat, *anew.fields()],
        )
    )
    if made and room.kind != DIRECT:
        store.ask_all(
            [
                ("SADD", keys.owned_rooms(room.owner_id), room.room_id),
                ("ZADD", keys.ROOMS, room.created_at, room.room_id),
                *room_index.adding(room.room_id, room.name, room.created_at, room.private),
            ]
        )
    return bool(made)


def close(store: Store, person: Person, room: Room, closing: bytes) -> None:
    """Delete a room, with ``closing`` as the body of its CLOSE.

    Raises ``NotFound``, and ``Forbidden`` for all but the owner and admins, and for direct rooms.
    """
    i = room.room_id
    room_keys = [*keys.of_room(i), keys.account(person.user_id)]
    members = store.ask(Call("close", room_keys, ["", closing, REMEMBER_CLOSED, actor(person)]))
    ids = [member.decode() for member in members]
    forget: list[Call | Command] = [
        ("ZREM", keys.ROOMS, i),
        ("ZREM", keys.OCCUPIED, i),
        ("SREM", keys.owned_rooms(room.owner_id), i),
        *room_index.removing(i, room.name),
    ]
    store.ask_all([*forget, *(room_members.forgetting(user_id, i) for user_id in ids)])
    # Of a private room its members alone are told, and nobody else that it was there.
    closed = [i, ids if room.private else None]
    control_messages.publish(store, {control_messages.CLOSED: closed})


def new_room(store: Store, owner: Person, name: str, kind: str, is_encrypted: bool) -> Room:
    """A room that is not stored yet."""
    now = time.time_ns() // 1_000_000
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


def make(store: Store, maker: Person, room: Room, records: dict[str, str], *more: Argument) -> None:
    """Store a room with the records of its members; ``more`` are further fields and values.

    Raises ``Forbidden`` where ``maker`` is a guest by now.
    """
    flat = [part for record in records.items() for part in record]
    room_keys = [
        *(keys.room(room.room_id), keys.members(room.room_id), keys.account(maker.user_id)),
        *map(keys.rooms_of, records),
    ]
    store.ask(Call("create_room", room_keys, [len(records), *flat, *room.fields(), *more]))
