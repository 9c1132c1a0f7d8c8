"""The gunicorn worker on eventlet: one process, one event loop, a greenlet for each connection.

gunicorn has none of its own since version 26. Of its master, this module is the only part of Maru's
live side that is loaded there; the worker alone is patched, after the fork, before the app is
imported.
"""

import contextlib
import errno
import itertools
import os
import resource
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from types import FrameType, SimpleNamespace
from typing import Any, cast

import eventlet
import greenlet
from eventlet import greenpool, hubs, wsgi
from eventlet.greenio import GreenSocket
from gunicorn.http.errors import ParseException
from gunicorn.sock import ssl_context
from gunicorn.util import close, close_graceful
from gunicorn.workers.base_async import AsyncWorker

from chat.live import opening

#: Called once each, all at the same time, when the worker begins to stop. It then waits for them,
#: as it does for connections.
on_stop: list[Callable[[], None]] = []

#: Seconds for a TLS handshake, and for one read or write of a request.
HANDSHAKE_PATIENCE, PATIENCE = 10, 75
#: Seconds to stop in after Ctrl-C.
QUICK_STOP = 2
#: Seconds that a request on its way has to arrive once the worker stops.
STRAGGLE = 0.5
#: Connections accepted in one turn of the loop. Those that come together share what it costs.
AT_ONCE = 16
#: Files that a worker has open besides its connections, at most.
OTHER_FILES = 200
#: Connections over the cap that are told so at the same time; others over it are just closed.
REFUSALS = 256

_BUSY = b"This server has as many connections as it can hold. Try again in a few seconds.\n"
_REFUSAL = (
    b"HTTP/1.1 503 Service Unavailable\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: %d\r\n"
    b"Retry-After: 5\r\n"
    b"Connection: close\r\n\r\n%s"
) % (len(_BUSY), _BUSY)


class EventletWorker(AsyncWorker):
    def init_process(self) -> None:
        # The master's hub, if it has one, must not be shared.
        hubs.use_hub()
        eventlet.monkey_patch()
        self._connections = 0
        #: Greenlets that wait for a client to begin, and what ends their waiting.
        self._waiting: dict[Any, eventlet.Timeout] = {}
        #: Sockets whose requests ended in a WebSocket, which closes them and counts them off.
        self._handed_over: set[Any] = set()
        self._refusals = greenpool.GreenPool(REFUSALS)
        self._grace = max(1, self.cfg.graceful_timeout - 1)  # the master kills after all of it
        self._cap = self._raise_file_limit()
        super().init_process()

    def load_wsgi(self) -> None:
        super().load_wsgi()
        self._app: Any = self.app.wsgi()

        def served(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            environ["wsgi.input"] = _Body(environ["wsgi.input"])
            return self._call_app(environ, environ.pop("gunicorn.socket"), start_response)

        self.wsgi = served

    def _call_app(
        self, environ: dict[str, Any], client: Any, start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        # What Engine.IO needs of eventlet's own server, to take a WebSocket over.
        environ["eventlet.input"] = SimpleNamespace(get_socket=lambda: client)
        environ["maru.client"] = client  # waits for the answer, unless it has hung up
        environ["maru.hand_over"] = lambda: self._hand_over(client)
        return cast(Iterable[bytes], self._app(environ, start_response))

    def run(self) -> None:
        self._tls = ssl_context(self.cfg) if self.cfg.is_ssl else None
        # Made anew: sockets of the master are not of the patched kind.
        listeners = [
            GreenSocket(s.FAMILY, socket.SOCK_STREAM, fileno=s.sock.detach()) for s in self.sockets
        ]
        acceptors = [eventlet.spawn(self._accept, listener) for listener in listeners]
        while self.alive:
            self.notify()
            self._sleep_until_signal(1.0)
        for acceptor, listener in zip(acceptors, listeners, strict=True):
            acceptor.kill()
            listener.close()
        self._wind_down([eventlet.spawn(hook) for hook in on_stop])

    def _accept(self, listener: GreenSocket) -> None:
        # Not the listener itself: a connection may begin when that is closed already.
        bound_to = listener.getsockname()
        name = SimpleNamespace(getsockname=lambda: bound_to)
        for count in itertools.count(1):
            try:
                client, address = listener.accept()
            except OSError as error:
                if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
                    self.log.error("Cannot accept connections: %s", error)
                    eventlet.sleep(1.0)
                continue
            if self._connections < self._cap:
                self._connections += 1
                eventlet.spawn_n(self._serve, name, client, address)
            elif self._refusals.free():
                self._refusals.spawn_n(self._refuse, client)
            else:
                client.close()
            if count % AT_ONCE == 0:
                # Those being served have their turn, and other workers get their share.
                eventlet.sleep(0)

    def _serve(self, listener: SimpleNamespace, client: Any, address: Any) -> None:
        try:
            client.settimeout(PATIENCE)
            if secured := self._secured(client):
                client = secured
                if not self._open_websocket(listener, client, address):
                    self.handle(listener, client, address)
        except OSError:
            pass  # A handshake that failed is the client's affair.
        finally:
            close(client)
            if client in self._handed_over:
                self._handed_over.discard(client)
            else:
                self._count_off()

    def _open_websocket(self, listener: SimpleNamespace, client: Any, address: Any) -> bool:
        """Serve a request for a WebSocket the short way, if that is what comes, whole and at once.

        Nothing has been read of any other request.
        """
        if self._tls is not None or not isinstance(address, tuple):
            return False  # What is encrypted cannot be looked at; a Unix socket has no addresses.
        data = None
        with self._patience(self.cfg.keepalive):
            data = client.recv(opening.HEAD_MAX, socket.MSG_PEEK)
        if data is None:
            return True  # Nothing has come, and will not.
        found = opening.read(data, listener.getsockname(), address)
        if found is None:
            return False
        environ, length = found
        client.recv(length)
        refusal = opening.Refusal()
        try:
            answer = self._call_app(environ, client, refusal.start)
        except Exception as error:
            self.handle_error(None, client, address, error)
        else:
            if refusal.status and client not in self._handed_over:
                with eventlet.Timeout(HANDSHAKE_PATIENCE, False):
                    client.sendall(refusal.whole(answer))
                    # What else the client has sent is read first, or a reset would take the answer.
                    close_graceful(client)
        return True

    def _hand_over(self, client: Any) -> Callable[[], None]:
        """A WebSocket takes this socket over; it calls what it gets once that is closed."""
        self._handed_over.add(client)
        return self._count_off

    def _count_off(self) -> None:
        self._connections -= 1

    def _secured(self, client: Any) -> Any:
        """The socket to speak HTTP on, or ``None`` if that takes too long. Raises ``OSError``."""
        if self._tls is None:
            return client
        secured = None
        with self._patience(HANDSHAKE_PATIENCE):
            secured = self._tls.wrap_socket(client, server_side=True)
        return secured

    def _refuse(self, client: Any) -> None:
        with contextlib.suppress(OSError), eventlet.Timeout(HANDSHAKE_PATIENCE, False):
            client = self._secured(client) or client
            client.sendall(_REFUSAL)
            # What the client has sent is read first, or the answer would be lost with a reset.
            close_graceful(client)
        close(client)

    def timeout_ctx(self) -> contextlib.AbstractContextManager[None]:
        # gunicorn puts this around the wait for a request, up to the end of its headers.
        return self._patience(self.cfg.keepalive)

    @contextlib.contextmanager
    def _patience(self, seconds: float) -> Iterator[None]:
        """Ends what is inside quietly when it takes too long, or when the worker stops."""
        waiting = eventlet.getcurrent()
        with eventlet.Timeout(seconds, False) as self._waiting[waiting]:
            try:
                yield
            finally:
                del self._waiting[waiting]

    def handle_request(self, *args: Any) -> Any:
        try:
            return super().handle_request(*args)
        except TimeoutError as error:
            # gunicorn would log a client that no longer reads as a fault of the server.
            raise ConnectionResetError(errno.ECONNRESET, "the client stalled") from error

    def is_already_handled(self, respiter: Any) -> bool:
        if getattr(wsgi.WSGI_LOCAL, "already_handled", False):
            # A WebSocket has been served and has ended: there is nothing to answer.
            raise StopIteration
        return bool(super().is_already_handled(respiter))

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        if not isinstance(exc, greenlet.GreenletExit):
            super().handle_error(req, client, addr, exc)

    def notify(self) -> None:
        super().notify()
        if self.ppid != os.getppid():
            self.alive = False

    def handle_quit(self, sig: int, frame: FrameType | None) -> None:
        # gunicorn's own ends the process inside the signal handler.
        self.alive = False
        self._grace = min(self._grace, QUICK_STOP)
        self.cfg.worker_int(self)

    def _sleep_until_signal(self, seconds: float) -> None:
        with eventlet.Timeout(seconds, False):
            hubs.trampoline(self.PIPE[0], read=True)
            os.read(self.PIPE[0], 4096)

    def _wind_down(self, hooks: list[Any]) -> None:
        """Wait until all have gone, but not for ever."""
        begun = time.monotonic()
        while self._connections or not all(hook.dead for hook in hooks):
            spent = time.monotonic() - begun
            if spent > self._grace:
                self.log.warning("%d connections cut off at the end", self._connections)
                return
            if spent > STRAGGLE:
                for waiting in list(self._waiting):
                    hubs.get_hub().schedule_call_global(0, self._give_up, waiting)
            self.notify()
            eventlet.sleep(0.05)

    def _give_up(self, waiting: Any) -> None:
        if waiting in self._waiting:
            waiting.throw(self._waiting[waiting])

    def _raise_file_limit(self) -> int:
        """Allow a file for each connection; how many connections the system then lets us hold."""
        wanted = self.worker_connections + OTHER_FILES
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        if soft != resource.RLIM_INFINITY and soft < allowed:
            resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
        if allowed < wanted:
            self.log.warning("Only %d open files are allowed (ulimit -Hn): fewer connections", hard)
        return max(1, allowed - OTHER_FILES)


class _Body:
    """A request's body. One that is malformed is read as a connection that broke off."""

    def __init__(self, body: Any) -> None:
        self._body = body

    def read(self, *size: int) -> bytes:
        return self._part("read", *size)

    def readline(self, *size: int) -> bytes:
        return self._part("readline", *size)

    def readlines(self, *hint: int) -> list[bytes]:
        return list(self)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def _part(self, how: str, *size: int) -> bytes:
        try:
            part: bytes = getattr(self._body, how)(*size)
        except ParseException as error:
            raise ConnectionResetError(errno.ECONNRESET, str(error)) from error
        return part
