"""Checks that ``DATA_DIR`` can be Maru's folder, before anything is written to it."""

import os
import pwd
import re
from pathlib import Path

#: What Maru keeps in its folder, besides the sockets of workers.
_FILES = {
    *("appendonlydir", "secret_key", "jwt_secret_key", "life", "store"),
    *("valkey.log", "valkey.sock", "valkey.lock", "supervisor.lock"),
    *("archive.sqlite3", "archive.sqlite3-wal", "archive.sqlite3-shm"),
}
_SOCKET = re.compile(r"[0-9a-f]{8}\.(sock|new)")


def check(folder: Path) -> None:
    """Raises ``ValueError``, with one line, for a folder of another user or of something else.

    A folder that does not exist yet is no error, and neither is one that cannot be read: whoever
    makes or reads it says why that fails.
    """
    try:
        owner = folder.stat().st_uid
    except OSError:
        return
    if folder.resolve() == Path("/"):
        raise ValueError(f"DATA_DIR cannot be '{folder}': it takes a folder for Maru alone.")
    if owner != os.geteuid():
        name = user_name(owner)
        raise ValueError(f"DATA_DIR {folder} belongs to user {name}; start Maru as {name}.")
    try:
        names = os.listdir(folder)
    except OSError:
        return
    # A folder that is new may be a home with hidden files, or a disk of its own.
    others = {name for name in names if not name.startswith(".") and name != "lost+found"}
    if others and not any(name in _FILES or _SOCKET.fullmatch(name) for name in others):
        raise ValueError(
            f"DATA_DIR {folder} holds other files and none of Maru's: it takes a folder for Maru"
            " alone, a new or an empty one."
        )


def user_name(number: int) -> str:
    """The name of the system's user with this number; the number if it has none."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
