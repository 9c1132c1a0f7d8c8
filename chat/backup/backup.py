"""Writes a backup of both stores into one file, while people write and workers serve.

The store comes first, as it is at one moment, and then the archive, as it is at a later one. So the
archive has all that the store did not keep in memory any more, and it may know more than the store:
when both are restored, the follower heals that (``chat.archive.follower``).
"""

import secrets
import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson

from chat import keys
from chat.archive import dump
from chat.archive.database import AWAY, DATABASE_ERROR, Database, reason
from chat.backup import backup_file
from chat.backup.backup_file import BackupError, Writer
from chat.migrations.start import VERSION, version
from chat.store.rdb import Saved, UnknownFormat
from chat.store.snapshot import snapshot
from chat.store.store import Store

#: In front of each key: the lengths of its name and its value, and when it expires, in ms.
HEAD = struct.Struct(">IQq")


@dataclass(frozen=True)
class Made:
    """What a backup holds: keys of the store, and rows of the archive."""

    keys: int
    rows: int


def make(store: Store, archive: Database, path: Path, is_embedded: bool) -> Made:
    """Write a backup to ``path``, which nothing is at yet.

    Raises ``BackupError``, ``RedisError``, and ``OSError`` where the file cannot be written.
    """
    if path.exists():
        raise backup_file.taken(path)
    _check_store(store)
    about = _about(archive)
    with backup_file.writing(path) as writer:
        try:
            found = _write_keys(store, writer, about, is_embedded)
        except UnknownFormat as error:
            raise BackupError(f"The store's snapshot cannot be read: {error}.") from error
        return Made(found, _write_rows(archive, writer))


def not_kept() -> set[str]:
    """Keys that say something of this store and its processes, and nothing of what it holds."""
    return {keys.SECRETS, keys.ARCHIVING, keys.MIGRATING, keys.RESTORING}


def _check_store(store: Store) -> None:
    if store.ask(("EXISTS", keys.RESTORING)):
        raise BackupError(
            "A backup is being restored into the store, or that was ended: there is nothing whole."
        )
    held = version(store)
    if held != VERSION:
        raise BackupError(
            f"The store holds data of version {held}, and this Maru's are of version {VERSION}:"
            " back it up with the Maru that serves from it."
        )


def _about(archive: Database) -> tuple[str, str]:
    try:
        with archive.begin() as connection:
            held, name = dump.about(connection)
    except AWAY as error:
        raise _away(error) from error
    if held is None:
        raise BackupError("The archive has no tables yet: start Maru once.")
    return held, name


def _write_keys(store: Store, writer: Writer, archive: tuple[str, str], is_embedded: bool) -> int:
    left_out = {key.encode() for key in not_kept()}
    prefix = keys.PREFIX.encode()
    some, count = bytearray(), 0
    with snapshot(store, is_embedded) as (taken, database):
        about = {
            "id": secrets.token_hex(8),
            "madeAt": datetime.now(UTC).isoformat(timespec="seconds"),
            "store": VERSION,
            "archive": archive[0],
            "archiveName": archive[1],
            "rdb": taken.version,
        }
        writer.add(backup_file.ABOUT, orjson.dumps(about))
        for saved in taken.keys(database):
            if saved.key.startswith(prefix) and saved.key not in left_out:
                some += _packed(saved, len(prefix))
                count += 1
                if len(some) > backup_file.BLOCK:
                    writer.add(backup_file.KEYS, bytes(some))
                    some.clear()
    writer.add(backup_file.KEYS, bytes(some))
    return count


def _packed(saved: Saved, prefix: int) -> bytes:
    key, value = saved.key[prefix:], saved.value
    return HEAD.pack(len(key), len(value), saved.expires_at) + key + value


def _write_rows(archive: Database, writer: Writer) -> int:
    count = 0
    try:
        with archive.begin() as connection:
            for some, number in dump.rows(connection):
                writer.add(backup_file.ROWS, some)
                count += number
    except DATABASE_ERROR as error:
        raise _away(error) from error
    return count


def _away(error: Exception) -> BackupError:
    return BackupError(f"The archive cannot be read ({reason(error)}); there is no backup.")
