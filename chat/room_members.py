"""Who belongs to a room, and in which role: one record for each person, beside the room.

The scripts decide by these records: see ``lua/lib.lua``. What a room is to a person (level, star,
read up to) is told by ``chat.memberships``.
"""

import heapq
from collections.abc import Collection, Sequence, Set
from typing import Any, NamedTuple

from chat import keys, message, validation
from chat.people import Person
from chat.rooms import MODERATOR, OWNER, Room, actor, is_banned
from chat.store import clock
from chat.store.question import Argument, Question, ScriptCall, fields
from chat.store.store import Store

#: In which order members are listed by role: the owner, moderators, others.
_RANKS = {OWNER.encode(): b"0", MODERATOR.encode(): b"1"}
#: Beyond this part of the members a sort of all is quicker than to find the first ones.
_FAR = 16


class Member(NamedTuple):
    """A person who belongs to a room. ``muted_until`` is in ms; 0 for one who may speak."""

    user_id: str
    role: str
    muted_until: int
    name: str

    @property
    def is_muted(self) -> bool:
        """Whether the store let the person not speak when it was read."""
        return self.muted_until > 0


def record(role: str, name: str, muted_until: int = 0) -> str:
    """A membership as the scripts store it."""
    return f"{role} {muted_until} {name}"


def parse(user_id: bytes, stored: bytes, now: int) -> Member:
    """The member of whom the store holds that record, at this time of the store in ms."""
    role, until, name = stored.decode().split(" ", 2)
    return Member(user_id.decode(), role, int(until) if int(until) > now else 0, name)


def listed(room_id: str) -> Question[list[Member]]:
    """All members of a room, by name."""

    def read(answers: list[Any]) -> list[Member]:
        flat, now = answers[0], clock.ms(answers[1])
        found = [parse(i, r, now) for i, r in zip(flat[::2], flat[1::2], strict=True)]
        return sorted(found, key=lambda member: member.name)

    return Question([("HGETALL", keys.members(room_id)), clock.TIME], read)


def page(
    room_id: str, start: int, size: int, by_role: bool = False
) -> Question[tuple[list[Member], int]]:
    """``size`` members from the position ``start`` on, by name, and how many there are in all.

    With ``by_role`` the owner and the moderators come first. Only the members of the page are taken
    apart, and the first pages are found without a sort of all: a room may have ten thousand.
    """

    def sort_key(stored: tuple[bytes, bytes]) -> bytes:
        role, _, name = stored[1].split(b" ", 2)
        return _RANKS.get(role, b"2") + name if by_role else name

    def read(answers: list[Any]) -> tuple[list[Member], int]:
        found = list(zip(answers[0][::2], answers[0][1::2], strict=True))
        end = start + size
        is_far = end > len(found) // _FAR
        first = sorted(found, key=sort_key) if is_far else heapq.nsmallest(end, found, key=sort_key)
        now = clock.ms(answers[1])
        return [parse(user_id, stored, now) for user_id, stored in first[start:end]], len(found)

    return Question([("HGETALL", keys.members(room_id)), clock.TIME], read)


def number(room_id: str) -> Question[int]:
    """How many people belong to a room."""
    return Question([("HLEN", keys.members(room_id))], lambda answers: int(answers[0]))


def of(room_id: str, user_ids: Sequence[str]) -> Question[list[Member]]:
    """Those of these people who belong to a room."""
    if not user_ids:
        return Question([], lambda answers: [])

    def read(answers: list[Any]) -> list[Member]:
        both, now = zip(user_ids, answers[0], strict=True), clock.ms(answers[1])
        return [parse(i.encode(), stored, now) for i, stored in both if stored is not None]

    return Question([("HMGET", keys.members(room_id), *user_ids), clock.TIME], read)


def kept_out(room: Room, user_ids: Set[str]) -> Question[set[str]]:
    """Which of these people may not be in a room."""
    asked = sorted(user_ids)
    if not asked:
        return Question([], lambda answers: set())

    def read(answers: list[Any]) -> set[str]:
        records, bans, now = answers[0], answers[1], clock.ms(answers[2])
        return {
            user_id
            for user_id, record, until in zip(asked, records, bans, strict=True)
            if record is None and (room.private or is_banned(until, now))
        }

    both = (keys.members(room.room_id), keys.banned(room.room_id))
    return Question([*(("HMGET", key, *asked) for key in both), clock.TIME], read)


def has_bans(room_id: str) -> Question[bool]:
    """Whether anybody is banned from a room, or was."""
    return Question([("EXISTS", keys.banned(room_id))], lambda answers: bool(answers[0]))


def set_member(
    store: Store,
    person: Person,
    room_id: str,
    other: Person,
    role: str = "",
    muted_until: int | None = None,
    most: int = 0,
    owner_id: str = "",
) -> str:
    """Add a person to a room, or change a member; gives ``ADDED``, ``CHANGED`` or ``SAME``.

    The role '' leaves it as it is, and so does ``None`` for ``muted_until``. ``most`` is how many
    rooms ``other`` may own; 0 means any number. ``owner_id`` is the owner until now. Raises
    ``Invalid``, ``NotFound``, ``Forbidden``, ``Conflict``.
    """
    until = "" if muted_until is None else validation.whole_number(muted_until, "mutedUntil")
    # An admin who adds himself or herself to an open room does it as everybody may.
    by = person.user_id if person.user_id == other.user_id and not role else actor(person)
    args: list[Argument] = ["", by, other.user_id, other.name, role, until, most]
    asked = [
        *(*_rules(room_id), keys.account(person.user_id), keys.rooms_of(other.user_id)),
        *(keys.blocked_inviters(other.user_id), keys.inviters(other.user_id)),
        *(keys.owned_rooms(other.user_id), keys.account(other.user_id)),
        *(keys.owned_rooms(owner_id), keys.marks(room_id), keys.spoken(room_id)),
    ]
    done: bytes = store.ask(ScriptCall("set_member", asked, args))
    return done.decode()


def remove(
    store: Store,
    person: Person,
    room_id: str,
    other: Person,
    locale: str,
    hold: int,
    ban: int | None = None,
) -> bool:
    """Take a person out of a room with all connections, in one step; with ``ban`` also ban it.

    Whatever is said from then on, no worker hands it to that person. ``ban`` is the time until
    which the person is banned, in ms, 0 for good. Out of an open room it is banned for ``hold`` ms
    in any case, so that a worker that receives nothing cannot let it in again. False when it was no
    member. Raises ``NotFound``, ``Forbidden``, ``Conflict``.
    """
    reason = message.LEFT if person.user_id == other.user_id else message.KICKED
    quit_body = message.announcement(message.QUIT, room_id, locale, reason)
    room_keys = [
        *(keys.room(room_id), keys.conns(room_id), keys.present(room_id)),
        *(keys.members(room_id), keys.banned(room_id), keys.account(person.user_id)),
        *_own(room_id, other.user_id),
    ]
    by = person.user_id if person.user_id == other.user_id else actor(person)
    until = "" if ban is None else ban
    args: list[Argument] = ["", by, other.user_id, quit_body, message.removal(room_id), until, hold]
    return bool(store.ask(ScriptCall("remove", room_keys, args)))


def unban(store: Store, person: Person, room_id: str, user_id: str) -> None:
    """Lift a ban. Raises ``NotFound``, and ``Forbidden`` for all but owner, moderators, admins."""
    room_keys = [*_rules(room_id), keys.account(person.user_id)]
    store.ask(ScriptCall("unban", room_keys, [actor(person), user_id]))


def banned(room_id: str) -> Question[dict[str, int]]:
    """The userIds of people who are banned from a room, and until when, in ms; 0 is for good."""

    def read(answers: list[Any]) -> dict[str, int]:
        now = clock.ms(answers[1])
        found = fields(answers[0])
        return {i.decode(): int(until) for i, until in found.items() if is_banned(until, now)}

    return Question([("HGETALL", keys.banned(room_id)), clock.TIME], read)


def delete_membership_call(user_id: str, room_id: str) -> ScriptCall:
    """The call that deletes what a room was to a person who is no member of it any more."""
    return ScriptCall(
        "delete_membership", [keys.members(room_id), *_own(room_id, user_id)], [user_id, room_id]
    )


def write_name_everywhere(store: Store, person: Person) -> list[str]:
    """Store a person's new name in all rooms of the person; gives those rooms."""
    room_ids = room_ids_of(store, person.user_id)
    write_name(store, person, room_ids)
    return room_ids


def write_name(store: Store, person: Person, room_ids: Collection[str]) -> None:
    """Store a person's name in those of these rooms of which the person is a member."""
    store.ask_all(
        [
            ScriptCall(
                "rename_member",
                [keys.room(i), keys.members(i), keys.present(i)],
                [person.user_id, person.name],
            )
            for i in room_ids
        ]
    )


def room_ids_of(store: Store, user_id: str) -> list[str]:
    """The rooms that a person belongs to; among them may be some that are gone."""
    return [i.decode() for i in store.ask(("ZRANGE", keys.rooms_of(user_id), 0, -1))]


def _rules(room_id: str) -> list[str]:
    """The keys of a room that say who may do what in it."""
    return [keys.room(room_id), keys.members(room_id), keys.banned(room_id)]


def _own(room_id: str, user_id: str) -> list[str]:
    """The keys of what a room is to a person."""
    of_person = (keys.rooms_of, keys.levels, keys.starred, keys.inviters)
    return [keys.marks(room_id), *(key(user_id) for key in of_person)]
