"""One client's HTTP/1.1 connection: serves its requests, one after the other.

Each head must arrive within a time limit. Bodies and answers must go on at a minimum rate, and
within a total time (``http_stream``).
"""

import contextlib
import io
import logging
import time
from collections.abc import Callable, Iterator
from typing import Any

import eventlet

from chat.transport.admission import Admission
from chat.transport.bodies import Held
from chat.transport.http import App
from chat.transport.http_answer import Answer
from chat.transport.http_head import HeadReader, Request
from chat.transport.http_refusal import Refused
from chat.transport.http_stream import CHUNK, Stream

log = logging.getLogger(__name__)


#: Seconds for the head of a request; for the first one they begin with the connection.
HEAD_SECONDS = 10.0
#: Seconds that a connection may be idle between two requests. Most proxies close idle connections
#: after 60 seconds; if Maru closed first, a proxy might send a request into a closed connection.
IDLE_SECONDS, IDLE_BEHIND_PROXY = 15.0, 65.0


class Interrupted(Exception):
    """Thrown into a greenlet that carries no request out, when its connection is to be closed."""


@contextlib.contextmanager
def interruptible(greenlets: set[Any]) -> Iterator[None]:
    """This greenlet is in the set meanwhile: ``Interrupted`` may be thrown into it."""
    greenlet = eventlet.getcurrent()
    greenlets.add(greenlet)
    try:
        yield
    finally:
        greenlets.discard(greenlet)


class Upgrade:
    """Lets the app go on with a request's socket in another protocol, such as WebSocket.

    ``client`` is the socket, ``early`` are bytes that the client has sent behind the request. An
    app that has written its answer to ``client`` itself sets ``answered``. An app that keeps the
    socket calls ``take``, and calls the function that it returns once the socket is closed.
    """

    __slots__ = ("_done", "answered", "client", "early", "is_taken")

    def __init__(self, client: Any, early: bytes, done: Callable[[], None]) -> None:
        self.client = client
        self.early = early
        self.answered = self.is_taken = False
        self._done = done

    def take(self) -> Callable[[], None]:
        self.answered = self.is_taken = True
        return self._done


class Connection:
    """``environ`` holds the keys of each request's WSGI environment that describe the connection.

    ``network`` is the one for which the connection is counted; ``left()`` counts it off, after an
    upgrade that has taken the socket. ``waiting`` is the set of greenlets that may be interrupted;
    this connection's is in it while it waits for a head, and after a refusal. ``idle`` is in
    seconds. ``only(request)`` gives the refusal of a request that is not served on this connection,
    if any. ``rest`` are bytes of the client that have been read already.
    """

    def __init__(
        self,
        app: App,
        client: Any,
        environ: dict[str, Any],
        admission: Admission,
        network: str | None,
        left: Callable[[], None],
        waiting: set[Any],
        idle: float,
        only: Callable[[Request], Refused | None] | None = None,
        rest: bytes = b"",
    ) -> None:
        self._app = app
        self._client = client
        self._stream = Stream(client, rest)
        self._environ = environ
        self._admission = admission
        self._network = network
        self._left = left
        self._waiting = waiting
        self._idle = idle
        self._only = only
        self.has_answered = False

    def serve(self, is_ending: Callable[[], bool], seconds: float = HEAD_SECONDS) -> bool:
        """Serve requests until the connection ends; gives whether an upgrade has taken the socket.

        ``seconds`` is the time for the first head. Raises ``OSError`` when the client is gone, and
        ``Interrupted``.
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
                keeps_alive, is_taken = self._answer(request, is_ending)
            except Refused as refusal:
                line = head.request_line
                self.refuse(refusal, line[1].decode() if line else "GET", head.accept)
                return False
            if is_taken or not keeps_alive:
                return is_taken
            # Let other greenlets run, however fast this client sends its requests.
            eventlet.sleep(0)
            deadline = time.monotonic() + self._idle
            seconds = self._idle

    def refuse(self, refusal: Refused, method: str = "GET", accept: str = "") -> None:
        """Send the refusal, and close. Raises ``OSError``, ``Interrupted``."""
        self.has_answered = True
        tls = self._environ["wsgi.url_scheme"] == "https"
        with interruptible(self._waiting):
            self._stream.send(refusal.answer(tls, method, accept=accept))
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
                            # The idle time is over, and the time for the head begins.
                            deadline = time.monotonic() + min(HEAD_SECONDS, seconds)
                        rest = head.feed(data)
                        if rest is not None:
                            stream.rest = rest
                            return True
                    # Each read counts: a head needs few, however long it is.
                    data = stream.receive(deadline, little=CHUNK)
                    if not data:
                        return False
        except TimeoutError:
            if not head.size:
                return False
            raise Refused(408, "The request did not come in time.") from None
        except Interrupted:
            return False

    def _answer(self, request: Request, is_ending: Callable[[], bool]) -> tuple[bool, bool]:
        """Serve one request; gives whether another may follow, and whether its socket was taken."""
        if self._only is not None:
            refusal = self._only(request)
            if refusal is not None:
                raise refusal
        requester = self._admission.requester(request.environ.get("HTTP_X_FORWARDED_FOR", ""))
        refusal = self._admission.add(requester)
        if refusal is not None:
            raise refusal
        is_taken = False
        held = self._admission.bodies.begin(requester or self._network)
        try:
            self._read_body(request, held)
            upgrade = self._upgrade(request, requester)
            request.environ["maru.upgrade"] = upgrade
            # The hashing queue looks whether this socket is still open.
            request.environ["maru.client"] = self._client
            keeps_alive = request.keeps_alive and self._only is None and not is_ending()
            self.has_answered = True
            self._admission.requests.wait(requester or self._network)
            keeps_alive = self._call_app(request, upgrade, keeps_alive, held)
            is_taken = upgrade.is_taken
        finally:
            held.end()
            if not is_taken:
                self._admission.remove(requester)
        return keeps_alive, is_taken

    def _upgrade(self, request: Request, requester: str | None) -> Upgrade:
        early = b""
        if "HTTP_UPGRADE" in request.environ:
            early, self._stream.rest = self._stream.rest, b""
            # The client may already speak the other protocol: no further request is read.
            request.keeps_alive = False

        def done() -> None:
            self._admission.remove(requester)
            self._left()

        return Upgrade(self._client, early, done)

    def _call_app(self, request: Request, upgrade: Upgrade, keeps_alive: bool, held: Held) -> bool:
        self._stream.begin_answer()
        answer = Answer(self._stream.send, request, keeps_alive)
        try:
            body = self._app(request.environ, answer.start)
            # The body is not needed while the client reads the answer, however long that takes.
            request.environ["wsgi.input"] = io.BytesIO()
            held.end()
            try:
                if upgrade.answered:
                    return False
                answer.give(body)
            finally:
                if hasattr(body, "close"):
                    body.close()
        except OSError:
            if self._stream.has_failed:
                raise
            return self._fail(answer)
        except Exception:
            return self._fail(answer)
        return answer.keeps_alive

    def _fail(self, answer: Answer) -> bool:
        log.exception("A request failed")
        if not answer.has_begun:
            raise Refused(500, "Something went wrong on the server.")
        return False

    def _read_body(self, request: Request, held: Held) -> None:
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
                    stream.read_chunks(held.add)
                    if length is None
                    else stream.read_bytes(length, held.add)
                )
            except TimeoutError:
                raise Refused(408, "The body of the request comes too slowly.") from None
            request.environ["CONTENT_LENGTH"] = str(len(body))
        request.environ["wsgi.input"] = io.BytesIO(body)
