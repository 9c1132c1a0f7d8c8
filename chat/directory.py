"""The list of rooms: by activity, searched by name, page after page."""

import re
import secrets
import time
import unicodedata

from chat import keys, rooms, validation
from chat.errors import N_, Invalid
from chat.people import Person
from chat.rooms import Room
from chat.store.store import Command, Store

PAGE_MAX = 200
#: Rooms read at a time while looking for those that a page wants.
_CHUNK = 200
#: Rooms that one call looks at, about, however few of them the page wants.
LOOKED_AT = 1000
#: How exact the order by activity is, in ms, and of how many rooms a worker knows when it noted it.
EXACT, NOTED = 1_000, 10_000
#: Activity in ms and id of a room, as in the index.
_Place = tuple[float, str]
# A cursor behind a room that its user may not see, and how long it is good for.
_HIDDEN, _HIDDEN_SECONDS = re.compile(r"[0-9a-f]{32}"), 1800


def page(
    store: Store, person: Person, q: str = "", cursor: str = "", limit: int = 50
) -> tuple[list[Room], str | None]:
    """Rooms the user may see, most recently active first, and the cursor of the next page.

    ``q`` is searched in the names, ignoring case. One call looks at ``LOOKED_AT`` rooms at most: so
    a page may have fewer than ``limit`` rooms, or none, although there are more. A cursor does not
    reveal a room that the user may not see. Raises ``Invalid``, ``Forbidden``.
    """
    found, place, is_visible = _look(store, person, q, cursor, limit)
    if place is None:
        return found, None
    score, room_id = place
    named = f"{score:.0f}-{room_id}"
    return found, named if is_visible else _hide(store, named)


def newest(store: Store, person: Person, limit: int) -> list[Room]:
    """The first page alone. Raises ``Forbidden``."""
    return _look(store, person, "", "", limit)[0]


def _look(
    store: Store, person: Person, q: str, cursor: str, limit: int
) -> tuple[list[Room], _Place | None, bool]:
    """The rooms, the place after which the next page begins, and whether the user may see that."""
    rooms.check_may_chat(person)
    validation.whole_number(limit, "limit", 1, PAGE_MAX)
    wanted = validation.sought(q)
    mine = {
        i.decode() for i in store.redis.smembers(keys.private_rooms(validation.fold(person.name)))
    }
    found: list[Room] = []
    last, seen = _parse_cursor(store, cursor), None
    looked_at = 0
    while True:
        entries = _entries_after(store, last)
        for entry, room in zip(
            entries, rooms.find(store, [room_id for _, room_id in entries]), strict=True
        ):
            last = entry
            if room is None or (room.private and room.room_id not in mine):
                continue
            if wanted in _folded(room.name):
                if len(found) == limit:
                    return found, seen, True
                found.append(room)
            seen = entry
        if not entries:
            return found, None, False
        looked_at += len(entries)
        if looked_at >= LOOKED_AT:
            # Behind a room that is seen here, what cannot be seen is looked at once more.
            return found, seen or last, seen is not None


def _hide(store: Store, named: str) -> str:
    """A random cursor; the store keeps the place that it stands for, for a while."""
    token = secrets.token_hex(16)
    store.redis.set(keys.cursor(token), named, ex=_HIDDEN_SECONDS)
    return token


def _entries_after(store: Store, last: _Place | None) -> list[_Place]:
    """The next ids of the index with their scores, behind ``last`` in its order."""
    top = "+inf" if last is None else last[0]
    skip = 0
    while True:
        chunk: list[tuple[bytes, float]] = store.redis.zrevrangebyscore(
            keys.ROOMS, top, "-inf", start=skip, num=_CHUNK, withscores=True
        )
        entries = [(score, member.decode()) for member, score in chunk]
        # Equal scores are ordered by member, so what was seen already is what is not smaller.
        fresh = [entry for entry in entries if last is None or entry < last]
        if fresh or not entries:
            return fresh
        skip += _CHUNK


def _parse_cursor(store: Store, cursor: str) -> _Place | None:
    if not cursor:
        return None
    if _HIDDEN.fullmatch(cursor):
        cursor = (store.redis.get(keys.cursor(cursor)) or b"").decode()
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


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


class Activity:
    """Updates the index of rooms by activity, at most once in a while for each room and worker."""

    def __init__(self) -> None:
        self._noted: dict[str, int] = {}

    def note(self, room_id: str) -> list[Command]:
        """The commands that update the index for a room with a new message, if it is time to."""
        now = time.time_ns() // 1_000_000
        # Also when it was noted later than now, by a clock that was set back since.
        if 0 <= now - self._noted.get(room_id, 0) <= EXACT:
            return []
        if len(self._noted) > NOTED:
            self._noted.clear()
        self._noted[room_id] = now
        # XX: a room that was deleted just now is not listed again.
        return [("ZADD", keys.ROOMS, "XX", "GT", now, room_id)]
