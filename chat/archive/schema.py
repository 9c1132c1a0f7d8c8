"""Has the archive's tables as this version of Maru needs them."""

import secrets
import sqlite3
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, insert, inspect, select, text

from chat.archive import tables
from chat.archive.database import AWAY, Database, reason
from chat.archive.errors import ArchiveError, NewerArchive
from chat.archive.settings import ArchiveSettings

#: The versions that ``migrations`` knows, in order: the last one is that of ``tables``.
VERSIONS = ("1",)
#: An arbitrary number: PostgreSQL's lock under which one process at a time changes tables.
_LOCK = 5_217_003
OLDEST_POSTGRESQL = (14,)
#: With an index of trigrams.
OLDEST_SQLITE = (3, 34)


def prepare(given: ArchiveSettings, tell: Callable[[str], None]) -> None:
    """Have the archive's tables as this version needs them, at the start.

    Raises ``ArchiveError`` for an archive that Maru cannot use as it is. An archive that is away
    for now is no error: the follower tries again, and chat goes on without it.
    """
    database = Database(given.database_url, given.data_dir, writes=True)
    try:
        upgrade(database, is_new=True)
    except AWAY as error:
        tell(f"The archive cannot be used for now ({reason(error)}); chat goes on without it.")
    finally:
        database.close()


def upgrade(database: Database, is_new: bool) -> None:
    """Carry the tables over to this version, in one transaction; an empty database gets them all.

    ``is_new``: SQLite's file is made if it is not there; otherwise somebody has moved it away.
    Raises ``NewerArchive``, ``ArchiveError`` for a server that cannot be used, and what using the
    database raises.
    """
    if is_new:
        database.create()
    with database.begin() as connection:
        if connection.dialect.name == "postgresql":
            _check_server(connection)
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        elif sqlite3.sqlite_version_info < OLDEST_SQLITE:
            oldest = ".".join(map(str, OLDEST_SQLITE))
            raise ArchiveError(
                f"This Python has SQLite {sqlite3.sqlite_version}; Maru needs {oldest} or later."
            )
        held, newest = version(connection), VERSIONS[-1]
        if held == newest:
            return
        if held is None:
            _create(connection)
        elif held in VERSIONS:
            carry_over(connection)
        else:
            raise NewerArchive(
                f"The archive holds data of a later Maru (version {held}; this one knows {newest}):"
                " start that one, or restore a backup."
            )
        if connection.dialect.name == "postgresql":
            _check_locale(connection)


def carry_over(connection: Connection) -> None:
    """Take the steps of ``migrations`` that the tables lack; all of them in an empty database."""
    # Imported here: a start that carries nothing over does without it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _create(connection: Connection) -> None:
    """What all steps together make of an empty database, at once."""
    tables.metadata.create_all(connection, checkfirst=False)
    for statement in tables.SEARCH[connection.dialect.name]:
        connection.execute(text(statement))
    connection.execute(
        insert(tables.archive).values(id=1, name=secrets.token_hex(8), fence=0),
    )
    tables.version.create(connection)
    connection.execute(insert(tables.version).values(version_num=VERSIONS[-1]))


def _check_server(connection: Connection) -> None:
    """Raises ``ArchiveError``."""
    is_of = connection.dialect.server_version_info or (0,)
    if is_of < OLDEST_POSTGRESQL:
        found, oldest = (".".join(map(str, each)) for each in (is_of, OLDEST_POSTGRESQL))
        raise ArchiveError(f"The archive is in PostgreSQL {found}; Maru needs {oldest} or later.")
    encoding = connection.execute(text("SHOW server_encoding")).scalar_one()
    if encoding != "UTF8":
        raise ArchiveError(
            f"The database in DATABASE_URL has the encoding {encoding}; Maru needs UTF8."
        )


def _check_locale(connection: Connection) -> None:
    """Raises ``ArchiveError`` where the index of words would take Hangul for punctuation."""
    if connection.execute(text("SELECT show_trgm('회의') = '{}'")).scalar_one():
        raise ArchiveError(
            "The database in DATABASE_URL has a locale without Hangul, so nothing could be found in"
            " it: make one with LC_CTYPE 'C.UTF-8', or that of a language in UTF-8."
        )


def version(connection: Connection) -> str | None:
    """The version of the tables; ``None`` where there are none."""
    if not inspect(connection).has_table(tables.version.name):
        return None
    return connection.execute(select(tables.version)).scalar()
