"""One client's HTTP/1.1 connection: serves its requests, one after the other.

Each head must arrive within a time limit. Bodies and responses have a minimum rate and a time limit
(``http_stream``).
"""

import contextlib
import io
import logging
import time
from collections.abc import Callable, Iterator
from typing import Any

import eventlet

from chat.transport.admission import Admission
from chat.transport.body_limit import CountedBody
from chat.transport.http_head import HeadReader, Request
from chat.transport.http_refusal import Refused
from chat.transport.http_response import Response
from chat.transport.http_rules import App
from chat.transport.http_stream import CHUNK, Stream
from chat.transport.peer import is_closed_by_peer
from chat.transport.receipt import CONFIRMATION, RECEIPT, Receipt

log = logging.getLogger(__name__)


#: Seconds for the head of a request; for the first one they begin with the connection.
HEAD_S = 10.0
#: Seconds that a connection may be idle between two requests. Most proxies close idle connections
#: after 60 seconds; if Maru closed first, a proxy might send a request into a closed connection.
IDLE_S, IDLE_BEHIND_PROXY_S = 15.0, 65.0


class Interrupted(Exception):
    """Thrown into a greenlet that serves no request at the moment, to close its connection."""


@contextlib.contextmanager
def interruptible(greenlets: set[Any]) -> Iterator[None]:
    """Within this context ``Interrupted`` may be thrown into this greenlet: it is in the set."""
    greenlet = eventlet.getcurrent()
    greenlets.add(greenlet)
    try:
        yield
    finally:
        greenlets.discard(greenlet)


class Upgrade:
    """Lets the app use a request's socket for another protocol, such as WebSocket.

    ``client`` is the socket. ``early_bytes`` are bytes that the client has sent after the request.
    An app that has written its response to ``client`` itself sets ``has_responded``. An app that
    keeps the socket calls ``take_socket``; when the socket is closed, it calls the function that
    ``take_socket`` has returned.
    """

    __slots__ = ("_on_closed", "client", "early_bytes", "has_responded", "is_taken")

    def __init__(self, client: Any, early_bytes: bytes, on_closed: Callable[[], None]) -> None:
        self.client = client
        self.early_bytes = early_bytes
        self.has_responded = self.is_taken = False
        self._on_closed = on_closed

    def take_socket(self) -> Callable[[], None]:
        self.has_responded = self.is_taken = True
        return self._on_closed


class Connection:
    """``environ`` holds the keys of each request's WSGI environment that describe the connection.

    ``network`` is that for which the connection is counted; ``on_closed()`` counts it off, after an
    upgrade that has taken the socket. ``waiting`` is the set of greenlets that may be interrupted;
    this connection's is in it while it waits for a head, and after a refusal. ``idle`` is in
    seconds. ``refusal_of(request)`` is the refusal of a request that this connection does not
    serve, if any. ``rest`` are bytes of the client that have been read already.
    """

    def __init__(
        self,
        app: App,
        client: Any,
        environ: dict[str, Any],
        admission: Admission,
        network: str | None,
        on_closed: Callable[[], None],
        waiting: set[Any],
        idle: float,
        refusal_of: Callable[[Request], Refused | None] | None = None,
        rest: bytes = b"",
    ) -> None:
        self._app = app
        self._client = client
        self._stream = Stream(client, rest)
        self._environ = environ
        self._admission = admission
        self._network = network
        self._on_closed = on_closed
        self._waiting = waiting
        self._idle = idle
        self._refusal_of = refusal_of
        self.has_responded = False

    def serve(self, is_stopping: Callable[[], bool], seconds: float = HEAD_S) -> bool:
        """Serve requests until the connection closes; returns whether an upgrade took the socket.

        ``seconds`` is the time for the first head. Raises ``OSError`` when the client has closed,
        and ``Interrupted``.
        """
        deadline = time.monotonic() + seconds
        while True:
            head = HeadReader()
            try:
                if not self._read_head(head, deadline, seconds):
                    return False
            except Refused as refusal:
                self.refuse(refusal, accept=head.accept)
                return False
            try:
                request = head.request(self._environ)
                keeps_alive, is_taken = self._respond(request, is_stopping)
            except Refused as refusal:
                line = head.request_line
                self.refuse(refusal, line[1].decode() if line else "GET", head.accept)
                return False
            if is_taken or not keeps_alive:
                return is_taken
            # Other greenlets run between two requests of a client that sends them fast.
            eventlet.sleep(0)
            deadline = time.monotonic() + self._idle
            seconds = self._idle

    def refuse(self, refusal: Refused, method: str = "GET", accept: str = "") -> None:
        """Send the refusal, and close. Raises ``OSError``, ``Interrupted``."""
        self.has_responded = True
        tls = self._environ["wsgi.url_scheme"] == "https"
        with interruptible(self._waiting):
            self._stream.send(refusal.response(tls, method, accept=accept))
            self._stream.close()

    def _read_head(self, head: HeadReader, deadline: float, seconds: float) -> bool:
        """Read a whole head; false if no further request comes. Raises ``Refused``."""
        stream = self._stream
        try:
            with interruptible(self._waiting):
                data = stream.begin_reading()
                while True:
                    if data:
                        if not head.size:
                            # The first bytes of a head begin its time limit.
                            deadline = time.monotonic() + min(HEAD_S, seconds)
                        rest = head.feed(data)
                        if rest is not None:
                            stream.rest = rest
                            return True
                    # Each read counts as a small one: even a long head needs few reads.
                    data = stream.receive(deadline, small=CHUNK)
                    if not data:
                        return False
        except TimeoutError:
            if not head.size:
                return False
            raise Refused(408, "The request did not come in time.") from None
        except Interrupted:
            return False

    def _respond(self, request: Request, is_stopping: Callable[[], bool]) -> tuple[bool, bool]:
        """Serve one request; returns whether another may follow, and whether the app took it."""
        if self._refusal_of is not None:
            refusal = self._refusal_of(request)
            if refusal is not None:
                raise refusal
        request_network = self._admission.request_network(
            request.environ.get("HTTP_X_FORWARDED_FOR", "")
        )
        refusal = self._admission.add(request_network)
        if refusal is not None:
            raise refusal
        is_taken = False
        counted_body = self._admission.bodies.begin(request_network or self._network)
        try:
            self._read_body(request, counted_body)
            upgrade = self._upgrade(request, request_network)
            request.environ["maru.upgrade"] = upgrade
            # The hashing queue checks whether this socket is still open.
            request.environ["maru.client"] = self._client
            keeps_alive = request.keeps_alive and self._refusal_of is None and not is_stopping()
            self.has_responded = True
            self._admission.requests.wait(request_network or self._network)
            keeps_alive = self._call_app(request, upgrade, keeps_alive, counted_body)
            is_taken = upgrade.is_taken
        finally:
            counted_body.end()
            if not is_taken:
                self._admission.remove(request_network)
        return keeps_alive, is_taken

    def _upgrade(self, request: Request, request_network: str | None) -> Upgrade:
        early_bytes = b""
        if "HTTP_UPGRADE" in request.environ:
            early_bytes, self._stream.rest = self._stream.rest, b""
            # The client may already speak the other protocol: no further request is read.
            request.keeps_alive = False

        def on_closed() -> None:
            self._admission.remove(request_network)
            self._on_closed()

        return Upgrade(self._client, early_bytes, on_closed)

    def _call_app(
        self, request: Request, upgrade: Upgrade, keeps_alive: bool, counted_body: CountedBody
    ) -> bool:
        self._stream.begin_response()
        response = Response(self._stream.send, request, keeps_alive)
        receipt = Receipt(self._environ.get(CONFIRMATION))
        request.environ[RECEIPT] = receipt
        try:
            body = self._app(request.environ, response.start)
            # The body is not needed while the client reads the response.
            request.environ["wsgi.input"] = io.BytesIO()
            counted_body.end()
            try:
                if upgrade.has_responded:
                    return False
                # Before the response: a client may close as soon as it has read it.
                is_gone = is_closed_by_peer(self._client)
                response.give(body)
                receipt.is_sent = not is_gone
            finally:
                if hasattr(body, "close"):
                    body.close()
        except OSError:
            if self._stream.has_failed:
                raise
            return self._fail(response)
        except Exception:
            return self._fail(response)
        return response.keeps_alive

    def _fail(self, response: Response) -> bool:
        log.exception("A request failed")
        if not response.has_begun:
            raise Refused(500, "Something went wrong on the server.")
        return False

    def _read_body(self, request: Request, counted_body: CountedBody) -> None:
        """Read the whole body into ``wsgi.input``, and set ``CONTENT_LENGTH``.

        Raises ``Refused``, ``OSError``.
        """
        length, body = request.length, b""
        if length != 0:
            stream = self._stream
            if request.expects_continue and not stream.rest:
                stream.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            try:
                body = (
                    stream.read_chunks(counted_body.add)
                    if length is None
                    else stream.read_bytes(length, counted_body.add)
                )
            except TimeoutError:
                raise Refused(408, "The body of the request comes too slowly.") from None
            request.environ["CONTENT_LENGTH"] = str(len(body))
        request.environ["wsgi.input"] = io.BytesIO(body)
