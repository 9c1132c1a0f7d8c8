"""Restores a backup into stores that hold nothing.

The whole file is checked before anything is written. While a restore is under way the store says so
(``keys.RESTORING``): Maru does not start on it, and a restore that was ended begins again.

In each restored room a new epoch begins, of a life that no store has. So its numbers go on far
above all that were ever given, also of messages that came after the backup, whatever store it is
restored into; and everybody loads the room anew.
"""

import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from redis.exceptions import ResponseError

from chat import keys
from chat.archive import dump, schema
from chat.archive.database import DATABASE_ERROR, Database, reason
from chat.archive.errors import ArchiveError
from chat.backup import backup_file
from chat.backup.backup import HEAD, Made, not_kept
from chat.backup.backup_file import BackupError
from chat.batched import batched
from chat.migrations.start import VERSION, Waiting
from chat.store.question import Command
from chat.store.rdb import restorable
from chat.store.store import Store

#: The parts of a backup.
STORE, ARCHIVE = "store", "archive"
#: Keys that are deleted at once.
_DELETED_AT_ONCE = 500

Tell = Callable[[str], None]


@dataclass
class _Restored:
    """What is known of it so far. ``rooms`` are the store's, and ``archived`` the archive's."""

    keys: int = 0
    rows: int = 0
    rooms: set[str] = field(default_factory=set)
    archived: set[str] = field(default_factory=set)


class Restore:
    """Restores the ``parts`` of the backup at ``path``; ``tell`` tells the operator a line."""

    def __init__(
        self,
        store: Store,
        archive: Database,
        path: Path,
        parts: Sequence[str],
        is_embedded: bool,
        tell: Tell,
    ) -> None:
        self._store = store
        self._archive = archive
        self._path = path
        self._parts = parts
        self._tell = tell
        self._waiting = Waiting(tell, is_embedded)
        self._life = secrets.token_hex(6)
        self._restored = _Restored()

    def run(self) -> Made:
        """Raises ``BackupError``, ``RedisError``, and ``OSError`` where a file cannot be used."""
        about = self._about()
        backup_file.check(self._path)
        try:
            self._begin(about)
            for kind, data in backup_file.blocks(self._path):
                if kind == backup_file.KEYS and STORE in self._parts:
                    self._write_keys(data, about["rdb"])
                elif kind == backup_file.ROWS and ARCHIVE in self._parts:
                    self._write_rows(data)
            self._end(about)
        except (DATABASE_ERROR, ArchiveError) as error:
            why = str(error) if isinstance(error, ArchiveError) else reason(error)
            raise BackupError(f"The archive cannot be written to: {why}.") from error
        return Made(self._restored.keys, self._restored.rows)

    def _about(self) -> dict[str, Any]:
        kind, data = next(backup_file.blocks(self._path), (b"", b""))
        if kind != backup_file.ABOUT:
            raise BackupError(f"{self._path} is damaged: it does not say what it holds.")
        about: dict[str, Any] = orjson.loads(data)
        held = about["store"], about["archive"]
        known = VERSION, schema.VERSIONS[-1]
        if held != known:
            raise BackupError(
                f"{self._path} is of another version of Maru (store {held[0]}, archive {held[1]};"
                f" this one has {known[0]} and {known[1]}): restore it with that one, and upgrade"
                " then."
            )
        return about

    def _begin(self, about: dict[str, Any]) -> None:
        """Have both stores empty, and note that a restore is under way."""
        begun = self._store.ask(("HMGET", keys.RESTORING, "parts", "archives"))
        if self._is_served():
            raise BackupError("A Maru serves from this store: stop it first.")
        schema.upgrade(self._archive, is_new=True)
        with self._archive.begin() as connection:
            _, name = dump.about(connection)
            has_rows = not dump.is_empty(connection)
        parts = " ".join(self._parts)
        if begun[0] is not None:
            self._clear(parts, name, has_rows, *begun)
        elif STORE in self._parts and self._has_data():
            raise BackupError(
                "The store holds something already. A backup is restored into an empty one, and"
                " nothing was changed."
            )
        elif ARCHIVE in self._parts and has_rows:
            raise BackupError(
                "The archive holds something already. A backup is restored into an empty one, and"
                " nothing was changed."
            )
        archives = f"{name} {about['archiveName']}"
        noted = ("id", about["id"], "parts", parts, "archives", archives)
        self._do([("HSET", keys.RESTORING, *noted)])

    def _clear(self, parts: str, name: str, has_rows: bool, begun: bytes, archives: bytes) -> None:
        """Delete what a restore has written that was ended."""
        if begun.decode() != parts:
            raise BackupError(
                f"Another restore into this store was ended, of the parts {begun.decode()}: restore"
                " the same parts first."
            )
        if ARCHIVE in self._parts and has_rows and name not in archives.decode().split():
            raise BackupError(
                "A restore into this store was ended, but with another archive, and this one holds"
                " something: set DATABASE_URL as it was then."
            )
        self._tell("An earlier restore was ended before its end: it begins again.")
        if ARCHIVE in self._parts:
            dump.clear(self._archive)
        if STORE in self._parts:
            for some in batched(self._found_keys(), _DELETED_AT_ONCE):
                self._do([("UNLINK", *some)])

    def _is_served(self) -> bool:
        """Whether workers or a follower use the store at this moment."""
        if self._store.ask(("EXISTS", keys.ARCHIVING)):
            return True
        try:
            return bool(self._store.redis.pubsub_numsub(keys.CONTROL)[0][1])
        except ResponseError:
            return False  # The store's user has no permission to ask.

    def _has_data(self) -> bool:
        # What a Maru leaves that was started and stopped.
        nothing = {key.encode() for key in (*not_kept(), keys.VERSION, keys.ARCHIVE, keys.REAPED)}
        return any(key not in nothing for key in self._found_keys())

    def _found_keys(self) -> Iterator[bytes]:
        """All of Maru's keys in the store but the note on this restore."""
        pattern = re.sub(r"([*?\[\]\\])", r"\\\1", keys.PREFIX) + "*"
        for key in self._store.redis.scan_iter(pattern, count=_DELETED_AT_ONCE):
            if key != keys.RESTORING.encode():
                yield key

    def _write_keys(self, data: bytes, version: int) -> None:
        commands: list[Command] = []
        at = 0
        while at < len(data):
            key_length, length, expires_at = HEAD.unpack_from(data, at)
            at += HEAD.size
            name = data[at : at + key_length].decode()
            value = data[at + key_length : at + key_length + length]
            at += key_length + length
            key = keys.PREFIX + name
            payload = restorable(value, version)
            commands.append(("RESTORE", key, expires_at, payload, "REPLACE", "ABSTTL"))
            self._restored.keys += 1
            room_id, _ = keys.room_of_channel(key)
            if key == keys.room(room_id):
                self._restored.rooms.add(room_id)
                epoch = f"{self._life}-{secrets.token_hex(6)}"
                commands.append(("HSET", key, "epoch", epoch))
        self._do(commands)

    def _do(self, commands: Sequence[Command]) -> None:
        """All of them, which may be done twice."""
        try:
            self._waiting.do(lambda: self._store.ask_all(commands))
        except ResponseError as error:
            if "DUMP payload version" not in str(error):
                raise
            raise BackupError(
                "The store cannot read what the one that was backed up has written: it has to be"
                " of the same version or a later one."
            ) from error

    def _write_rows(self, data: bytes) -> None:
        with self._archive.begin() as connection:
            table, rows = dump.write(connection, data)
        self._restored.rows += len(rows)
        if table == dump.HAS_ALL_ROOMS:
            self._restored.archived |= {row["room_id"] for row in rows}

    def _end(self, about: dict[str, Any]) -> None:
        done = self._restored
        if ARCHIVE in self._parts:
            with self._archive.begin() as connection:
                dump.name_it(connection, about["archiveName"])
        if STORE in self._parts and ARCHIVE in self._parts:
            # Rooms that were made between the two moments: nobody can enter them any more.
            for some in batched(sorted(done.archived - done.rooms), _DELETED_AT_ONCE):
                self._do([("SADD", keys.UNPURGED, *some)])
        self._do([("DEL", keys.RESTORING)])
