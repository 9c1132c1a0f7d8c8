"""The entries of a room's stream, some at a time, and how far they are archived."""

import logging
from dataclasses import dataclass
from typing import Any

import orjson

log = logging.getLogger(__name__)

#: The fields that an entry of a type must have to be archived.
_FIELDS: dict[str, tuple[tuple[str, type], ...]] = {
    "TALK": (("roomId", str), ("senderId", str), ("sentAt", int), ("message", str)),
    "EDIT": (("ref", int), ("sentAt", int), ("message", str)),
    "DELETE": (("ref", int),),
    "REACT": (("ref", int), ("senderId", str), ("emoji", str), ("on", bool)),
}


@dataclass(frozen=True, slots=True)
class Cursor:
    """See ``tables.cursors``."""

    epoch: str = ""
    seq: int = 0
    sent_at: int = 0
    highest: int = 0


@dataclass(slots=True)
class Part:
    """The next entries of one room, in order: their numbers, and what the stream holds.

    ``begin`` is the cursor before them, and ``end`` the one behind them. ``is_open`` is as in
    ``tables.cursors``.
    """

    room_id: str
    is_sealed: bool
    entries: list[tuple[int, bytes]]
    begin: Cursor
    end: Cursor
    is_open: bool = False


def decoded_entry(part: Part, seq: int, stored: bytes) -> dict[str, Any] | None:
    """The fields of an entry; ``None`` for what Maru has not written."""
    try:
        entry: dict[str, Any] = orjson.loads(stored)
        if all(isinstance(entry[name], kind) for name, kind in _FIELDS[entry["type"]]):
            return entry
    except (ValueError, KeyError, TypeError):
        pass
    log.warning("Entry %s of room %s is not one of Maru's; it is passed over.", seq, part.room_id)
    return None
