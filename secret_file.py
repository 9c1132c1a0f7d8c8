"""A secret that Maru generates itself and stores in a file."""

import fcntl
import os
import secrets
from pathlib import Path


def read(path: Path) -> str:
    """The secret in this file. It is generated if the file is new or empty.

    Two processes at the same time get the same secret. Raises ``OSError``, and ``ValueError`` if
    the file contains no text.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
        # A second process waits here, and then reads what the first one has written.
        fcntl.flock(file, fcntl.LOCK_EX)
        text = file.read().strip()
        if not text:
            text = secrets.token_urlsafe(48)
            try:
                os.write(file.fileno(), text.encode())
                os.fsync(file.fileno())
            except OSError:
                # A part of the secret must not be read as the whole.
                os.ftruncate(file.fileno(), 0)
                raise
    return text
