"""All that a person has said, for that person to keep: read from the archive, a part at a time."""

import time
from collections.abc import Iterator

import orjson

from chat import keys, rate_limit, room_directory, rooms
from chat.archive.archive import Archive
from chat.errors import N_, Unavailable
from chat.people import Person
from chat.store import clock
from chat.store.store import Store

#: Downloads of one person in an hour: each reads the whole archive.
AN_HOUR = 6
#: Seconds to wait for the follower of the archive, and between two looks.
_PATIENCE_S, _PAUSE_S = 10.0, 0.1


def lines(store: Store, archive: Archive, person: Person) -> Iterator[bytes]:
    """Each message that a person has said, as JSON in a line: as it reads now, and with the name of
    its room where the person may see that.

    All that was acknowledged before the call is there, deleted ones aside. What was said in an
    encrypted room is ciphertext. Raises ``RateLimited``, and ``Unavailable`` where the archive is
    away or far behind: while the lines are read, too.
    """
    rate_limit.throttle(store, "download", person.user_id, AN_HOUR, 3600, AN_HOUR)
    _wait_until_archived(store, store.ask(clock.NOW))
    found, last = archive.said_by(person.user_id, 0)
    return _lines(store, archive, person, found, last)


def _lines(
    store: Store, archive: Archive, person: Person, found: list[tuple[str, bytes]], last: int | None
) -> Iterator[bytes]:
    names: dict[str, str | None] = {}
    while last is not None:
        _learn_names(store, person, {room_id for room_id, _ in found} - names.keys(), names)
        for room_id, wire in found:
            name = names[room_id]
            known = b"" if name is None else b',"room":' + orjson.dumps(name)
            yield wire[:-1] + known + b"}\n"
        found, last = archive.said_by(person.user_id, last)


def _learn_names(
    store: Store, person: Person, room_ids: set[str], names: dict[str, str | None]
) -> None:
    ids = sorted(room_ids)
    seen = set(room_directory.may_see(store, person, ids)) if ids else ()
    for room_id, room in zip(ids, rooms.find(store, ids) if ids else (), strict=True):
        names[room_id] = room.name if room is not None and room_id in seen else None


def _wait_until_archived(store: Store, until: int) -> None:
    """Wait until everything that was said before this time, in ms, is in the archive."""
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        first = store.ask(("ZRANGE", keys.UNARCHIVED, 0, 0, "WITHSCORES"))
        if not first or float(first[1]) > until:
            return
        if time.monotonic() > deadline:
            raise Unavailable(N_("What was said last is not archived yet. Try again in a while."))
        time.sleep(_PAUSE_S)
