"""Writes what streams hold into the archive: a batch in one transaction, with the cursors.

So each entry has its effect exactly once, whatever ends the process, and at which point.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any

import orjson
from sqlalchemy import Connection, delete, select, update

from chat.archive import bulk, positions, tables
from chat.archive.changes import chunks, of_part
from chat.archive.database import Database
from chat.archive.effects import Said
from chat.archive.entries import Cursor, Part
from chat.archive.folding import fold

#: More numbers than this without a message were left out (``lua/lib_stream.lua``, ``number_at``).
LEFT_OUT = 10_000
#: Deletions that a store may have lost, of one room.
MOST_ERASED = 5_000
#: Rows that one transaction deletes, so that it is soon over.
DELETED_AT_ONCE = 5_000
#: The columns that an edit changes.
_CHANGING = ("text", "edited_at", "edits", "newest_edit", "rest", "folded")


class Fenced(Exception):
    """Another follower has begun to work: this one must not write any more."""


class Recorder:
    """``begin`` first: it makes every other follower's recorder unable to write."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._fence = 0

    def begin(self) -> str:
        """From now on only this recorder may write. Gives the name of the archive."""
        with self._database.begin() as connection:
            own = tables.archive
            connection.execute(update(own).values(fence=own.c.fence + 1))
            name, self._fence = connection.execute(select(own.c.name, own.c.fence)).one()
        return str(name)

    def cursors(self, room_ids: Sequence[str]) -> dict[str, Cursor]:
        """Of those rooms that the archive knows."""
        c = tables.cursors.c
        found = {}
        with self._database.begin() as connection:
            for some in chunks(room_ids):
                for row in connection.execute(select(tables.cursors).where(c.room_id.in_(some))):
                    found[row.room_id] = Cursor(row.epoch, row.seq, row.sent_at, row.highest)
        return found

    def lost(self, room_id: str, highest: int, before: int) -> bytes:
        """What the archive knows of TALKs behind the ordinal ``before``, as ``heal.lua`` takes it.

        ``last`` is the ordinal of the last of them up to the number ``highest``, ``missing`` are
        those of deleted ones, ``spoken`` is how many are whose, and ``mentioning`` are those that
        mention somebody. Who was here when ``here`` was mentioned is not known any more. ``erased``
        are the numbers of messages that were deleted last, in the whole room.
        """
        c, d = tables.messages.c, tables.deleted.c
        columns = c.n, c.seq, c.sent_at, c.sender_id, c.rest
        rows = select(*columns).where(c.room_id == room_id, c.seq <= highest, c.n > before)
        gone = select(d.seq).where(d.room_id == room_id).order_by(d.seq.desc()).limit(MOST_ERASED)
        with self._database.begin() as connection:
            found = dict[int, str]()
            mentioning = []
            for row in connection.execute(rows):
                found[row.n] = row.sender_id
                mentioned = orjson.loads(row.rest).get("mentions", [])
                if known := [each for each in mentioned if each != "here"]:
                    talk = {"n": row.n, "seq": row.seq, "sentAt": row.sent_at, "mentions": known}
                    mentioning.append({**talk, "senderId": row.sender_id})
            erased = list(connection.execute(gone).scalars())
        last = max(found, default=before)
        missing = [n for n in range(before + 1, last) if n not in found]
        spoken = Counter(found.values())
        counted = {"last": last, "missing": missing, "spoken": spoken, "erased": erased}
        return orjson.dumps({**counted, "mentioning": mentioning})

    def record(self, parts: Sequence[Part], kept: int = 0) -> int:
        """Write these entries and their cursors. Gives the number of messages written.

        Of each room the newest ``kept`` numbers stay, 0 for all. Raises ``Fenced``.
        """
        with self._database.begin() as connection:
            self._check_fence(connection)
            made = self._record(connection, parts)
            for part in parts:
                if kept and part.end.seq // 100 != part.begin.seq // 100:
                    last = _last_not_kept(connection, part, kept)
                    _delete(connection, part.room_id, last, DELETED_AT_ONCE)
        return made

    def purge(self, room_id: str) -> bool:
        """Delete a part of what the archive has of a room; True once nothing is left.

        Raises ``Fenced``.
        """
        with self._database.begin() as connection:
            self._check_fence(connection)
            if _delete(connection, room_id, None, DELETED_AT_ONCE):
                return False
            for table in (tables.reactions, tables.deleted, tables.cursors):
                connection.execute(delete(table).where(table.c.room_id == room_id))
        return True

    def rewrite(self, messages: Sequence[Said]) -> None:
        """Write the remaining fields of these messages anew. Raises ``Fenced``."""
        here = tables.messages
        with self._database.begin() as connection:
            self._check_fence(connection)
            for message in messages:
                place = here.c.room_id == message.room_id, here.c.seq == message.seq
                rest = orjson.dumps(message.rest).decode()
                connection.execute(update(here).where(*place).values(rest=rest))

    def forget(self, room_id: str, last: int) -> None:
        """Delete what the archive has of a room up to a number. Raises ``Fenced``."""
        with self._database.begin() as connection:
            self._check_fence(connection)
            for table in (tables.messages, tables.reactions, tables.deleted):
                upto = table.c.room_id == room_id, table.c.seq <= last
                connection.execute(delete(table).where(*upto))

    def _check_fence(self, connection: Connection) -> None:
        # It is written: so PostgreSQL has the next follower wait for the end of this transaction.
        own = tables.archive
        same = update(own).where(own.c.fence == self._fence).values(fence=self._fence)
        if connection.execute(same).rowcount != 1:
            raise Fenced

    def _record(self, connection: Connection, parts: Sequence[Part]) -> int:
        rows: list[dict[str, Any]] = []
        given: list[dict[str, Any]] = []
        for part in parts:
            changes = of_part(connection, part)
            rows += (_row(message, part.is_sealed) for message in changes.made.values())
            given += _reaction_rows(changes.made.values())
            for seq, message in changes.changed.items():
                _update(connection, message, changes.before[seq], part.is_sealed)
            if changes.gone:
                _erase(connection, part.room_id, changes.gone)
        _give_positions(connection, rows)
        bulk.add(connection, tables.messages, rows)
        bulk.add(connection, tables.reactions, given)
        bulk.put(connection, tables.cursors, [_cursor_row(part) for part in parts])
        return len(rows)


def _give_positions(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Give each row its id, and sort them by it, which is how SQLite's index takes them at once."""
    c, taken = tables.messages.c, set[int]()
    left = rows
    while left:
        for row in left:
            while row["id"] in taken:
                row["id"] += 1
            taken.add(row["id"])
        known: set[int] = set()
        for some in chunks([row["id"] for row in left]):
            known.update(connection.execute(select(c.id).where(c.id.in_(some))).scalars())
        left = [row for row in left if row["id"] in known]
    rows.sort(key=itemgetter("id"))


def _row(message: Said, is_sealed: bool) -> dict[str, Any]:
    return {
        "id": positions.of(message.sent_at, message.room_id, message.seq),
        "room_id": message.room_id,
        "seq": message.seq,
        "n": message.n,
        "sent_at": message.sent_at,
        "sender_id": message.sender_id,
        "text": message.text,
        "edited_at": message.edited_at,
        "edits": message.edits,
        "newest_edit": message.newest_edit,
        "rest": orjson.dumps(message.rest).decode(),
        "folded": "" if is_sealed else fold(message.text),
    }


def _cursor_row(part: Part) -> dict[str, Any]:
    return {
        "room_id": part.room_id,
        "epoch": part.end.epoch,
        "seq": part.end.seq,
        "sent_at": part.end.sent_at,
        "highest": max(part.begin.highest, part.end.seq),
        "is_open": part.is_open,
    }


def _reaction_rows(messages: Iterable[Said]) -> list[dict[str, Any]]:
    return [
        {"room_id": message.room_id, "seq": message.seq, "emoji": emoji, "user_id": user_id}
        for message in messages
        for emoji, user_id in message.reactions
    ]


def _update(
    connection: Connection, message: Said, before: set[tuple[str, str]], is_sealed: bool
) -> None:
    here, c = tables.messages, tables.reactions.c
    row = _row(message, is_sealed)
    values = {name: row[name] for name in _CHANGING}
    connection.execute(
        update(here)
        .where(here.c.room_id == message.room_id, here.c.seq == message.seq)
        .values(values)
    )
    for emoji, user_id in before - message.reactions:
        of_message = c.room_id == message.room_id, c.seq == message.seq
        it = delete(tables.reactions).where(*of_message, c.emoji == emoji, c.user_id == user_id)
        connection.execute(it)
    added = [
        {"room_id": message.room_id, "seq": message.seq, "emoji": emoji, "user_id": user_id}
        for emoji, user_id in message.reactions - before
    ]
    bulk.add(connection, tables.reactions, added)


def _erase(connection: Connection, room_id: str, numbers: set[int]) -> None:
    for some in chunks(sorted(numbers)):
        noted = select(tables.deleted.c.seq).where(
            tables.deleted.c.room_id == room_id, tables.deleted.c.seq.in_(some)
        )
        known = set(connection.execute(noted).scalars())
        for table in (tables.messages, tables.reactions):
            these = table.c.room_id == room_id, table.c.seq.in_(some)
            connection.execute(delete(table).where(*these))
        new = [{"room_id": room_id, "seq": seq} for seq in some if seq not in known]
        bulk.add(connection, tables.deleted, new)


def _last_not_kept(connection: Connection, part: Part, kept: int) -> int:
    """The number up to which a room's messages are deleted, so that ``kept`` numbers stay.

    Where the store may have lost messages, numbers were left out: then so many messages stay.
    """
    last, c = part.end.seq - kept, tables.messages.c
    newest = select(c.seq).where(c.room_id == part.room_id, c.seq <= last)
    before = connection.execute(newest.order_by(c.seq.desc()).limit(1)).scalar()
    if before is None or last - before < LEFT_OUT:
        return last
    newest = select(c.seq).where(c.room_id == part.room_id).order_by(c.seq.desc())
    return connection.execute(newest.offset(kept).limit(1)).scalar() or 0


def _delete(connection: Connection, room_id: str, last: int | None, most: int) -> int:
    """Delete so many of a room's oldest messages, up to the number ``last``; gives how many."""
    c = tables.messages.c
    oldest = select(c.seq).where(c.room_id == room_id).order_by(c.seq).limit(most)
    if last is not None:
        oldest = oldest.where(c.seq <= last)
    numbers = connection.execute(oldest).scalars().all()
    if numbers:
        for table in (tables.messages, tables.reactions):
            upto = table.c.room_id == room_id, table.c.seq <= numbers[-1]
            connection.execute(delete(table).where(*upto))
    return len(numbers)
