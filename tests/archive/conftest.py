"""Archives of both kinds: tests run with SQLite, and with PostgreSQL where the machine has it."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chat.archive import schema
from chat.archive.archive import Archive
from chat.archive.database import Database
from chat.archive.follower import Follower
from chat.conversation import Conversation
from chat.limits import Limits
from chat.store.store import Store
from tests.archive import postgresql
from tests.archive.postgresql import PostgreSQL


@dataclass(frozen=True)
class Place:
    """Where an archive is: ``address`` is that of PostgreSQL, or '' for SQLite in ``folder``."""

    address: str
    folder: Path

    def open(self, writes: bool = False) -> Database:
        return Database(self.address, self.folder, writes)

    def rows(self, query: Any) -> list[Any]:
        database = self.open()
        try:
            with database.begin() as connection:
                return list(connection.execute(query))
        finally:
            database.close()


@pytest.fixture(scope="session")
def server() -> Iterator[PostgreSQL]:
    if postgresql.programs() is None:
        pytest.skip("there is no PostgreSQL on this machine (Debian: apt-get install postgresql)")
    with postgresql.running() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Where an archive will be; it has no tables yet."""
    return _place(request, tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"])
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Where another one will be."""
    return _place(request, tmp_path / "elsewhere")


def _place(request: pytest.FixtureRequest, folder: Path) -> Place:
    if request.param == "sqlite":
        return Place("", folder)
    server: PostgreSQL = request.getfixturevalue("server")
    return Place(server.create(f"maru{secrets.token_hex(6)}"), folder)


@pytest.fixture
def database(place: Place) -> Iterator[Database]:
    """The archive, with its tables, to write to."""
    opened = place.open(writes=True)
    schema.upgrade(opened, is_new=True)
    yield opened
    opened.close()


@pytest.fixture
def archive(place: Place, database: Database) -> Iterator[Archive]:
    """The archive as workers read it."""
    opened = Archive(place.address, place.folder)
    yield opened
    opened.close()


@pytest.fixture
def follow(store: Store, database: Database) -> Callable[..., Follower]:
    """``follow()``: archive all that there is. Gives the follower."""

    def work(recent: int = 5000, kept: int = 0) -> Follower:
        follower = Follower(store, database, recent, kept)
        follower.begin(is_new=True)
        catch_up(follower)
        return follower

    return work


def catch_up(follower: Follower) -> None:
    while follower.work()[1]:
        pass


@pytest.fixture
def small_blocks(store: Store) -> Iterator[None]:
    """The store trims whole blocks of a stream: small ones, so that a few entries are enough."""
    name = "stream-node-max-entries"
    before = store.redis.config_get(name)[name]
    store.redis.config_set(name, 5)
    yield
    store.redis.config_set(name, before)


@pytest.fixture
def deep(store: Store, archive: Archive) -> Conversation:
    """The conversation, with an archive."""
    return Conversation(store, Limits(message_rate=0), archive)
