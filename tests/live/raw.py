"""A WebSocket client that sends any Engine.IO packet, also those that no library sends."""

import contextlib
import json
import socket
import time
from typing import Any

import websocket

from tests.live.cluster import Api


class Raw:
    """One connection. ``introduce`` makes it a Socket.IO one, as the libraries do."""

    def __init__(self, api: Api, query: str = "EIO=4&transport=websocket", receive_buffer: int = 0):
        self.api = api
        small = (socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        url = api.url.replace("http", "ws", 1)
        self.ws = websocket.create_connection(
            f"{url}/socket.io/?{query}", timeout=30, sockopt=[small] if receive_buffer else []
        )
        self.opened = self._open()

    def _open(self) -> dict:
        return json.loads(self.ws.recv()[1:])

    def introduce(self) -> "Raw":
        self.send("40" + json.dumps({"token": self.api.token}))
        assert self.receive().startswith('40{"sid"')
        return self

    def send(self, frame: str | bytes) -> None:
        """One frame, of text or binary as its type says."""
        opcode = websocket.ABNF.OPCODE_TEXT if isinstance(frame, str) else 2
        self.ws.send(frame, opcode)

    def send_fragments(self, *fragments: str | bytes) -> None:
        """One message in several frames; the last one ends it if it is empty."""
        for i, fragment in enumerate(fragments):
            opcode = (1 if isinstance(fragment, str) else 2) if i == 0 else 0
            fin = int(i == len(fragments) - 1)
            data = fragment.encode() if isinstance(fragment, str) else fragment
            self.ws.send_frame(websocket.ABNF(fin, 0, 0, 0, opcode, 1, data))

    def send_together(self, *frames: str) -> None:
        """Several frames of text in one write."""
        made = (websocket.ABNF.create_frame(frame, websocket.ABNF.OPCODE_TEXT) for frame in frames)
        self.ws.sock.sendall(b"".join(frame.format() for frame in made))

    def send_bytes(self, raw: bytes) -> None:
        """Not even a frame."""
        self.ws.sock.sendall(raw)

    def call(self, number: int, event: str, **fields: Any) -> dict:
        """The acknowledgement of a call under this number."""
        self.send(f"42{number}" + json.dumps([event, {"token": self.api.token, **fields}]))
        return self.acknowledgement(number)

    def acknowledgement(self, number: int) -> dict:
        """Wait for that of the call with this number, whatever else arrives before."""
        heading = f"43{number}["
        while not (frame := self.receive()).startswith(heading):
            pass
        return json.loads(frame[len(heading) - 1 :])[0]

    def receive(self) -> str:
        """The next frame that is not a ping. Raises ``Closed``."""
        while (frame := self._read()) == "2":
            pass
        return frame

    def _read(self) -> str:
        try:
            frame = self.ws.recv()
            if frame == "2":
                self.send("3")
        except (websocket.WebSocketConnectionClosedException, ConnectionError) as error:
            raise Closed from error
        if not frame:
            raise Closed
        return frame

    def is_closed(self, seconds: float = 30) -> bool:
        """Read to the end; false if it does not come in time."""
        deadline = time.monotonic() + seconds
        try:
            while (left := deadline - time.monotonic()) > 0:
                self.ws.settimeout(left)
                self._read()
            return False
        except Closed:
            return True
        except websocket.WebSocketTimeoutException:
            return False

    def abort(self) -> None:
        """Vanish without a goodbye."""
        with contextlib.suppress(OSError, AttributeError):
            self.ws.sock.shutdown(socket.SHUT_RDWR)
        self.ws.shutdown()


class Closed(Exception):
    """The server has ended the connection."""
