"""A TCP proxy that can reset, hold, delay and refuse connections.

One proxy is between the clients and Maru, another between Maru's workers and their store.
"""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Iterable, Iterator
from pathlib import Path

from verify.history import LinkState, now
from verify.link import BUFFER_BYTES, reset

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect = Callable[[], Awaitable[Streams]]
#: Called with bytes that have passed, and whether they came from the client.
Tap = Callable[["Pipe", bytes, bool], None]

#: How long the server waits for a pong, in ms.
PONG_TIMEOUT_MS = 10_000


class Pipe:
    """One connection through the proxy, with its two sockets."""

    def __init__(self, client: Streams, server: Streams) -> None:
        self.client_port: int = client[1].get_extra_info("peername")[1]
        sockname = server[1].get_extra_info("sockname")
        self.server_port = sockname[1] if isinstance(sockname, tuple) else 0
        self.link_state = LinkState()
        self.ended = False
        self.delay = 0.0
        self._client, self._server = client, server
        self._holds = 0
        self._flowing = asyncio.Event()
        self._flowing.set()

    def hold(self) -> None:
        """Let nothing pass any more, not even the end of the connection."""
        self._holds += 1
        self._flowing.clear()
        if self.link_state.silent_at is None:
            self.link_state.silent_at = now()

    def let_go(self) -> None:
        self._holds -= 1
        if self._holds <= 0:
            self._flowing.set()
            if self.link_state.silent_at:
                self.link_state.held.append((self.link_state.silent_at, now()))
            if self.link_state.silent_at and now() - self.link_state.silent_at < PONG_TIMEOUT_MS:
                self.link_state.silent_at = None

    def reset(self) -> None:
        self._note_server_closed()
        for _, writer in (self._client, self._server):
            reset(writer)
        self._flowing.set()

    async def run(self, tap: Tap | None) -> None:
        try:
            await asyncio.gather(
                self._pump(self._client[0], self._server[1], tap, True),
                self._pump(self._server[0], self._client[1], tap, False),
            )
        finally:
            self.ended = True
            self._note_server_closed()
            for _, writer in (self._client, self._server):
                writer.close()

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        tap: Tap | None,
        from_client: bool,
    ) -> None:
        try:
            while True:
                data = await reader.read(BUFFER_BYTES)
                await self._flowing.wait()
                if self.delay:
                    await asyncio.sleep(self.delay)
                if not data:
                    break
                if tap and (from_client or not self._client_is_gone()):
                    tap(self, data, from_client)
                writer.write(data)
                await writer.drain()
        except OSError:
            reset(writer)
        if not from_client:
            self._note_server_closed()
        with contextlib.suppress(OSError):
            if writer.can_write_eof():
                writer.write_eof()

    def _client_is_gone(self) -> bool:
        reader = self._client[0]
        return reader.at_eof() or reader.exception() is not None

    def _note_server_closed(self) -> None:
        if self.link_state.closed_at is None:
            self.link_state.closed_at = now()


class Proxy:
    """``connect`` opens the second socket of a connection that was accepted."""

    def __init__(self, connect: Connect, tap: Tap | None = None) -> None:
        self.address = ("", 0)
        self._refusals: list[Callable[[int], bool]] = []
        self._connect = connect
        self._tap = tap
        self._pipes: dict[int, Pipe] = {}
        #: Also one whose port another one has by now: nothing else keeps a silent one alive.
        self._open: dict[Pipe, None] = {}
        self._server: asyncio.Server | None = None

    async def start(self) -> tuple[str, int]:
        """The address on which the proxy listens."""
        self._server = await asyncio.start_server(
            self._accept, "127.0.0.1", 0, limit=BUFFER_BYTES, backlog=1024
        )
        self.address = self._server.sockets[0].getsockname()
        return self.address

    async def stop(self) -> None:
        if self._server:
            self._server.close()
        for pipe in self.pipes():
            pipe.reset()

    def pipes(self) -> list[Pipe]:
        """The open connections."""
        return [pipe for pipe in self._open if not pipe.ended]

    def pipe(self, client_port: int) -> Pipe | None:
        """The newest connection from this port."""
        return self._pipes.get(client_port)

    @contextlib.contextmanager
    def refusing(self, refuses: Callable[[int], bool]) -> Iterator[None]:
        """Within this context, refuse new connections from ports for which ``refuses`` is true."""
        self._refusals.append(refuses)
        try:
            yield
        finally:
            self._refusals.remove(refuses)

    @contextlib.contextmanager
    def holding(self, pipes: Iterable[Pipe]) -> Iterator[None]:
        held = list(pipes)
        for pipe in held:
            pipe.hold()
        try:
            yield
        finally:
            for pipe in held:
                pipe.let_go()

    @contextlib.contextmanager
    def slowing(self, pipes: Iterable[Pipe], seconds: float) -> Iterator[None]:
        slowed = list(pipes)
        for pipe in slowed:
            pipe.delay += seconds
        try:
            yield
        finally:
            for pipe in slowed:
                pipe.delay -= seconds

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port: int = writer.get_extra_info("peername")[1]
        try:
            if any(refuses(port) for refuses in self._refusals):
                raise ConnectionRefusedError
            server = await self._connect()
        except OSError:
            reset(writer)
            return
        pipe = self._pipes[port] = Pipe((reader, writer), server)
        self._open[pipe] = None
        with contextlib.suppress(OSError):
            await pipe.run(self._tap)
        del self._open[pipe]


def to_tcp(address: tuple[str, int]) -> Connect:
    async def connect() -> Streams:
        server = socket.socket()
        try:
            # A small buffer: bytes that a client does not read soon fill the server's outbox.
            server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
            server.setblocking(False)
            await asyncio.get_running_loop().sock_connect(server, address)
        except BaseException:
            server.close()
            raise
        return await asyncio.open_connection(sock=server, limit=BUFFER_BYTES)

    return connect


def to_unix(path: Path) -> Connect:
    return lambda: asyncio.open_unix_connection(str(path), limit=BUFFER_BYTES)
