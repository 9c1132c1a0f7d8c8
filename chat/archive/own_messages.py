"""What one person has said, in all rooms, in the order of the archive."""

from sqlalchemy import Connection, func, select

from chat.archive import reading, tables
from chat.archive.effects import Said

#: Rows, of anybody, that one query looks at: it is soon over, and needs no index of its own.
LOOKED_AT = 2_000


def some(
    connection: Connection, sender_id: str, after: int, looked_at: int = LOOKED_AT
) -> tuple[list[Said], int | None]:
    """This person's messages among the rows that follow one, so many, without reactions.

    Gives the last row that was looked at, from which to go on, and ``None`` behind the last of all.
    Begin with 0.
    """
    c = tables.messages.c
    following = select(c.id).where(c.id > after).order_by(c.id).limit(looked_at).subquery()
    last = connection.execute(select(func.max(following.c.id))).scalar()
    if last is None:
        return [], None
    rows = select(tables.messages).where(c.id > after, c.id <= last, c.sender_id == sender_id)
    found = [reading.said_of(row) for row in connection.execute(rows.order_by(c.id))]
    return found, int(last)
