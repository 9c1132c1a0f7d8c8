"""The list of rooms: by activity, searched by name, page after page."""

import time
import unicodedata

from chat import keys, rooms, text
from chat.errors import N_, Invalid
from chat.rooms import Room
from chat.store import Command, Store
from chat.users import User

PAGE_MAX = 200
#: Rooms read at a time while looking for those that a page wants.
_CHUNK = 200
#: Rooms that one call looks at, about, however few of them the page wants.
LOOKED_AT = 1000
#: How exact the order by activity is, in ms, and of how many rooms a worker knows when it noted it.
EXACT, NOTED = 1_000, 10_000


def page(
    store: Store, user: User, q: str = "", cursor: str = "", limit: int = 50
) -> tuple[list[Room], str | None]:
    """Rooms the user may see, most recently active first, and the cursor of the next page.

    ``q`` is looked for in the names, in any case. At most ``LOOKED_AT`` rooms are looked at: a page
    may hold fewer than ``limit``, or none, and there are others all the same. Raises ``Invalid``,
    ``Forbidden``.
    """
    rooms.check_may_chat(user)
    text.whole_number(limit, "limit", 1, PAGE_MAX)
    wanted = text.sought(q)
    mine = {i.decode() for i in store.redis.smembers(keys.private_rooms(text.fold(user.name)))}
    found: list[Room] = []
    last: tuple[float, str] | None = _parse_cursor(cursor)
    looked_at = 0
    while True:
        entries = _entries_after(store, last)
        for (score, room_id), room in zip(
            entries, rooms.find(store, [room_id for _, room_id in entries]), strict=True
        ):
            seen = last
            last = (score, room_id)
            if room and (not room.private or room_id in mine) and wanted in _folded(room.name):
                if len(found) == limit:
                    assert seen is not None
                    return found, f"{seen[0]:.0f}-{seen[1]}"
                found.append(room)
        if not entries:
            return found, None
        looked_at += len(entries)
        if looked_at >= LOOKED_AT and last is not None:
            return found, f"{last[0]:.0f}-{last[1]}"


def _entries_after(store: Store, last: tuple[float, str] | None) -> list[tuple[float, str]]:
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


def _parse_cursor(cursor: str) -> tuple[float, str] | None:
    if not cursor:
        return None
    score, dash, room_id = cursor.partition("-")
    if not (
        score.isascii() and score.isdigit() and len(score) <= 16 and dash and text.room_id(room_id)
    ):
        raise Invalid(N_("That cursor is not one of ours."))
    return float(score), room_id


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


class Activity:
    """Keeps the order of rooms by their last message, as one worker sees it."""

    def __init__(self) -> None:
        self._noted: dict[str, int] = {}

    def note(self, room_id: str) -> list[Command]:
        """What to tell the store of a room in which something is being said, if it is time to."""
        now = time.time_ns() // 1_000_000
        # Also when it was noted later than now, by a clock that was set back since.
        if 0 <= now - self._noted.get(room_id, 0) <= EXACT:
            return []
        if len(self._noted) > NOTED:
            self._noted.clear()
        self._noted[room_id] = now
        # XX: a room that was deleted just now is not listed again.
        return [("ZADD", keys.ROOMS, "XX", "GT", now, room_id)]
