"""What streams hold that the archive does not have yet, and the trimming of what it has.

The scripts that store a message note its room, until all of its stream is archived.
"""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from chat import keys, message
from chat.archive.entries import Cursor, Part
from chat.store.question import Argument, Question, ScriptCall
from chat.store.store import Store

#: Entries and bytes that are read at once, about: of one room, so that the store soon gets to other
#: work, and of all rooms together.
OF_ROOM = 500, 1_000_000
OF_ALL = 10_000, 10_000_000
#: Rooms that are looked at in one write.
_TOGETHER = 500


@dataclass(frozen=True)
class Found:
    """What a room's stream holds behind a cursor; ``more`` says whether that is not all.

    ``is_behind``: the store may have lost entries that the archive has.
    """

    part: Part
    more: bool
    is_behind: bool = False


def rooms(store: Store, most: int) -> list[str]:
    """The rooms that are not archived to their ends, those first that have waited longest."""
    found: list[bytes] = store.ask(("ZRANGE", keys.UNARCHIVED, 0, most - 1))
    return [room_id.decode() for room_id in found]


def entries_question(room_id: str, cursor: Cursor, rooms: int) -> Question[Found | None]:
    """What follows the cursor; ``None`` for a room that does not exist any more.

    ``rooms`` is how many are read at the same time.

    Where the stream does not continue what the archive has, the store has lost entries: then the
    part has no entries, and it ends before the first one. So the stream is read from its beginning.
    """
    room_keys = [keys.room(room_id), keys.stream(room_id)]
    entries, size = (min(one, all_ // rooms) for one, all_ in zip(OF_ROOM, OF_ALL, strict=True))
    call = ScriptCall("unarchived", room_keys, [cursor.seq, entries, size])

    def read(answers: list[Any]) -> Found | None:
        if not answers[0]:
            return None
        epoch, newest, is_sealed, is_open, more, *flat = answers[0]
        found = _found(room_id, cursor, epoch.decode(), newest, bool(is_sealed), bool(more), flat)
        found.part.is_open = bool(is_open)
        return found

    return Question([call], read)


def _found(
    room_id: str,
    cursor: Cursor,
    epoch: str,
    newest: int,
    is_sealed: bool,
    more: bool,
    flat: list[bytes],
) -> Found:
    entries = [(int(flat[i][2:]), flat[i + 1]) for i in range(0, len(flat), 2)]
    continues = cursor.seq == 0 or cursor.epoch == epoch
    if entries and entries[0][0] == cursor.seq:
        _, stored = entries.pop(0)
        if cursor.sent_at:
            continues = message.sent_at(stored) == cursor.sent_at
    if not continues:
        anew = Cursor(epoch, highest=cursor.highest)
        return Found(Part(room_id, is_sealed, [], cursor, anew), True, is_behind=True)
    end, sent_at = cursor.seq, cursor.sent_at
    if entries:
        end, sent_at = entries[-1][0], message.sent_at(entries[-1][1])
    if not more and newest > end:
        # What stood at the end of the stream was deleted.
        end, sent_at = newest, 0
    reached = Cursor(epoch, end, sent_at, max(cursor.highest, end))
    is_behind = newest < cursor.highest
    return Found(Part(room_id, is_sealed, entries, cursor, reached), more, is_behind)


def archived_call(room_id: str, reached: Cursor, recent: int) -> ScriptCall:
    """Note that a room is archived so far, and trim its stream to about ``recent`` entries."""
    room_keys = [
        *(keys.room(room_id), keys.stream(room_id), keys.erased(room_id), keys.edited(room_id)),
        *(keys.reactions(room_id), keys.UNARCHIVED),
    ]
    return ScriptCall("archived", room_keys, [reached.epoch, reached.seq, recent])


def lost_question(room_id: str, highest: int) -> Question[int | None]:
    """The ordinal of the last TALK that the store has not lost; ``None`` where it has lost nothing.

    ``highest`` is the highest number that the archive knows.
    """

    def read(answers: list[Any]) -> int | None:
        is_lost, *before = answers[0]
        return int(before[0]) if is_lost else None

    return Question([heal_call(room_id, highest, b"")], read)


def heal_call(room_id: str, highest: int, lost: bytes) -> ScriptCall:
    """Have pages read from the archive what the store has lost, of numbers up to ``highest``.

    Then messages go on above these, and everybody reads the room anew. It changes nothing where the
    store has lost nothing.
    """
    counted = (keys.deleted, keys.spoken, keys.marks, keys.mentions)
    of_room = (keys.room, keys.stream, keys.erased, *counted, keys.members)
    args: list[Argument] = [highest, secrets.token_hex(6), lost]
    return ScriptCall("heal", [key(room_id) for key in of_room], args)


def deleted(store: Store, most: int) -> list[str]:
    """Deleted rooms of which the archive may have messages still."""
    found: list[bytes] = store.ask(("SRANDMEMBER", keys.UNPURGED, most))
    return [room_id.decode() for room_id in found]


def purged(store: Store, room_id: str) -> None:
    """Note that the archive has nothing more of a deleted room."""
    store.ask(("SREM", keys.UNPURGED, room_id))


def every_room(store: Store) -> Iterator[list[tuple[str, Cursor, int]]]:
    """All rooms, some at a time: each with its epoch and newest number, and its last activity."""
    for some in _chunks_of_ids(store):
        fields = store.ask_all(
            ("HMGET", keys.room(room_id), "epoch", "seq", "activeAt") for room_id in some
        )
        yield [
            (room_id, Cursor(epoch.decode(), int(seq)), int(active or 0))
            for room_id, (epoch, seq, active) in zip(some, fields, strict=True)
            if epoch and seq
        ]


def _chunks_of_ids(store: Store) -> Iterator[list[str]]:
    for scan in (store.redis.zscan_iter(keys.ROOMS, count=_TOGETHER), _direct(store)):
        ids = []
        for room_id, _ in scan:
            ids.append(room_id.decode())
            if len(ids) == _TOGETHER:
                yield ids
                ids = []
        yield ids


def _direct(store: Store) -> Iterator[tuple[bytes, bytes]]:
    for group, room_id in store.redis.hscan_iter(keys.DIRECT, count=_TOGETHER):
        yield room_id, group


def note(store: Store, waiting: Sequence[tuple[str, int]]) -> None:
    """Have the follower look at these rooms; each with the time since when it waits, in ms."""
    flat = [part for room_id, at in waiting for part in (at, room_id)]
    if flat:
        store.ask(("ZADD", keys.UNARCHIVED, "NX", *flat))
