"""Free ports for processes that tests start."""

import fcntl
import os
import socket
import tempfile
from pathlib import Path

#: Below those that the system gives to connections. A client could be given one of those at the
#: very moment in which nothing listens there: at a restart, or before the start.
FIRST, LAST = 20_000, 29_999

_held = []


def free_port() -> int:
    """A port on which nothing listens, and which no other process of the tests is given."""
    folder = Path(tempfile.gettempdir(), f"maru-test-ports-{os.getuid()}")
    folder.mkdir(exist_ok=True)
    count = LAST - FIRST + 1
    # Other processes begin elsewhere: the one before has less to pass over.
    begin = os.getpid() * 101
    for number in range(count):
        port = FIRST + (begin + number) % count
        lock = (folder / str(port)).open("w")
        try:
            # Until this process ends.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            lock.close()
        else:
            _held.append(lock)
            return port
    raise AssertionError(f"no port from {FIRST} to {LAST} is free")
