"""A client for attacks: sockets, WebSocket frames and Socket.IO calls, valid and invalid ones."""

import json
import socket
from dataclasses import dataclass
from typing import Any

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Target:
    """The server, and what an attacker knows: accounts of its own, a room, another account."""

    port: int
    tokens: list[str]
    name: str
    password: str
    room: str
    victim: str


def connected(port: int, seconds: float = 10) -> socket.socket:
    return socket.create_connection((HOST, port), seconds)


def request(method: str, path: str, body: str = "", token: str = "") -> bytes:
    """A complete request, after which the connection stays open."""
    data = body.encode()
    return (
        f"{method} {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: {len(data)}\r\n\r\n"
    ).encode() + data


def frame(text: str, opcode: int = 1) -> bytes:
    """A frame of a client, with a mask of zeros."""
    data = text.encode()
    if len(data) < 126:
        head = bytes((0x80 | opcode, 0x80 | len(data)))
    elif len(data) < 65_536:
        head = bytes((0x80 | opcode, 0xFE)) + len(data).to_bytes(2)
    else:
        head = bytes((0x80 | opcode, 0xFF)) + len(data).to_bytes(8)
    return head + b"\0\0\0\0" + data


class WebSocket:
    """One WebSocket connection; with a token it connects to Socket.IO."""

    def __init__(self, port: int, token: str = "", receive_buffer: int = 0):
        self.socket = connected(port)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.token = token
        self._buffer = b""
        self._number = 0
        self.socket.sendall(
            f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {HOST}\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        while b"\r\n\r\n" not in self._buffer:
            self._read_more()
        self._buffer = self._buffer.partition(b"\r\n\r\n")[2]
        if token:
            self.send("40" + json.dumps({"token": token}))
            while not self.receive().startswith("40{"):
                pass

    def send(self, text: str) -> None:
        self.socket.sendall(frame(text))

    def packet(self, event: str, **fields: Any) -> str:
        """The text of a call with the next id."""
        self._number += 1
        return f"42{self._number}" + json.dumps([event, {"token": self.token, **fields}])

    def call(self, event: str, **fields: Any) -> dict[str, Any]:
        """The acknowledgement of a call. Raises ``OSError`` when the connection ends."""
        self.send(self.packet(event, **fields))
        heading = f"43{self._number}["
        while not (text := self.receive()).startswith(heading):
            pass
        answer: dict[str, Any] = json.loads(text[len(heading) - 1 :])[0]
        return answer

    def receive(self) -> str:
        """The next text that is not a ping. Answers pings."""
        while True:
            opcode, data = self._read_frame()
            if opcode == 8:
                raise ConnectionError("closed by the server")
            if opcode != 1 or data == b"2":
                if data == b"2":
                    self.send("3")
                continue
            return data.decode()

    def _read_frame(self) -> tuple[int, bytes]:
        self._need(2)
        opcode, length, start = self._buffer[0] & 15, self._buffer[1] & 127, 2
        if length >= 126:
            start = 4 if length == 126 else 10
            self._need(start)
            length = int.from_bytes(self._buffer[2:start])
        self._need(start + length)
        data = self._buffer[start : start + length]
        self._buffer = self._buffer[start + length :]
        return opcode, data

    def _need(self, size: int) -> None:
        while len(self._buffer) < size:
            self._read_more()

    def _read_more(self) -> None:
        data = self.socket.recv(65_536)
        if not data:
            raise ConnectionError("closed by the server")
        self._buffer += data

    def close(self) -> None:
        self.socket.close()
