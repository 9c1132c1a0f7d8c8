"""A secret that Maru makes itself and keeps in a file."""

import fcntl
import os
import secrets
from pathlib import Path


def read(kept: Path) -> str:
    """The secret in this file; made when the file is new. Two processes get the same one.

    Raises ``OSError``, and ``ValueError`` when the file holds no text.
    """
    kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(os.open(kept, os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
        # Whoever comes second waits, and then reads what the first one wrote.
        fcntl.flock(file, fcntl.LOCK_EX)
        text = file.read().strip()
        if not text:
            text = secrets.token_urlsafe(48)
            try:
                os.write(file.fileno(), text.encode())
                os.fsync(file.fileno())
            except OSError:
                # Half a secret would be taken for a whole one.
                os.ftruncate(file.fileno(), 0)
                raise
    return text
