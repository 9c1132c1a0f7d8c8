"""Reads a room as the store and the archive have it."""

import contextlib
import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chat import keys
from chat.store.store import Store
from verify.history import Message, Stored


def read_stream(
    store: Store, room: str, served: Sequence[Message], archived: Sequence[Message]
) -> Stored:
    """``served`` are the messages of the room that the API gives, ``archived`` the archive's."""
    with store.redis.pipeline(transaction=True) as snapshot:
        snapshot.hmget(keys.room(room), "epoch", "seq")
        snapshot.xrange(keys.stream(room))
        snapshot.zrange(keys.erased(room), 0, -1)
        (epoch, top), entries, erased = snapshot.execute()
    messages = [
        {"seq": int(at.split(b"-")[1]), **json.loads(fields[b"m"])} for at, fields in entries
    ]
    return Stored(
        room=room,
        epoch=(epoch or b"").decode(),
        top=int(top or 0),
        messages=messages,
        erased=frozenset(int(number) for number in erased),
        served=served,
        archived=archived,
    )


def is_archived(store: Store, room: str) -> bool:
    """Whether the archive has all of the room's stream."""
    return store.redis.zscore(keys.UNARCHIVED, room) is None


def read_archive(file: Path, room: str) -> list[Message]:
    """The archive's messages of a room, in order; read by another way than Maru's own."""
    with contextlib.closing(sqlite3.connect(file)) as archive:
        archive.row_factory = sqlite3.Row
        messages: dict[int, dict[str, Any]] = {}
        for row in archive.execute("SELECT * FROM messages WHERE room_id = ? ORDER BY id", (room,)):
            messages[row["seq"]] = {
                "seq": row["seq"],
                "type": "TALK",
                "roomId": room,
                "n": row["n"],
                "sentAt": row["sent_at"],
                "senderId": row["sender_id"],
                "message": row["text"],
                **json.loads(row["rest"]),
                **({"editedAt": row["edited_at"]} if row["edited_at"] else {}),
                "reactions": {},
            }
        for row in archive.execute("SELECT * FROM reactions WHERE room_id = ?", (room,)):
            given = messages[row["seq"]]["reactions"]
            given.setdefault(row["emoji"], []).append(row["user_id"])
    return [messages[seq] for seq in sorted(messages)]
