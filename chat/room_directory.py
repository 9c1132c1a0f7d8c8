"""The list of rooms: by activity, searched by name, page after page.

A page reads the rooms that it shows, and hardly any other: open rooms come from an index by
activity or, where few match a search, from one by name; private ones from those of the person.
"""

import heapq
import time
from collections.abc import Callable, Collection, Iterator, Sequence

from chat import keys, room_index, room_members, rooms, validation
from chat.batched import batched
from chat.errors import N_, Invalid
from chat.people import Person
from chat.rooms import Room
from chat.store import clock
from chat.store.question import Command, ScriptCall
from chat.store.store import Store

#: Rooms on a page, at the most.
PAGE_MAX = 200
#: Rooms that one call looks at, about, however few of them the page wants.
LOOKED_AT = 1000
#: Matches of a search, up to which they come from the index by name. More than that are frequent
#: among the most recently active rooms.
MATCHES = 2000
#: How exact the order by activity is, in seconds.
EXACT_S = 1
#: Of how many rooms a worker knows when it noted their activity.
NOTED = 10_000
#: Rooms that a search reads at a time, at least.
_SEARCHED = 200
#: Rooms of an older store that are put into the index in one write.
_BUILT = 50
#: The position of a room in the list: its activity in ms, and its id.
_Position = tuple[float, str]


def page(
    store: Store, person: Person, q: str = "", cursor: str = "", limit: int = 50
) -> tuple[list[Room], str | None]:
    """Rooms the person may enter, most recently active first, and the cursor of the next page.

    ``q`` is searched in the names, ignoring case. One call looks at ``LOOKED_AT`` rooms at most: so
    a page may have fewer than ``limit`` rooms, or none, although there are more. A cursor names
    only rooms that the person may see. Raises ``Invalid``, ``Forbidden``.
    """
    rooms.check_may_chat(person)
    validation.whole_number(limit, "limit", 1, PAGE_MAX)
    wanted = validation.sought(q)
    after = _parse_cursor(cursor)
    if not room_index.is_built(store):
        build(store)
    found: list[Room] = []
    looked_at = 0
    chunk = max(limit + 1, _SEARCHED if wanted else 0)
    for positions in batched(_positions(store, person, wanted, after, chunk), chunk):
        read = rooms.find(store, [room_id for _, room_id in positions])
        matches = {r.room_id for r in read if r and wanted in room_index.folded(r.name)}
        hidden = _hidden(store, person, [r for r in read if r], matches)
        for position, room in zip(positions, read, strict=True):
            if room is not None and room.room_id in hidden:
                continue
            if room is not None and room.room_id in matches:
                if len(found) == limit:
                    return found, _cursor(after)
                found.append(room)
            after = position
        looked_at += len(positions)
        if looked_at >= LOOKED_AT:
            return found, _cursor(after)
    return found, None


def newest(store: Store, person: Person, limit: int) -> list[Room]:
    """The first page alone. Raises ``Forbidden``."""
    return page(store, person, limit=limit)[0]


def may_see(store: Store, person: Person, room_ids: Sequence[str]) -> list[str]:
    """Those of these rooms, whatever else was given, that the person may see."""
    found = store.ask_all(
        [
            command
            for i in room_ids
            for command in (
                ("HGET", keys.room(i), "private"),
                ("HEXISTS", keys.members(i), person.user_id),
            )
        ]
    )
    each = list(zip(room_ids, found[::2], found[1::2], strict=True))
    strange = [i for i, private, is_in in each if private == b"0" and not is_in]
    banned = _banned(store, person, strange)
    return [
        i
        for i, private, is_in in each
        if (private and is_in) or (private == b"0" and i not in banned)
    ]


def _banned(store: Store, person: Person, room_ids: Sequence[str]) -> set[str]:
    """Those of these rooms that the person does not see because of a ban.

    An admin sees the rooms that he or she is banned from, and can lift the ban.
    """
    if person.is_admin or not room_ids:
        return set()
    asked: list[Command] = [("HGET", keys.banned(i), person.user_id) for i in room_ids]
    *until, answered = store.ask_all([*asked, clock.TIME])
    now = clock.ms(answered)
    return {i for i, at in zip(room_ids, until, strict=True) if rooms.is_banned(at, now)}


def _hidden(
    store: Store, person: Person, found: Sequence[Room], matches: Collection[str]
) -> set[str]:
    """The ids of those rooms that the person may not see.

    Who has just been removed from a room may still have it in the list of own rooms, so the room's
    own record of the members is asked. Bans are asked for of those rooms alone that ``matches``
    names.
    """
    private = [room.room_id for room in found if room.private]
    records = store.ask_all([("HEXISTS", keys.members(i), person.user_id) for i in private])
    strangers = {i for i, is_in in zip(private, records, strict=True) if not is_in}
    opened = [room.room_id for room in found if not room.private and room.room_id in matches]
    return strangers | _banned(store, person, opened)


def build(store: Store) -> None:
    """Put the rooms of a store from an older version into the index; again does no harm."""
    ids = (member.decode() for member, _ in store.redis.zscan_iter(keys.ROOMS, count=_BUILT))
    for chunk in batched(ids, _BUILT):
        active = store.ask_all([("ZSCORE", keys.ROOMS, i) for i in chunk])
        store.ask_all(
            [
                command
                for room, at in zip(rooms.find(store, chunk), active, strict=True)
                if room is not None and not room.private and at is not None
                for command in room_index.add_commands(room.room_id, room.name, int(float(at)))
            ]
        )
    room_index.note_built(store)


def _positions(
    store: Store, person: Person, wanted: str, after: _Position | None, chunk: int
) -> Iterator[_Position]:
    """The positions of the rooms that this person may see and that may match, in their order."""
    own = room_members.room_ids_of(store, person.user_id)
    opened_ids = store.redis.zmscore(keys.OPEN_ROOMS, own) if own else []
    ids = [i for i, open_at in zip(own, opened_ids, strict=True) if open_at is None]
    matching = room_index.matching(store, wanted, MATCHES) if wanted else None
    if matching is None:
        opened = _by_activity(store, after, chunk)
    else:
        opened = iter(_sorted(store, keys.OPEN_ROOMS, sorted(matching), after))
    return heapq.merge(opened, _sorted(store, keys.ROOMS, ids, after), reverse=True)


def _sorted(store: Store, index: str, ids: list[str], after: _Position | None) -> list[_Position]:
    """The positions of these rooms behind ``after``; without those that the index does not have."""
    if not ids:
        return []
    scores: list[float | None] = store.redis.zmscore(index, ids)
    positions = [(score, i) for score, i in zip(scores, ids, strict=True) if score is not None]
    return sorted((p for p in positions if after is None or p < after), reverse=True)


def _by_activity(store: Store, after: _Position | None, chunk: int) -> Iterator[_Position]:
    while True:
        positions = _open_positions_after(store, after, chunk)
        if not positions:
            return
        yield from positions
        after = positions[-1]


def _open_positions_after(store: Store, after: _Position | None, chunk: int) -> list[_Position]:
    top = "+inf" if after is None else after[0]
    skip = 0
    while True:
        read: list[tuple[bytes, float]] = store.redis.zrevrangebyscore(
            keys.OPEN_ROOMS, top, "-inf", start=skip, num=chunk, withscores=True
        )
        positions = [(score, member.decode()) for member, score in read]
        # Equal scores are ordered by member, so what was seen already is what is not smaller.
        fresh = [position for position in positions if after is None or position < after]
        if fresh or not positions:
            return fresh
        skip += chunk


def _cursor(after: _Position | None) -> str | None:
    return f"{after[0]:.0f}-{after[1]}" if after is not None else None


def _parse_cursor(cursor: str) -> _Position | None:
    if not cursor:
        return None
    score, dash, room_id = cursor.partition("-")
    if not (
        score.isascii()
        and score.isdigit()
        and len(score) <= 16
        and dash
        and validation.room_id(room_id)
    ):
        raise Invalid(N_("That cursor is not one of ours."))
    return float(score), room_id


class Activity:
    """Updates the index of rooms by activity, at most once in a while for each room and worker."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._noted: dict[str, float] = {}

    def note(self, room_id: str) -> list[ScriptCall]:
        """The call that updates the index for a room with a new message, if it is time to."""
        now = self._now()
        noted = self._noted.get(room_id)
        if noted is not None and now - noted <= EXACT_S:
            return []
        if len(self._noted) > NOTED:
            self._noted.clear()
        self._noted[room_id] = now
        return [ScriptCall("note_activity", [keys.ROOMS, keys.OPEN_ROOMS], ["", room_id])]
