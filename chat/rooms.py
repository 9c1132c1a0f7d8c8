"""Rooms as they are stored, and who may be in them.

``access`` (or ``access_question``) checks that a person may be in a room: every operation for a
person starts with it, or has its script check the same.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from chat import keys, validation
from chat.errors import GUESTS_MAY_NOT_CHAT, N_, Forbidden, NotFound
from chat.people import Person
from chat.store import clock
from chat.store.question import Argument, Question
from chat.store.store import Store

OPEN, PRIVATE, DIRECT = "open", "private", "direct"
OWNER, MODERATOR, MEMBER = "owner", "moderator", "member"
ROLES = (OWNER, MODERATOR, MEMBER)

#: The fields of a room's hash, in the order of ``Room``'s.
_FIELDS = (
    *("name", "ownerId", "owner", "kind", "private", "encrypted", "createdAt", "epoch"),
    *("userCount", "seq", "said", "saidBy", "saidById", "deleted", "description"),
    *("archived", "activeAt", "historyDays"),
)


@dataclass(frozen=True)
class Room:
    """A room as it was when read. ``seq`` is that of its newest entry, 0 before the first.

    ``owner`` is the owner's present name. ``said`` is the number of TALKs so far, deleted ones
    included, and ``deleted`` that of deleted and of too old ones. ``said_by`` is who said the
    newest one, with the name of then. ``active_at`` (ms) is when something was stored last, or the
    room was made. ``history_days`` is how long messages are kept, 0 without a limit of its own.
    """

    room_id: str
    name: str
    owner_id: str
    owner: str
    kind: str
    encrypted: bool
    created_at: int
    epoch: str
    user_count: int = 0
    seq: int = 0
    said: int = 0
    said_by: str = ""
    said_by_id: str = ""
    deleted: int = 0
    description: str = ""
    archived: bool = False
    active_at: int = 0
    history_days: int = 0

    @property
    def private(self) -> bool:
        """Whether its members alone may be in it and know of it."""
        return self.kind != OPEN

    def wire(self) -> dict[str, object]:
        """A ``Room`` of docs/protocol.md."""
        return {
            "roomId": self.room_id,
            "name": self.name,
            "kind": self.kind,
            "description": self.description,
            "owner": self.owner,
            "ownerId": self.owner_id,
            "private": self.private,
            "encrypted": self.encrypted,
            "archived": self.archived,
            "createdAt": self.created_at,
            "userCount": self.user_count,
            "seq": self.seq,
            "said": self.said,
            "saidBy": self.said_by,
            "saidById": self.said_by_id,
            "talks": self.said - self.deleted,
            "historyDays": self.history_days,
        }

    def summary(self) -> dict[str, object]:
        """What the live list of rooms shows."""
        left_out = ("description", "owner", "ownerId", "createdAt", "historyDays")
        return {name: value for name, value in self.wire().items() if name not in left_out}

    def fields(self) -> list[Argument]:
        """The room's hash: field, value, field, value…"""
        values: dict[str, Argument] = {
            "name": self.name,
            "ownerId": self.owner_id,
            "owner": self.owner,
            "kind": self.kind,
            "private": int(self.private),
            "encrypted": int(self.encrypted),
            "createdAt": self.created_at,
            "epoch": self.epoch,
            "userCount": self.user_count,
            "seq": self.seq,
            "said": self.said,
            "saidBy": self.said_by,
            "saidById": self.said_by_id,
            "deleted": self.deleted,
            "description": self.description,
            "archived": int(self.archived),
            "activeAt": self.active_at,
            "forgotten": 0,
            "historyDays": self.history_days,
        }
        return [part for pair in values.items() for part in pair]


class Access(NamedTuple):
    """A room that a person may be in, and the person's role in it, '' for no member.

    ``is_admin``: the person is an admin, who may do in a room what its owner may; but in a direct
    room, where everybody is a plain member.
    """

    room: Room
    role: str
    is_admin: bool

    @property
    def may_manage(self) -> bool:
        """Whether the person may delete the room and give roles."""
        return self.is_admin or self.role == OWNER

    @property
    def may_moderate(self) -> bool:
        """Whether the person may add and remove others, and change name and description."""
        return self.may_manage or self.role == MODERATOR


def new_epoch(store: Store) -> str:
    """An id for a new epoch of a room's stream: ``<life of the store's data>-<random>``.

    Within one epoch a number never means two messages. In another life of the data the script that
    appends a message begins a new epoch.
    """
    # Not a secret: it only has to be different each time.
    return f"{store.life}-{random.getrandbits(48):012x}"


def room_question(room_id: str) -> Question[Room]:
    """The room as it is now. No access is checked. Reading raises ``NotFound``."""

    def read(answers: list[Any]) -> Room:
        room = _room(room_id, answers[0])
        if room is None:
            raise NotFound(N_("There is no such room."))
        return room

    return Question([("HMGET", keys.room(room_id), *_FIELDS)], read)


def find(store: Store, room_ids: Sequence[str]) -> list[Room | None]:
    """These rooms, ``None`` for one that does not exist. No access is checked."""
    return store.ask(rooms_question(room_ids))


def rooms_question(room_ids: Sequence[str]) -> Question[list[Room | None]]:
    """The same, as a question."""
    return Question(
        [("HMGET", keys.room(room_id), *_FIELDS) for room_id in room_ids],
        lambda found: [_room(i, values) for i, values in zip(room_ids, found, strict=True)],
    )


def access(store: Store, person: Person, room_id: object) -> Access:
    """The room, if this person may be in it, and the person's role.

    Raises ``Forbidden`` for guests and for who is banned, and ``NotFound`` for a room that does not
    exist. A private room of which the person is no member is ``NotFound`` too, so that nobody else
    learns that it exists.
    """
    return store.ask(access_question(person, room_id))


def access_question(person: Person, room_id: object) -> Question[Access]:
    """The same, as a question. Asked behind other questions in one write, it tells whether the
    person may have their answers."""
    check_may_chat(person)
    checked_id = parse_id(room_id)
    question = room_question(checked_id)

    def read(answers: list[Any]) -> Access:
        room, (record, banned, of_account, time) = question.read(answers[:1]), answers[1:]
        (role_in_maru, off), now = of_account, clock.ms(time)
        if role_in_maru == b"guest" or off is not None:
            raise Forbidden(GUESTS_MAY_NOT_CHAT)
        is_admin = person.is_admin and role_in_maru == b"admin"
        if record is None and room.private:
            raise no_entry(room)
        # A banned admin may look, and lift the ban; the scripts let nobody in who is banned.
        if record is None and is_banned(banned, now) and not is_admin:
            raise no_entry(room, int(banned) - now if banned != b"0" else 0)
        role = record.split(b" ")[0].decode() if record else ""
        return Access(room, role, is_admin and room.kind != DIRECT)

    return Question(
        [
            *question.commands,
            ("HGET", keys.members(checked_id), person.user_id),
            ("HGET", keys.banned(checked_id), person.user_id),
            # The person may have been read before the role was changed.
            ("HMGET", keys.account(person.user_id), "role", "deactivatedAt"),
            clock.TIME,
        ],
        read,
    )


def read_within(
    store: Store, person: Person, room_id: object, *questions: Question[Any]
) -> tuple[Access, list[Any]]:
    """The room, and the answers to questions about it. Raises as ``access`` does.

    Access is checked again behind the questions, in the same write: so the answers contain nothing
    from after a removal of the person.
    """
    check = access_question(person, room_id)
    here, *answers, _ = store.ask_all([check, *questions, check])
    return here, answers


def check_may_chat(person: Person) -> None:
    """Raises ``Forbidden`` for guests, and for accounts that are deactivated."""
    if not person.may_chat:
        raise Forbidden(GUESTS_MAY_NOT_CHAT)


def no_entry(room: Room, left: int = 0) -> NotFound | Forbidden:
    """What is raised for who may not be in a room for ``left`` ms, or for good (0): of a private
    room nobody else learns."""
    if room.private:
        return NotFound(N_("There is no such room."))
    if left:
        minutes = math.ceil(left / 60_000)
        if minutes > 90:
            return Forbidden(
                N_("You cannot enter this room for now. You can come back in %(hours)s hours."),
                hours=math.ceil(minutes / 60),
            )
        return Forbidden(
            N_("You cannot enter this room for now. You can come back in %(minutes)s min."),
            minutes=max(minutes, 1),
        )
    return Forbidden(N_("You may not enter this room."))


def parse_id(room_id: object) -> str:
    """The id of a room, as it was sent. Raises ``NotFound`` for what none can have."""
    checked_id = validation.room_id(room_id)
    if checked_id is None:
        raise NotFound(N_("There is no such room."))
    return checked_id


def actor(person: Person) -> str:
    """Who does something in a room, as the scripts take it: with '*' for an admin."""
    return f"*{person.user_id}" if person.is_admin else person.user_id


def is_banned(until: bytes | None, now: int) -> bool:
    """Whether the store's note of a ban, in ms or 0 for good, holds at this time of the store."""
    return until is not None and (until == b"0" or int(until) > now)


def _room(room_id: str, values: Sequence[bytes | None]) -> Room | None:
    name, owner_id, owner, kind, private, encrypted, created, epoch, *rest = values
    count, seq, said, said_by, said_by_id, deleted, description, archived, active, days = rest
    if name is None or owner_id is None or epoch is None:
        return None
    return Room(
        room_id,
        name.decode(),
        owner_id.decode(),
        (owner or b"").decode(),
        kind.decode() if kind else PRIVATE if private == b"1" else OPEN,
        encrypted == b"1",
        int(created or 0),
        epoch.decode(),
        int(count or 0),
        int(seq or 0),
        int(said or 0),
        (said_by or b"").decode(),
        (said_by_id or b"").decode(),
        int(deleted or 0),
        (description or b"").decode(),
        archived == b"1",
        int(active or 0) or int(created or 0),
        int(days or 0),
    )
