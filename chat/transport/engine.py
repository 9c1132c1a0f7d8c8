"""The library's Engine.IO server, with Maru's own sessions and WebSocket transport.

Polling is served by the library. A WebSocket takes over the socket of its request; from then on the
event loop serves its session, and a greenlet exists only while calls are carried out.
"""

import io
import logging
import sys
import time
from collections.abc import Callable
from typing import Any

import engineio
import eventlet
from engineio import packet

from chat.transport import handshake, packets
from chat.transport.allowance import REFUSED, cost
from chat.transport.backlog import Backlog
from chat.transport.http_connection import Upgrade
from chat.transport.http_refusal import Refused
from chat.transport.pinger import Pinger
from chat.transport.polling_cap import PollingCap
from chat.transport.probe import Probe
from chat.transport.session import Session
from chat.transport.session_ids import SessionIds
from chat.transport.tick import Tick
from chat.transport.transport import Transport

log = logging.getLogger(__name__)

#: Seconds between two checks of polling clients: they are pinged, and a lost one is noticed, at
#: most so much late.
LOOK = 1.0

#: Keys of a request's environment that are kept for handlers: those whose values differ for each
#: client, and those whose values many clients share.
_OWN = ("QUERY_STRING", "HTTP_COOKIE", "REMOTE_ADDR")
_SHARED = (
    *("REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "SERVER_NAME", "SERVER_PORT"),
    *("SERVER_PROTOCOL", "HTTP_HOST", "HTTP_ORIGIN", "HTTP_USER_AGENT", "HTTP_ACCEPT_LANGUAGE"),
    "wsgi.url_scheme",
)
#: Characters that are kept of one request.
KEPT = 4096
_NO_BODY = io.BytesIO()


class Engine(engineio.Server):
    """The library's server, with Maru's sessions.

    ``handle_call(session, packet)`` gets every Socket.IO packet first, and returns whether it has
    handled it. ``may_overlap(packet)`` says whether a call may begin before the previous one has
    ended. ``close_slow_client(session)`` closes a session whose client does not read.
    ``polling_cap`` limits the number of polling sessions.
    """

    handle_call: Callable[[Session, str], bool]
    may_overlap: Callable[[str], bool]
    close_slow_client: Callable[[Session], None]
    polling_cap: PollingCap

    def __init__(self, **options: Any) -> None:
        # Polling clients are watched by ``_watch_polls``, WebSockets by the pinger.
        super().__init__(monitor_clients=False, **options)
        self.tick = Tick()
        self.pinger = Pinger(self.ping_interval, self.ping_timeout)
        self.backlog = Backlog()
        self.generate_id: Callable[[], str] = SessionIds()
        self.without_token: dict[Session, float] = {}
        #: Those without a WebSocket, and some that have ended or got one since the last look.
        self._polling: set[Session] = set()

    def start(self) -> None:
        """Called once, when the worker serves."""
        eventlet.spawn(self.pinger.run)
        eventlet.spawn(self.backlog.run)
        eventlet.spawn(self._watch_polls)

    def note_token(self, session: Session) -> None:
        if session.is_authenticated or session.closing or session.closed:
            self.without_token.pop(session, None)
        else:
            self.without_token[session] = time.monotonic()

    def unauthenticated_since(self, then: float) -> list[Session]:
        """Give the sessions that were there then (monotonic) and have no token, once each."""
        found = []
        for session, began in self.without_token.items():
            if began > then:
                break
            found.append(session)
        for session in found:
            del self.without_token[session]
        return found

    def handle_request(self, environ: dict[str, Any], start_response: Any) -> Any:
        answer = super().handle_request(environ, start_response)
        arrived = environ.pop("maru.arrived", None)
        return answer if arrived is None else _Poll(answer, arrived)

    def deliver(self, session: Session, data: str | bytes) -> None:
        """Handle a packet of a session. Blocks until it has been carried out."""
        try:
            if isinstance(data, bytes) or not self.handle_call(session, data):
                if session.allowance is not None:
                    session.allowance.spend(cost(data) + REFUSED)
                self._trigger_event("message", session.sid, data, run_async=False)
        except Exception:
            log.exception("A packet could not be handled")

    def open_websocket(
        self, environ: dict[str, Any], greeting: bytes, owner: Session | Probe
    ) -> Any:
        """Make the transport of ``owner``; it sends ``greeting`` to end the handshake."""
        upgrade: Upgrade = environ["maru.upgrade"]
        transport = Transport(
            upgrade.client, owner, self.tick, upgrade.take, greeting, upgrade.early
        )
        owner.adopt(transport)
        self.pinger.add(transport)
        return []

    def try_websocket(self, environ: dict[str, Any], greeting: bytes, session: Session) -> Any:
        """Let a polling session probe the WebSocket of this request (Engine.IO's upgrade)."""
        return self.open_websocket(environ, greeting, Probe(session))

    def refuse(self, refusal: handshake.Refused) -> dict[str, Any]:
        """The answer to a refused handshake."""
        headers = [*refusal.headers, ("Content-Type", "text/plain; charset=utf-8")]
        body = f"{refusal}\n".encode()
        return {"status": refusal.status, "headers": headers, "response": body}

    def _handle_connect(
        self,
        environ: dict[str, Any],
        start_response: Any,
        transport: str,
        jsonp_index: int | None = None,
    ) -> Any:
        polling, greeting, network = transport == "polling", b"", ""
        try:
            if polling:
                network = self.polling_cap.enter(environ.get("REMOTE_ADDR", ""))
            else:
                greeting = handshake.accept(environ)
        except handshake.Refused as refusal:
            return self.refuse(refusal)
        except Refused as refusal:
            status, headers, body = refusal.content()
            return {"status": status, "headers": [*headers.items()], "response": body}
        sid = self.generate_id()
        session = self.sockets[sid] = Session(self, sid, polling)
        session.network = network
        session.authenticate(None)
        known = _kept(environ)
        answer = self._trigger_event("connect", sid, known, run_async=False)
        if answer is not None and answer is not True:
            del self.sockets[sid], self.without_token[session]
            return self._unauthorized(answer or None)
        opening = packets.opening(self._opening(sid, transport))
        if polling:
            self._polling.add(session)
            session.send(opening)
            session.connected = True
            return self._ok(session.poll(), jsonp_index=jsonp_index)
        answer = self.open_websocket(environ, greeting, session)
        session.send(opening)
        return answer

    def _opening(self, sid: str, transport: str) -> dict[str, Any]:
        return {
            "sid": sid,
            "upgrades": self._upgrades(sid, transport),
            "pingTimeout": self.ping_timeout * 1000,
            "pingInterval": self.ping_interval * 1000,
            "maxPayload": self.max_http_buffer_size,
        }

    def _watch_polls(self) -> None:
        """Ping polling clients, close sessions of those that have stopped, and count the others."""
        while True:
            eventlet.sleep(LOOK)
            for session in [s for s in self._polling if s.closed and s.transport is None]:
                self.sockets.pop(session.sid, None)
            self._polling = {s for s in self._polling if s.transport is None and not s.closed}
            self.polling_cap.recount(session.network for session in self._polling)
            for session in list(self._polling):
                if not session.upgrading and not session.closing and session.check_ping_timeout():
                    self._ping_if_due(session)

    def _ping_if_due(self, session: Session) -> None:
        # The library has a greenlet for each ping, which outlives a session that is closed.
        if session.last_ping is None and time.monotonic() >= session.ping_at:
            session.last_ping = time.time()
            session.send(packet.Packet(packet.PING))


class _Poll(list[bytes]):
    """The answer to a poll. The HTTP server calls its ``close`` after sending it."""

    def __init__(self, answer: list[bytes], arrived: Callable[[], None]) -> None:
        super().__init__(answer)
        self.close = arrived


def _kept(environ: dict[str, Any]) -> dict[str, Any]:
    """The part of a request's environment that is kept; equal strings are shared (interned).

    Values that are longer than any real client's are left out.
    """
    kept: dict[str, Any] = {
        name: str(environ[name]) for name in (*_SHARED, *_OWN) if name in environ
    }
    if sum(map(len, kept.values())) > KEPT:
        kept = _shortened(kept)
    for name in _SHARED:
        if name in kept:
            kept[name] = sys.intern(kept[name])
    for name in ("flask.app", "wsgi.errors", "wsgi.version"):
        kept[name] = environ.get(name)
    kept["wsgi.input"] = _NO_BODY
    return kept


def _shortened(texts: dict[str, str]) -> dict[str, str]:
    """Of these texts the first ones that together have so many characters at most."""
    shortened, left = {}, KEPT
    for name, text in texts.items():
        if len(text) <= left:
            left -= len(text)
            shortened[name] = text
    return shortened
