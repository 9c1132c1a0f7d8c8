"""One Socket.IO connection to Maru: Socket.IO 5 on Engine.IO 4 on a WebSocket.

Of our own, since a checker must know in what order things arrived, and must be able to stop
reading and to vanish without a goodbye.
"""

import asyncio
import contextlib
import json
import re
import socket
import struct
from typing import Any, Protocol

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    CloseConnection,
    Ping,
    RejectConnection,
    Request,
    TextMessage,
)
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

#: Seconds that connecting may take, and after which a silent connection counts as lost.
CONNECT_TIMEOUT_S, SILENCE_TIMEOUT_S = 8.0, 26.0
#: A small buffer, so that the server soon notices a client that does not read.
BUFFER_BYTES = 16 * 1024

_PACKET = re.compile(r"4([0-4])(\d*)(.*)", re.DOTALL)


class Unanswered(OSError):
    """The call got no answer: the server may have carried it out or not."""


class Refused(Exception):
    """The server has refused the connection."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(f"{error.get('code')}: {error.get('message')}")
        self.code = str(error.get("code"))


class Listener(Protocol):
    """Gets what a link receives, in the order of arrival."""

    def on_event(self, link: "Link", event: str, payload: Any) -> None: ...
    def on_answer(self, link: "Link", event: str, fields: dict, answer: dict) -> None: ...
    def on_end(self, link: "Link", why: str) -> None: ...


class Link:
    def __init__(self, number: int, listener: Listener) -> None:
        self.number = number
        self.port = 0
        self.ended = asyncio.Event()
        self._listener = listener
        self._calls: dict[int, tuple[str, dict[str, Any], asyncio.Future[dict[str, Any]]]] = {}
        self._last_call = 0
        self._reading = asyncio.Event()
        self._reading.set()
        self._ws = WSConnection(ConnectionType.CLIENT)
        self._text = ""
        self._greeted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task: asyncio.Task[None] | None = None

    async def open(self, address: tuple[str, int], token: str) -> None:
        """Raises ``Refused`` and ``Unanswered``."""
        self._token = token
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                self._reader, self._writer = await asyncio.open_connection(
                    sock=await _connected(address), limit=BUFFER_BYTES
                )
                self.port = self._writer.get_extra_info("sockname")[1]
                target = "/socket.io/?EIO=4&transport=websocket"
                self._send(Request(host=f"{address[0]}:{address[1]}", target=target))
                self._task = asyncio.create_task(self._read())
                await self._greeted
        except (OSError, TimeoutError) as error:
            self.abort()
            raise Unanswered(str(error)) from None
        except BaseException:
            self.abort()
            raise

    def call(self, event: str, fields: dict[str, Any]) -> "asyncio.Future[dict[str, Any]]":
        """Emit an event; the listener gets the answer, too. Fails with ``Unanswered``."""
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        if self.ended.is_set():
            answer.set_exception(Unanswered())
            return answer
        self._last_call += 1
        shown = {name: value for name, value in fields.items() if name != "token"}
        self._calls[self._last_call] = event, shown, answer
        self._emit(f"42{self._last_call}{json.dumps([event, fields])}")
        return answer

    def stall(self) -> None:
        """Stop reading, as a phone does whose screen is off."""
        self._reading.clear()

    def read_on(self) -> None:
        self._reading.set()

    def close(self) -> None:
        """Close the connection properly, as a page does that is left or loaded again."""
        if not self.ended.is_set():
            self._emit("41")
            with contextlib.suppress(LocalProtocolError, OSError):
                self._send(CloseConnection(code=1001))
            self._writer.close()
            self._end("closed by the client")

    def abort(self) -> None:
        """Reset the connection: bytes on their way are lost."""
        if hasattr(self, "_writer"):
            reset(self._writer)
        self._end("vanished")

    async def _read(self) -> None:
        why = "ended by the server"
        try:
            while not self.ended.is_set():
                await self._reading.wait()
                async with asyncio.timeout(SILENCE_TIMEOUT_S):
                    data = await self._reader.read(BUFFER_BYTES)
                await self._reading.wait()
                self._ws.receive_data(data or None)
                for event in self._ws.events():
                    self._handle(event)
                if not data:
                    break
        except TimeoutError:
            why = "no ping"
        except (OSError, RemoteProtocolError) as error:
            why = f"broken: {error}"
        self._writer.transport.abort()
        self._end(why)

    def _handle(self, event: Any) -> None:
        if isinstance(event, AcceptConnection):
            return
        if isinstance(event, RejectConnection):
            raise OSError(f"the server answers {event.status_code}")
        if isinstance(event, Ping):
            self._send(event.response())
        elif isinstance(event, TextMessage):
            self._text += event.data
            if event.message_finished:
                text, self._text = self._text, ""
                self._take(text)

    def _take(self, frame: str) -> None:
        if frame[:1] == "0":
            self._emit("40" + json.dumps({"token": self._token}))
        elif frame == "2":
            self._emit("3")
        elif frame[:1] == "1" or frame[:2] == "41":
            raise OSError("the server says goodbye")
        elif found := _PACKET.fullmatch(frame):
            kind, number, rest = found.groups()
            self._packet(kind, number, json.loads(rest) if rest else None)

    def _packet(self, kind: str, number: str, content: Any) -> None:
        if kind == "0":
            if not self._greeted.done():
                self._greeted.set_result(None)
        elif kind == "4":
            if not self._greeted.done():
                self._greeted.set_exception(Refused(content.get("data") or content))
        elif kind == "2":
            self._listener.on_event(self, content[0], content[1] if len(content) > 1 else None)
        elif kind == "3" and int(number) in self._calls:
            event, fields, answer = self._calls.pop(int(number))
            self._listener.on_answer(self, event, fields, content[0])
            if not answer.done():
                answer.set_result(content[0])

    def _emit(self, frame: str) -> None:
        with contextlib.suppress(LocalProtocolError):
            self._send(TextMessage(frame))

    def _send(self, event: Any) -> None:
        self._writer.write(self._ws.send(event))

    def _end(self, why: str) -> None:
        if self.ended.is_set():
            return
        self.ended.set()
        self._reading.set()
        if not self._greeted.done():
            self._greeted.set_exception(Unanswered(why))
            self._greeted.exception()
        for _, _, answer in self._calls.values():
            if not answer.done():
                answer.set_exception(Unanswered(why))
                answer.exception()
        self._listener.on_end(self, why)


def reset(writer: asyncio.StreamWriter) -> None:
    """Close a TCP connection with a reset."""
    with contextlib.suppress(OSError):
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


async def _connected(address: tuple[str, int]) -> socket.socket:
    client = socket.socket()
    try:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.setblocking(False)
        await asyncio.get_running_loop().sock_connect(client, address)
    except BaseException:
        client.close()
        raise
    return client
