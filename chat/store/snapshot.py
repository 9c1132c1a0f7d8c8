"""All that the store holds at one moment, while it goes on: what it gives a replica at first."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from redis.exceptions import ConnectionError, RedisError

from chat.store.rdb import Snapshot
from chat.store.store import Store

#: Seconds without a byte after which the store counts as away. It sends one each second until the
#: snapshot begins.
SILENCE_S = 60.0
_AT_ONCE = 1 << 18


class NoSnapshot(RedisError):
    """The store does not give one; the text says why."""


@contextmanager
def snapshot(store: Store, is_embedded: bool) -> Iterator[tuple[Snapshot, int]]:
    """A context with a snapshot, and the number of Maru's database in it.

    Only what is read of it is in memory. It holds up nobody, but has the store hold for a while
    what is changed meanwhile twice. Raises ``RedisError``, also while it is read.
    """
    pool = store.redis.connection_pool
    options = {**pool.connection_kwargs, "health_check_interval": 0, "socket_timeout": SILENCE_S}
    connection = pool.connection_class(**options)
    try:
        connection.connect()
        if is_embedded:
            # No other replica will come, for which it would wait.
            _ask(connection, "CONFIG", "SET", "repl-diskless-sync-delay", "0")
        # Without the changes that follow: nobody reads them.
        _ask(connection, "REPLCONF", "rdb-only", "1")
        connection.send_command("SYNC")
        yield Snapshot(_Received(connection._sock).next), int(connection.db)
    finally:
        connection.disconnect()


def _ask(connection: Any, *command: str) -> None:
    connection.send_command(*command)
    connection.read_response()


class _Received:
    """The bytes of the snapshot, past what the store says before it."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._has_begun = False

    def next(self) -> bytes:
        if not self._has_begun:
            self._has_begun = True
            return self._begin()
        return self._receive(_AT_ONCE)

    def _begin(self) -> bytes:
        line = b""
        # A line break alone only says that the store is there still.
        while not line.strip():
            line = b""
            while not line.endswith(b"\n"):
                found = self._receive(1)
                if not found:
                    raise ConnectionError("The store has closed the connection.")
                line += found
        # Of a snapshot "$<length>", or "$EOF:<mark>" where that is not known. It says itself where
        # it ends, so neither matters.
        if not line.startswith(b"$"):
            raise NoSnapshot(line.decode(errors="replace").strip().lstrip("-"))
        return self._receive(_AT_ONCE)

    def _receive(self, most: int) -> bytes:
        try:
            found: bytes = self._socket.recv(most)
        except OSError as error:
            raise ConnectionError(f"The store cannot be read: {error}.") from error
        return found
