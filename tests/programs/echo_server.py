"""An echo server on Maru's own transport, for test suites of the WebSocket protocol."""

import chat.transport.monkey_patch  # noqa: F401

# isort: split
import sys

import eventlet

from chat.transport import frames, handshake
from chat.transport.admission import Admission
from chat.transport.http_server import HttpServer
from chat.transport.tick import Tick
from chat.transport.transport import Transport


class Echo:
    """The owner of one transport: says what it hears."""

    is_authenticated = True

    def __init__(self) -> None:
        self.transport: Transport | None = None

    def message_received(self, data: str | bytes) -> None:
        if isinstance(data, str):
            self.transport.push(frames.frame(frames.TEXT, data.encode()))
        else:
            self.transport.push(frames.frame(frames.BINARY, data))

    def connection_lost(self) -> None:
        """The transport ends by itself."""

    def bytes_waiting(self) -> None:
        """No limit of the product is of interest here."""

    all_sent = ping = check_pong = bytes_waiting


def serve(port: int) -> None:
    tick = Tick()

    def app(environ, start_response):
        try:
            greeting = handshake.accept(environ)
        except handshake.Refused as refusal:
            start_response(refusal.status, refusal.headers)
            return [str(refusal).encode()]
        echo, upgrade = Echo(), environ["maru.upgrade"]
        echo.transport = Transport(
            upgrade.client, echo, tick, upgrade.take_socket, greeting, upgrade.early_bytes
        )
        return []

    server = HttpServer(
        app, Admission(max_connections=1000, per_address=0, proxies=0), behind_proxy=False
    )
    listener = eventlet.listen(("127.0.0.1", port), backlog=512)
    print("ready", flush=True)
    server.accept(listener)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
