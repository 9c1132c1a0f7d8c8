"""Writes many rows of a table in one statement.

A statement for each row costs PostgreSQL, and its driver, more than what it writes.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import orjson
from sqlalchemy import Connection, Executable, Table, insert, text
from sqlalchemy.dialects import postgresql, sqlite

Row = dict[str, Any]


def add(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows, of which the table has none yet. All have values for the same columns."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        _as_json(connection, _adding(table, tuple(rows[0])), rows)
    else:
        connection.execute(insert(table), rows)


def put(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows with all columns, or replace those that have the same primary key."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        _as_json(connection, _putting(table), rows)
        return
    given = sqlite.insert(table)
    others = {c.name: given.excluded[c.name] for c in table.c if not c.primary_key}
    upsert = given.on_conflict_do_update(index_elements=table.primary_key, set_=others)
    connection.execute(upsert, rows)


def _as_json(connection: Connection, statement: Executable, rows: Sequence[Row]) -> None:
    connection.execute(statement, {"rows": orjson.dumps(rows).decode()})


@cache
def _adding(table: Table, names: tuple[str, ...]) -> Executable:
    return text(_insert(table, names))


@cache
def _putting(table: Table) -> Executable:
    key = [column.name for column in table.primary_key]
    others = ", ".join(f"{c.name} = excluded.{c.name}" for c in table.c if c.name not in key)
    conflict = f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {others}"
    return text(_insert(table, tuple(table.c.keys())) + conflict)


def _insert(table: Table, names: tuple[str, ...]) -> str:
    columns = ", ".join(names)
    dialect = postgresql.dialect()
    typed = ", ".join(f"{name} {table.c[name].type.compile(dialect)}" for name in names)
    source = f"json_to_recordset(CAST(:rows AS json)) AS given({typed})"
    return f"INSERT INTO {table.name} ({columns}) SELECT {columns} FROM {source}"
