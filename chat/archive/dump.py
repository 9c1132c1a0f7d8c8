"""All rows of the archive, in a form that each database gives and takes: for backups."""

from collections.abc import Iterator
from typing import Any

import orjson
from sqlalchemy import Column, Connection, Table, delete, select, tuple_, update

from chat.archive import bulk, schema, tables
from chat.archive.database import Database

#: The name of the table that has a row for each room, with ``room_id``.
HAS_ALL_ROOMS = tables.cursors.name
#: Rows that one query reads, and that one transaction deletes, about.
_AT_ONCE, _DELETED_AT_ONCE = 500, 5_000


def about(connection: Connection) -> tuple[str | None, str]:
    """The version of the tables, ``None`` if there are none, and the name of the archive."""
    held = schema.version(connection)
    if held is None:
        return None, ""
    return held, str(connection.execute(select(tables.archive.c.name)).scalar_one())


def rows(connection: Connection) -> Iterator[tuple[bytes, int]]:
    """All rows as of the beginning of the transaction, some at a time, and how many these are.

    So much of them is in memory at once. They are as ``write`` takes them.
    """
    for table in _kept():
        key = list(table.primary_key.columns)
        position = tuple_(*key) if len(key) > 1 else key[0]
        ordered = select(*key, *_columns(table)).order_by(*key).limit(_AT_ONCE)
        query = ordered
        while found := connection.execute(query).all():
            some = {"table": table.name, "columns": [column.name for column in _columns(table)]}
            values = [list(row[len(key) :]) for row in found]
            yield orjson.dumps({**some, "rows": values}), len(found)
            if len(found) < _AT_ONCE:
                break
            last = found[-1][: len(key)]
            query = ordered.where(position > (tuple_(*last) if len(key) > 1 else last[0]))


def write(connection: Connection, some: bytes) -> tuple[str, list[dict[str, Any]]]:
    """Write what ``rows`` has given; gives the name of the table, and its rows."""
    given = orjson.loads(some)
    found = [dict(zip(given["columns"], row, strict=True)) for row in given["rows"]]
    bulk.add(connection, tables.metadata.tables[given["table"]], found)
    return given["table"], found


def is_empty(connection: Connection) -> bool:
    return not any(connection.execute(select(table).limit(1)).first() for table in _kept())


def clear(database: Database) -> None:
    """Delete all rows, some at a time."""
    for table in _kept():
        key = list(table.primary_key.columns)
        position = tuple_(*key) if len(key) > 1 else key[0]
        oldest = select(*key).order_by(*key).limit(_DELETED_AT_ONCE)
        while True:
            with database.begin() as connection:
                if not connection.execute(delete(table).where(position.in_(oldest))).rowcount:
                    break


def name_it(connection: Connection, name: str) -> None:
    """Give the archive this name. A follower that is at work still writes no more."""
    own = tables.archive
    connection.execute(update(own).values(name=name, fence=own.c.fence + 1))


def _kept() -> list[Table]:
    return [table for table in tables.metadata.sorted_tables if table is not tables.archive]


def _columns(table: Table) -> list[Column[Any]]:
    """All but a number of its own, by which nothing outside of this database knows a row."""
    return [column for column in table.columns if column is not table.autoincrement_column]
