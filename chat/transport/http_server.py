"""The HTTP server of one worker: accepts connections up to a limit, and serves the app on them.

This module, and the modules that it uses, limit everything that a client can do before the app gets
its request.
"""

import contextlib
import functools
import logging
import ssl
import time
from typing import Any

import eventlet
from eventlet import hubs
from eventlet.greenio import GreenSocket

from chat.transport.accepting import accept_forever
from chat.transport.admission import Admission
from chat.transport.greenlet_pool import GreenletPool
from chat.transport.http_connection import (
    IDLE_BEHIND_PROXY_S,
    IDLE_S,
    App,
    Connection,
    Interrupted,
    interruptible,
)
from chat.transport.http_head import Request
from chat.transport.http_refusal import Refused
from chat.transport.http_rules import OPERATORS
from chat.transport.http_stream import CHUNK
from chat.transport.tls_socket import TlsSocket

log = logging.getLogger(__name__)

#: Seconds for a TLS handshake.
HANDSHAKE_S = 10.0
#: Connections accepted before other greenlets run: so a burst of connections costs few switches.
AT_ONCE = 16
#: Connections over the limit whose first request is read, since it may be an operator's; and the
#: seconds for such a request.
RESERVE, RESERVE_S = 64, 3.0


class HttpServer:
    """Serves ``app``. ``behind_proxy`` says whether the peers are trusted proxies.

    ``base`` is the path of the site under which the app is, or ''. Operators' paths count with it
    and without it, since some proxies remove it.
    """

    def __init__(
        self,
        app: App,
        admission: Admission,
        behind_proxy: bool,
        tls: ssl.SSLContext | None = None,
        base: str = "",
    ) -> None:
        self._app = app
        self._operators = {prefix + path for prefix in ("", base) for path in OPERATORS}
        self._admission = admission
        self._idle = IDLE_BEHIND_PROXY_S if behind_proxy else IDLE_S
        self._tls = tls
        #: Greenlets that may be interrupted, since they serve no request at the moment; and those
        #: of connections over the limit, oldest first.
        self._waiting: set[Any] = set()
        self._reserve: dict[Any, None] = {}
        self._greenlets = GreenletPool()
        self.is_stopping = False

    @property
    def connections(self) -> int:
        """The number of open connections, WebSockets included."""
        return self._admission.open_connections

    def accept(self, listener: GreenSocket) -> None:
        """Serve the connections that arrive on ``listener``, until this greenlet is killed."""
        host, port = listener.getsockname()[:2]
        here = {
            "SERVER_NAME": host,
            "SERVER_PORT": str(port),
            "wsgi.url_scheme": "https" if self._tls else "http",
        }
        connections = accept_forever(listener, "Connections")
        for count, (client, address) in enumerate(connections, 1):
            environ = {**here, "REMOTE_ADDR": address[0], "REMOTE_PORT": str(address[1])}
            network = self._admission.peer_network(address[0])
            refusal = self._admission.enter(network)
            if refusal is None:
                serve = functools.partial(self._serve, client, environ, network)
                hubs.get_hub().schedule_call_global(0, self._greenlets.start, serve)
            else:
                self._serve_over_cap(client, environ, refusal)
            if count % AT_ONCE == 0:
                # Now greenlets serve these connections, and other workers can accept some as well.
                eventlet.sleep(0)

    def interrupt_waiting(self) -> None:
        """Close the connections that serve no request at the moment."""
        for greenlet in list(self._waiting):
            self._interrupt(greenlet)

    def _serve(self, client: Any, environ: dict[str, Any], network: str | None) -> None:
        is_taken = False

        def on_closed() -> None:
            self._admission.leave(network)

        try:
            client = self._secured(client, HANDSHAKE_S, network)
            connection = self._connection(client, environ, network, on_closed)
            is_taken = connection.serve(lambda: self.is_stopping)
        except (OSError, Interrupted):
            pass  # The client has closed or is too slow: nothing to log.
        finally:
            with contextlib.suppress(OSError):
                client.close()
            if not is_taken:
                on_closed()

    def _serve_over_cap(self, client: Any, environ: dict[str, Any], refusal: Refused) -> None:
        """Response a connection over the cap: an operator's request, else the refusal."""
        if len(self._reserve) >= RESERVE:
            oldest = next((each for each in self._reserve if each in self._waiting), None)
            if oldest is None:
                self._close_at_once(client, refusal)
                return
            del self._reserve[oldest]
            self._interrupt(oldest)
        greenlet = eventlet.spawn(self._serve_operator, client, environ, refusal)
        self._reserve[greenlet] = None

    def _serve_operator(self, client: Any, environ: dict[str, Any], refusal: Refused) -> None:
        def refusal_of(request: Request) -> Refused | None:
            # None of those paths takes a body, and a body might never be sent completely.
            is_operator = request.length == 0 and request.environ["PATH_INFO"] in self._operators
            return None if is_operator else refusal

        begun = time.monotonic()
        try:
            client = self._secured(client, RESERVE_S, None)
            connection = self._connection(client, environ, None, lambda: None, refusal_of)
            seconds = RESERVE_S - (time.monotonic() - begun)
            if not connection.serve(lambda: True, seconds) and not connection.has_responded:
                connection.refuse(refusal)
        except (OSError, Interrupted):
            pass
        finally:
            with contextlib.suppress(OSError):
                client.close()
            self._reserve.pop(eventlet.getcurrent(), None)

    def _connection(
        self,
        client: Any,
        environ: dict[str, Any],
        network: str | None,
        on_closed: Any,
        refusal_of: Any = None,
    ) -> Connection:
        return Connection(
            self._app, client, environ, self._admission, network, on_closed, self._waiting,
            self._idle, refusal_of,
        )  # fmt: skip

    def _close_at_once(self, client: Any, refusal: Refused) -> None:
        with contextlib.suppress(OSError):
            if self._tls is None:
                client.settimeout(0)
                # Closing a socket with unread bytes resets it, and the client loses the response.
                with contextlib.suppress(OSError):
                    client.recv(CHUNK)
                client.send(refusal.response(tls=False))
        client.close()

    def _secured(self, client: Any, seconds: float, network: str | None) -> Any:
        """The socket to speak HTTP on. Raises ``OSError``, ``Interrupted``."""
        if self._tls is None:
            return client
        with interruptible(self._waiting), eventlet.Timeout(seconds, TimeoutError("no handshake")):
            secured = TlsSocket(client, self._tls)
            secured.handshake(functools.partial(self._admission.requests.wait, network))
            return secured

    def _interrupt(self, greenlet: Any) -> None:
        def throw() -> None:
            if greenlet in self._waiting:
                greenlet.throw(Interrupted())

        # The event loop throws it: from here it would run that greenlet now, instead of this one.
        hubs.get_hub().schedule_call_global(0, throw)
