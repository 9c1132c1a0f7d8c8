"""Reads messages from the archive, as they read now: pages in both directions, at any depth.

Every function takes a connection on which nothing was asked yet, and reads in one snapshot: so the
rows are exactly what the entries up to ``archived`` have made of them. What happened since stands
in the stream, which keeps all entries after ``archived``. A page that is given to people applies
them (``chat.archive.effects``).

They block: in a worker ``chat.archive.archive`` has them called in a native thread.
"""

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, func, select

from chat.archive import tables
from chat.archive.effects import Said
from chat.archive.page import Behind, Page

#: What stands in a row besides its text and ``rest``, in bytes, about.
_ROW_BYTES = 150
COLUMNS = (
    *(tables.messages.c.room_id, tables.messages.c.seq, tables.messages.c.n),
    *(tables.messages.c.sent_at, tables.messages.c.sender_id, tables.messages.c.text),
    *(tables.messages.c.rest, tables.messages.c.edited_at, tables.messages.c.edits),
    tables.messages.c.newest_edit,
)


def newest(connection: Connection, room_id: str, limit: int, bytes_max: int) -> Page:
    """The newest messages that the archive has.

    A page has ``limit`` messages at most; and fewer, but one at least, where they have more than
    ``bytes_max`` bytes together.
    """
    cursor = _cursor(connection, room_id)
    found, more = _some(connection, room_id, None, False, limit, bytes_max)
    return _page(connection, room_id, cursor, found[::-1], more, False)


def before(connection: Connection, room_id: str, seq: int, limit: int, bytes_max: int) -> Page:
    """The newest messages with numbers less than ``seq``."""
    cursor = _cursor(connection, room_id)
    number = tables.messages.c.seq
    found, more = _some(connection, room_id, number < seq, False, limit, bytes_max)
    return _page(
        connection, room_id, cursor, found[::-1], more, _any(connection, room_id, number >= seq)
    )


def after(connection: Connection, room_id: str, seq: int, limit: int, bytes_max: int) -> Page:
    """The oldest messages with numbers greater than ``seq``."""
    cursor = _cursor(connection, room_id)
    number = tables.messages.c.seq
    found, more = _some(connection, room_id, number > seq, True, limit, bytes_max)
    return _page(connection, room_id, cursor, found, _any(connection, room_id, number <= seq), more)


def around(connection: Connection, room_id: str, seq: int, limit: int, bytes_max: int) -> Page:
    """The messages on both sides of ``seq``, half of them each, and the one with that number.

    Where one side has fewer, the other one has more. The number itself belongs to those after it.
    """
    cursor = _cursor(connection, room_id)
    number = tables.messages.c.seq
    older, more_before = _some(connection, room_id, number < seq, False, limit, bytes_max)
    newer, more_after = _some(connection, room_id, number >= seq, True, limit, bytes_max)
    half = limit // 2
    take_older = min(len(older), max(half, limit - len(newer)))
    take_newer = min(len(newer), limit - take_older)
    # The message itself and its nearest come first, if there is no room for all.
    chosen: list[Any] = []
    room_for = bytes_max
    left = {False: older[:take_older][::-1], True: newer[:take_newer][::-1]}
    cut = {False: False, True: False}
    is_newer = True
    while left[False] or left[True]:
        side = left[is_newer]
        if side:
            row = side[-1]
            room_for -= _bytes_of(row)
            if room_for < 0 and chosen:
                cut = {key: bool(rows) for key, rows in left.items()}
                break
            chosen.append(side.pop())
        is_newer = not is_newer
    chosen.sort(key=lambda row: int(row.seq))
    more_before = more_before or cut[False] or take_older < len(older)
    more_after = more_after or cut[True] or take_newer < len(newer)
    return _page(connection, room_id, cursor, chosen, more_before, more_after)


def one(connection: Connection, room_id: str, seq: int) -> Page:
    """The message with this number: a page of it alone, or of none if there is no such message."""
    cursor = _cursor(connection, room_id)
    number = tables.messages.c.seq
    found, _ = _some(connection, room_id, number == seq, True, 1, 0)
    more = [_any(connection, room_id, number < seq), _any(connection, room_id, number > seq)]
    return _page(connection, room_id, cursor, found, *more)


def behind(connection: Connection, room_id: str, seq: int, sender_id: str) -> Behind:
    """What the archive has behind a number, of everybody and of one sender."""
    _, archived = _cursor(connection, room_id)
    c = tables.messages.c
    here = c.room_id == room_id, c.seq > seq
    first = connection.execute(select(c.n).where(*here).order_by(c.seq).limit(1)).scalar()
    own = select(func.count()).select_from(tables.messages).where(*here, c.sender_id == sender_id)
    return Behind(archived, int(first or 0), int(connection.execute(own).scalar_one()))


def highest(connection: Connection, room_id: str) -> tuple[str, int]:
    """The epoch of a room that the archive has reached, and the highest number that it knows of it.

    '' and 0 for a room that it does not know. No message may get one of these numbers again.
    """
    return _cursor(connection, room_id)


def _cursor(connection: Connection, room_id: str) -> tuple[str, int]:
    cursors = tables.cursors.c
    # Where a stream is read from its beginning again, what is known already has no further effect.
    query = select(cursors.epoch, cursors.highest).where(cursors.room_id == room_id)
    row = connection.execute(query).first()
    return (row.epoch, row.highest) if row else ("", 0)


def _some(
    connection: Connection,
    room_id: str,
    where: ColumnElement[bool] | None,
    ascending: bool,
    limit: int,
    bytes_max: int,
) -> tuple[list[Any], bool]:
    """The first rows in a direction, and whether more follow. One row may be of any length."""
    number = tables.messages.c.seq
    query = select(*COLUMNS).where(tables.messages.c.room_id == room_id)
    if where is not None:
        query = query.where(where)
    query = query.order_by(number.asc() if ascending else number.desc()).limit(limit + 1)
    found: list[Any] = []
    size = 0
    for row in connection.execute(query):
        size += _bytes_of(row)
        if len(found) == limit or (found and size > bytes_max):
            return found, True
        found.append(row)
    return found, False


def _any(connection: Connection, room_id: str, where: ColumnElement[bool]) -> bool:
    c = tables.messages.c
    query = select(c.seq).where(c.room_id == room_id, where).limit(1)
    return connection.execute(query).first() is not None


def _page(
    connection: Connection,
    room_id: str,
    cursor: tuple[str, int],
    rows: Sequence[Any],
    more_before: bool,
    more_after: bool,
) -> Page:
    messages = [said_of(row) for row in rows]
    with_reactions(connection, room_id, messages)
    return Page(messages, more_before, more_after, *cursor)


def said_of(row: Any) -> Said:
    """The message in a row of ``tables.messages``, without its reactions."""
    return Said(
        row.room_id, row.seq, row.n, row.sent_at, row.sender_id, row.text,
        orjson.loads(row.rest), row.edited_at, row.edits, row.newest_edit,
    )  # fmt: skip


def with_reactions(connection: Connection, room_id: str, messages: Sequence[Said]) -> None:
    """Read the reactions to these messages of one room, in ascending order, into them."""
    if not messages:
        return
    by_number = {message.seq: message for message in messages}
    c = tables.reactions.c
    query = select(c.seq, c.emoji, c.user_id).where(
        c.room_id == room_id, c.seq.between(messages[0].seq, messages[-1].seq)
    )
    for seq, emoji, user_id in connection.execute(query):
        if seq in by_number:
            by_number[seq].reactions.add((emoji, user_id))


def _bytes_of(row: Any) -> int:
    # Without encoding it: more than it says where the text is not ASCII.
    return _ROW_BYTES + len(row.text) * (1 if row.text.isascii() else 3) + len(row.rest)
