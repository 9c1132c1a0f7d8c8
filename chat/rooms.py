"""Rooms: a hash for each, an index by activity, and access to private ones.

``access`` (or ``accessing``) checks that a user may be in a room: every operation for a user starts
with it, or has its script check the same.
"""

import random
import secrets
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from chat import keys, owned_rooms, room_index, validation
from chat.errors import N_, Forbidden, NotFound
from chat.people import Person
from chat.store.store import Argument, Call, Question, Store

#: How long it is remembered that a room was deleted, in seconds.
REMEMBER_CLOSED = 24 * 3600
_FIELDS = (
    *("name", "owner", "private", "encrypted", "createdAt", "epoch"),
    *("userCount", "seq", "said", "saidBy"),
)


@dataclass(frozen=True)
class Room:
    """A room as it was when read. ``seq`` is that of its newest entry, 0 before the first.

    ``said`` is the number of TALKs so far, deleted ones included, and ``said_by`` is the sender of
    the newest one. Pages compute unread numbers from them, since edits and reactions do not count.
    """

    room_id: str
    name: str
    owner: str
    private: bool
    encrypted: bool
    created_at: int
    epoch: str
    user_count: int
    seq: int
    said: int = 0
    said_by: str = ""

    def wire(self) -> dict[str, object]:
        return {
            "roomId": self.room_id,
            "name": self.name,
            "owner": self.owner,
            "private": self.private,
            "encrypted": self.encrypted,
            "createdAt": self.created_at,
            "userCount": self.user_count,
            "seq": self.seq,
            "said": self.said,
            "saidBy": self.said_by,
        }

    def summary(self) -> dict[str, object]:
        """What the live list of rooms shows."""
        return {
            "roomId": self.room_id,
            "name": self.name,
            "private": self.private,
            "encrypted": self.encrypted,
            "userCount": self.user_count,
            "seq": self.seq,
            "said": self.said,
            "saidBy": self.said_by,
        }

    def is_managed_by(self, person: Person) -> bool:
        return person.is_admin or person.name == self.owner


def new_epoch(store: Store) -> str:
    """An id for a new epoch of a room's stream: ``<life of the store's data>-<random>``.

    Within one epoch a number never means two messages. In another life of the data the script that
    appends a message begins a new epoch.
    """
    # Not a secret: it only has to be different each time.
    return f"{store.life}-{random.getrandbits(48):012x}"


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
    room = Room(
        room_id=secrets.token_hex(8),
        name=validation.room_name(name),
        owner=owner.name,
        private=validation.truth(private, "private"),
        encrypted=validation.truth(encrypted, "encrypted"),
        created_at=time.time_ns() // 1_000_000,
        epoch=new_epoch(store),
        user_count=0,
        seq=0,
    )
    owned_rooms.note(store, owner.folded, room.room_id, most)
    member = owner.name if room.private else ""
    if member:
        # Before the room itself, so that its owner is never locked out of it.
        store.redis.sadd(keys.private_rooms(owner.folded), room.room_id)
    store.batch(
        [
            Call(
                "create_room",
                [keys.room(room.room_id), keys.members(room.room_id)],
                [member, *_fields(room)],
            ),
            ("ZADD", keys.ROOMS, room.created_at, room.room_id),
            *room_index.adding(room.room_id, room.name, room.created_at, room.private),
        ]
    )
    return room


def reading(room_id: str) -> Question[Room]:
    """The room as it is now. No access is checked. Reading raises ``NotFound``."""

    def read(answers: list[Any]) -> Room:
        room = _room(room_id, answers[0])
        if room is None:
            raise NotFound(N_("There is no such room."))
        return room

    return Question([("HMGET", keys.room(room_id), *_FIELDS)], read)


def find(store: Store, room_ids: Sequence[str]) -> list[Room | None]:
    """These rooms, ``None`` for one that does not exist. No access is checked."""
    found = store.batch([("HMGET", keys.room(room_id), *_FIELDS) for room_id in room_ids])
    return [_room(i, values) for i, values in zip(room_ids, found, strict=True)]


def access(store: Store, person: Person, room_id: object) -> Room:
    """The room, if this user may be in it.

    Raises ``Forbidden`` for guests, and ``NotFound`` for a room that does not exist. A private room
    of which the user is no member is ``NotFound`` too, so that nobody else learns that it exists.
    """
    return store.ask(accessing(person, room_id))


def accessing(person: Person, room_id: object) -> Question[Room]:
    """The same, as a question. Asked behind other questions in one write, it tells whether the user
    may have their answers."""
    check_may_chat(person)
    known = validation.room_id(room_id)
    if known is None:
        raise NotFound(N_("There is no such room."))
    room_question, membership = reading(known), _membership(known, person.name)

    def read(answers: list[Any]) -> Room:
        room, is_member = room_question.read(answers[:1]), membership.read(answers[1:])
        if room.private and not is_member:
            raise NotFound(N_("There is no such room."))
        return room

    return Question([*room_question.calls, *membership.calls], read)


def read_within(
    store: Store, person: Person, room_id: object, *questions: Question[Any]
) -> tuple[Room, list[Any]]:
    """The room, and the answers to questions about it. Raises as ``access`` does.

    Access is checked again behind the questions, in the same write: so the answers contain nothing
    from after a removal of the user.
    """
    check = accessing(person, room_id)
    here, *answers, _ = store.ask_together(check, *questions, check)
    return here, answers


def manage(store: Store, person: Person, room_id: object) -> Room:
    """The room, if this user may change it. Raises as ``access`` does, and ``Forbidden``."""
    room = access(store, person, room_id)
    if not room.is_managed_by(person):
        raise Forbidden(N_("Only the room's owner or an admin can do that."))
    return room


def revive(store: Store, room: Room, present: Collection[str]) -> bool:
    """Create a room again that the store has lost; the people present become its members.

    False if it exists after all, or was deleted.
    """
    anew = replace(room, epoch=new_epoch(store), user_count=0, seq=0, said=0, said_by="")
    members = sorted({room.owner, *present}) if room.private else []
    made = store.run(
        "revive",
        [keys.room(room.room_id), keys.members(room.room_id), keys.closed(room.room_id)],
        [len(members), *members, *_fields(anew)],
    )
    calls: list[Call | tuple[Argument, ...]] = [
        ("SADD", keys.private_rooms(validation.fold(name)), room.room_id) for name in members
    ]
    if made:
        calls.append(("SADD", keys.owned_rooms(validation.fold(room.owner)), room.room_id))
        listed = ("ZADD", keys.ROOMS, room.created_at, room.room_id)
        listing = room_index.adding(room.room_id, room.name, room.created_at, room.private)
        store.batch([*calls, listed, *listing])
    return bool(made)


def rename(store: Store, person: Person, room_id: object, name: object) -> Room:
    """Raises ``Invalid``, and as ``manage`` does."""
    room = manage(store, person, room_id)
    store.run("rename", [keys.room(room.room_id)], [validation.room_name(name)])
    # The name is read behind the removal of the old one: two who rename at once leave it in.
    store.batch([room_index.forgetting(room.room_id, room.name)])
    new = store.ask(reading(room.room_id))
    store.batch(room_index.adding(new.room_id, new.name, new.created_at, new.private))
    return new


def close(store: Store, room: Room, closing: bytes) -> None:
    """Delete a room, with ``closing`` as the body of its CLOSE. Raises ``NotFound``."""
    i = room.room_id
    members = store.run("close", keys.of_room(i), ["", closing, REMEMBER_CLOSED])
    forget: list[Call | tuple[Argument, ...]] = [
        ("ZREM", keys.ROOMS, i),
        ("ZREM", keys.OCCUPIED, i),
        ("SREM", keys.owned_rooms(validation.fold(room.owner)), i),
        *room_index.removing(i, room.name),
    ]
    for name in members:
        folded = validation.fold(name.decode())
        forget.append(("SREM", keys.private_rooms(folded), i))
        forget.append(("HDEL", keys.inviters(folded), i))
    store.batch(forget)
    # Of a private room its members alone are told, and nobody else that it was there.
    names = [name.decode() for name in members] if room.private else None
    store.redis.publish(keys.CONTROL, orjson.dumps({"closed": [i, names]}))


def check_may_chat(person: Person) -> None:
    if not person.may_chat:
        raise Forbidden(N_("Guests cannot enter the rooms yet. An admin can change that."))


def _membership(room_id: str, name: str) -> Question[bool]:
    command = ("SISMEMBER", keys.members(room_id), name)
    return Question([command], lambda answers: bool(answers[0]))


def _fields(room: Room) -> list[Argument]:
    """The room's hash: field, value, field, value…"""
    values: tuple[Argument, ...] = (
        room.name,
        room.owner,
        int(room.private),
        int(room.encrypted),
        room.created_at,
        room.epoch,
        room.user_count,
        room.seq,
        room.said,
        room.said_by,
    )
    return [part for pair in zip(_FIELDS, values, strict=True) for part in pair]


def _room(room_id: str, values: Sequence[bytes | None]) -> Room | None:
    name, owner, private, encrypted, created_at, epoch, user_count, seq, said, said_by = values
    if name is None or owner is None or epoch is None:
        return None
    return Room(
        room_id,
        name.decode(),
        owner.decode(),
        private == b"1",
        encrypted == b"1",
        int(created_at or 0),
        epoch.decode(),
        int(user_count or 0),
        int(seq or 0),
        int(said or 0),
        (said_by or b"").decode(),
    )
