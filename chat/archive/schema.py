"""Has the archive's tables as this version of Maru needs them."""

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from chat.archive.database import AWAY, ArchiveError, Database, reason
from chat.archive.settings import ArchiveSettings

#: An arbitrary number: PostgreSQL's lock under which one process at a time changes tables.
_LOCK = 5_217_003
OLDEST_POSTGRESQL = (14,)


class NewerArchive(ArchiveError):
    """The archive is of a later version of Maru."""


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
        config = _config()
        config.attributes["connection"] = connection
        steps = ScriptDirectory.from_config(config)
        held, newest = version(connection), steps.get_current_head()
        if held == newest:
            return
        if held is not None and held not in {step.revision for step in steps.walk_revisions()}:
            raise NewerArchive(
                f"The archive holds data of a later Maru (version {held}; this one knows {newest}):"
                " start that one, or restore a backup."
            )
        command.upgrade(config, "head")


def _check_server(connection: Connection) -> None:
    """Raises ``ArchiveError``."""
    version = connection.dialect.server_version_info or (0,)
    if version < OLDEST_POSTGRESQL:
        found, oldest = (".".join(map(str, each)) for each in (version, OLDEST_POSTGRESQL))
        raise ArchiveError(f"The archive is in PostgreSQL {found}; Maru needs {oldest} or later.")
    encoding = connection.execute(text("SHOW server_encoding")).scalar_one()
    if encoding != "UTF8":
        raise ArchiveError(
            f"The database in DATABASE_URL has the encoding {encoding}; Maru needs UTF8."
        )


def version(connection: Connection) -> str | None:
    """The version of the tables; ``None`` where there are none."""
    return MigrationContext.configure(connection).get_current_revision()


def newest() -> str:
    """The version of the tables that this version of Maru has."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config
