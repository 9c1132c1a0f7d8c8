"""Reads a room's stream from the store."""

import json
from collections.abc import Sequence

from chat import keys
from chat.store.store import Store
from verify.history import Message, Stored


def read_stream(store: Store, room: str, served: Sequence[Message]) -> Stored:
    """``served`` are the messages of the room that the API gives."""
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
    )
