"""Connections to the archive's database: SQLite in ``DATA_DIR``, or PostgreSQL by its address.

One process writes, and it alone may: the follower. All others open the database to read.
"""

import os
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

#: The file in ``DATA_DIR``.
FILE = "archive.sqlite3"
#: Seconds that a statement waits for a lock of another program, of a writer and of a reader.
WRITER_WAITS_S, READER_WAITS_S = 5.0, 1.0
#: Seconds until a connection counts as refused, and a reader's statement as too slow.
CONNECT_S, STATEMENT_S = 5, 5
#: Seconds without an answer after which a writer's statement is given up.
WRITING_S = 60
#: Seconds after which the server ends a writer's transaction in which nothing happens: a process
#: that was stopped, or whose machine is gone, would keep the next follower from writing.
IDLE_S = 10

#: Memory for pages of SQLite's file, of each connection.
CACHE_KIB = 16_000

_REASONS = {
    "database is locked": "another program has locked it",
    "database or disk is full": "its disk is full",
    "readonly": "it cannot be written to",
    "unable to open": "it cannot be opened",
    "disk image is malformed": "its file is damaged",
    "file is not a database": "its file is no SQLite database",
}


class Database:
    """One connection to the archive, for one thread; it is opened again after it was lost.

    ``address`` is that of PostgreSQL, or '' for the file in ``data_dir``.
    """

    def __init__(self, address: str, data_dir: Path, writes: bool = False) -> None:
        self._path = None if address else data_dir / FILE
        self._inode: int | None = None
        self._writes = writes
        self.engine = self._sqlite() if self._path else _postgresql(address, writes)

    def begin(self) -> Any:
        """A context in which one transaction is open; it gives the ``Connection``.

        Raises ``SQLAlchemyError``, and ``OSError`` where SQLite's file is not there any more.
        """
        if self._path is not None and self._inode is not None:
            # A file that was moved away can still be written to, and what is written is lost.
            try:
                is_same = self._path.stat().st_ino == self._inode
            except OSError:
                is_same = False
            if not is_same:
                self.close()
        return self.engine.begin()

    def close(self) -> None:
        """Close the connection; the next transaction opens another."""
        self._inode = None
        self.engine.dispose()

    def create(self) -> None:
        """Make SQLite's file, if it is not there. Raises ``OSError``."""
        if self._path is not None:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))

    def _sqlite(self) -> Engine:
        path = self._path
        assert path is not None
        # It is made by ``create`` alone: a file that somebody has moved away is not made anew.
        uri = f"file:{quote(str(path.absolute()))}?mode=rw"

        def connect() -> sqlite3.Connection:
            self._inode = path.stat().st_ino
            return sqlite3.connect(
                uri,
                uri=True,
                timeout=WRITER_WAITS_S if self._writes else READER_WAITS_S,
                check_same_thread=False,
                # SQLAlchemy begins the transactions: see below.
                isolation_level=None,
            )

        engine = create_engine("sqlite+pysqlite://", creator=connect, poolclass=StaticPool)

        @event.listens_for(engine, "connect")
        def set_up(connection: sqlite3.Connection, _record: object) -> None:
            connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
            if self._writes:
                connection.execute("PRAGMA journal_mode = WAL")
                # Streams are trimmed behind a commit: it must be on the disk by then.
                connection.execute("PRAGMA synchronous = FULL")
            else:
                connection.execute("PRAGMA query_only = ON")

        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE" if self._writes else "BEGIN")

        return engine


def _postgresql(address: str, writes: bool) -> Engine:
    url = make_url(address).set(drivername="postgresql+psycopg")
    seconds = WRITING_S if writes else STATEMENT_S
    options = f"-c statement_timeout={seconds}s -c lock_timeout={seconds}s -c timezone=UTC"
    if writes:
        options += f" -c idle_in_transaction_session_timeout={IDLE_S}s"
    arguments = {
        "connect_timeout": CONNECT_S,
        "client_encoding": "utf8",
        "options": options,
        "application_name": "maru-follower" if writes else "maru",
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 1000 * seconds,
    }
    engine = create_engine(
        url,
        pool_size=1,
        max_overflow=0,
        isolation_level="READ COMMITTED" if writes else "REPEATABLE READ",
        # Those of the address count.
        connect_args={name: v for name, v in arguments.items() if name not in url.query},
    )
    if not writes:
        return engine.execution_options(postgresql_readonly=True)

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: object) -> None:
        # Streams are trimmed behind a commit: it must be on the disk by then, whatever the server
        # does for others.
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config(name, 'on', false) FROM pg_settings"
                " WHERE name = 'synchronous_commit' AND setting = 'off'"
            )
        connection.commit()

    return engine


def reason(error: Exception) -> str:
    """Why the archive cannot be used, in a few words, without anything secret."""
    if isinstance(error, OSError):
        return f"its file cannot be used: {error.strerror or error}"
    cause = getattr(error, "orig", None) or error
    lines = [line.strip() for line in str(cause).splitlines() if line.strip()]
    text = lines[0] if lines else type(cause).__name__
    for part, meaning in _REASONS.items():
        if part in text:
            return meaning
    return text.removeprefix("ERROR: ").strip()


def is_lost(error: Exception) -> bool:
    """Whether the connection is gone, and another one may work."""
    return isinstance(error, DBAPIError) and error.connection_invalidated


#: What a statement raises that fails.
DATABASE_ERROR = SQLAlchemyError
#: What using the database raises, where the archive is away.
AWAY = (SQLAlchemyError, OSError)
