"""Finds messages in the archive by their words, the newest first.

``Wanted`` has the words in the form of ``chat.archive.folding``. Words of three characters in that
form, so also one Hangul syllable, are found by the index of the database, at any age. Shorter ones
alone, or none, are found among the newest messages: ``LOOKED_AT``.

The functions take a connection on which nothing was asked yet, and read in one snapshot; they
block, as those of ``chat.archive.reading`` do.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection, Select

from chat.archive import folding, positions, reading, tables
from chat.archive.effects import Said
from chat.archive.entries import Cursor
from chat.archive.wanted import LINKS, Found, TooSlow, Wanted

#: The newest messages of all rooms, and of one room, among which words are found without an index.
LOOKED_AT, LOOKED_AT_OF_ROOM = 20_000, 5_000
#: The newest messages of all rooms that PostgreSQL looks through before it asks its index: that
#: reads all that have a word, and of a frequent one enough are among these.
FREQUENT_AMONG = 4_000
#: Seconds that one search may take.
SECONDS = 2.0
#: Trigrams that SQLite's index is asked for at once; what it finds is compared with the words.
_GRAMS = 24
#: Steps of SQLite's machine between two looks at the time.
_STEPS = 20_000
_search: Any = sa.table("search", sa.column("rowid"))
_m = tables.messages.c


def find(
    connection: Connection, wanted: Wanted, before: int, limit: int, room_ids: Sequence[str]
) -> Found:
    """The newest ``limit`` messages before a position, and how far the rooms are archived.

    Raises ``TooSlow``.
    """
    with _bounded(connection):
        rows = _rows(connection, wanted, before, limit + 1) if limit else []
    messages = [(row.id, reading.said_of(row)) for row in rows[:limit]]
    _read_reactions(connection, [said for _, said in messages])
    named = {*room_ids, *(said.room_id for _, said in messages)}
    return Found(messages, len(rows) > limit, _cursors(connection, sorted(named)))


def these(connection: Connection, numbers: Sequence[tuple[str, int]]) -> list[tuple[int, Said]]:
    """The messages with these rooms and numbers, each with its position; not all are there."""
    if not numbers:
        return []
    query = sa.select(_m.id, *reading.COLUMNS)
    query = query.where(sa.tuple_(_m.room_id, _m.seq).in_(numbers))
    messages = [(row.id, reading.said_of(row)) for row in connection.execute(query)]
    _read_reactions(connection, [said for _, said in messages])
    return messages


def _rows(connection: Connection, wanted: Wanted, before: int, most: int) -> list[Any]:
    is_sqlite = connection.dialect.name == "sqlite"
    in_index = _in_sqlite_index(wanted) if is_sqlite else _in_postgresql_index(wanted)
    if not in_index:
        return _among(connection, _without_index(wanted, before), wanted, before, most)
    if is_sqlite:
        position = _search.c.rowid
        query = sa.select(_m.id, *reading.COLUMNS).select_from(
            _search.join(tables.messages, _m.id == position)
        )
        query = query.where(
            sa.text("search MATCH :grams").bindparams(grams=in_index),
            *_conditions(connection, wanted, before, _m, position),
        )
        return _all(connection, query.order_by(position.desc()), most)
    found = _among(connection, _newest(before, FREQUENT_AMONG), wanted, before, most)
    if len(found) == most:
        return found
    oldest = sa.select(_m.id).where(_m.id < before).order_by(_m.id.desc()).offset(FREQUENT_AMONG)
    rest = connection.execute(oldest.limit(1)).scalar()
    if rest is None:
        return found
    query = sa.select(_m.id, *reading.COLUMNS)
    query = query.where(_m.id <= rest, *_conditions(connection, wanted, before, _m, _m.id))
    # Not in the order of the ids, in which it would walk through all rows.
    return found + _all(connection, query.order_by((_m.id + 0).desc()), most - len(found))


def _conditions(
    connection: Connection, wanted: Wanted, before: int, c: Any, position: Any
) -> Iterator[ColumnElement[bool]]:
    """``c`` are the columns of ``tables.messages``, or of some of its rows."""
    contains: Callable[[Any, str], ColumnElement[bool]] = _contains_in_postgresql
    if connection.dialect.name == "sqlite":
        contains = _contains_in_sqlite
    yield from (contains(c.folded, word) for word in wanted.words)
    yield position < before
    if wanted.since:
        yield position >= positions.at(wanted.since)
    if wanted.until is not None:
        yield position < positions.at(wanted.until)
    if wanted.sender_ids is not None:
        yield c.sender_id.in_(wanted.sender_ids)
    if wanted.has_link:
        yield sa.or_(*(contains(c.folded, link) for link in LINKS))
    yield _may_be_read(connection, wanted, c.room_id)


def _may_be_read(connection: Connection, wanted: Wanted, room_id: Any) -> ColumnElement[bool]:
    # One value, however many rooms there are.
    own: ColumnElement[bool]
    if connection.dialect.name == "sqlite":
        given = sa.func.json_each(json.dumps(wanted.room_ids)).table_valued("value")
        own = room_id.in_(sa.select(given.c.value))
    else:
        own = room_id == sa.any_(sa.literal(list(wanted.room_ids), sa.ARRAY(sa.Text)))
    if not wanted.is_open_too:
        return own
    c = tables.cursors.c
    return sa.or_(own, sa.exists().where(c.room_id == room_id, c.is_open))


def _contains_in_sqlite(folded: Any, word: str) -> ColumnElement[bool]:
    return sa.func.instr(folded, word) > 0


def _contains_in_postgresql(folded: Any, word: str) -> ColumnElement[bool]:
    literal = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return folded.like(f"%{literal}%")


def _in_sqlite_index(wanted: Wanted) -> str:
    """What SQLite's index is asked for; '' where it finds none of the words."""
    found = [gram for word in wanted.words for gram in folding.grams(word)]
    # Of many, some of all parts of the words.
    some = found[:: len(found) // _GRAMS + 1]
    return " AND ".join('"' + gram.replace('"', '""') + '"' for gram in some)


def _in_postgresql_index(wanted: Wanted) -> bool:
    """Whether PostgreSQL's index finds one of the words: it knows letters and digits alone."""
    return any(
        len(part) >= folding.GRAM
        for word in wanted.words
        for part in "".join(c if c.isalnum() else " " for c in word).split()
    )


def _without_index(wanted: Wanted, before: int) -> Any:
    """Where words are looked for: in one room its newest messages, else the newest of all."""
    if wanted.is_open_too or len(wanted.room_ids) != 1:
        return _newest(before, LOOKED_AT)
    query = sa.select(tables.messages).where(_m.room_id == wanted.room_ids[0])
    return query.order_by(_m.seq.desc()).limit(LOOKED_AT_OF_ROOM).subquery()


def _newest(before: int, number: int) -> Any:
    """The newest messages before a position."""
    query = sa.select(tables.messages).where(_m.id < before)
    return query.order_by(_m.id.desc()).limit(number).subquery()


def _among(connection: Connection, some: Any, wanted: Wanted, before: int, most: int) -> list[Any]:
    query = sa.select(some.c.id, *(some.c[column.name] for column in reading.COLUMNS))
    query = query.where(*_conditions(connection, wanted, before, some.c, some.c.id))
    return _all(connection, query.order_by(some.c.id.desc()), most)


def _all(connection: Connection, query: Select[Any], most: int) -> list[Any]:
    return list(connection.execute(query.limit(most)))


def _read_reactions(connection: Connection, messages: Sequence[Said]) -> None:
    by_room: dict[str, list[Said]] = {}
    for said in sorted(messages, key=lambda each: each.seq):
        by_room.setdefault(said.room_id, []).append(said)
    for room_id, of_room in by_room.items():
        by_number = {said.seq: said for said in of_room}
        c = tables.reactions.c
        query = sa.select(c.seq, c.emoji, c.user_id)
        query = query.where(c.room_id == room_id, c.seq.in_(list(by_number)))
        for seq, emoji, user_id in connection.execute(query):
            by_number[seq].reactions.add((emoji, user_id))


def _cursors(connection: Connection, room_ids: Sequence[str]) -> dict[str, Cursor]:
    c = tables.cursors.c
    query = sa.select(tables.cursors).where(c.room_id.in_(room_ids))
    return {
        row.room_id: Cursor(row.epoch, row.seq, row.sent_at, row.highest)
        for row in connection.execute(query)
    }


@contextmanager
def _bounded(connection: Connection) -> Iterator[None]:
    """Ends what takes too long. Raises ``TooSlow``."""
    if connection.dialect.name != "sqlite":
        connection.execute(sa.text(f"SET LOCAL statement_timeout = {int(SECONDS * 1000)}"))
        # It underestimates its index of words.
        connection.execute(sa.text("SET LOCAL enable_seqscan = off"))
        try:
            yield
        except sa.exc.OperationalError as error:
            if getattr(error.orig, "sqlstate", "") == "57014":
                raise TooSlow from error
            raise
        return
    opened: Any = connection.connection.driver_connection
    deadline = time.monotonic() + SECONDS
    opened.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
    try:
        yield
    except sa.exc.OperationalError as error:
        # Where the index was just being opened, it says something else than "interrupted".
        if time.monotonic() > deadline:
            raise TooSlow from error
        raise
    finally:
        opened.set_progress_handler(None, 0)
