"""The library's Engine.IO server, with Maru's own sessions and WebSocket transport.

The library serves polling. A WebSocket takes over the socket of its request. From then on callbacks
of the event loop serve its session, and a greenlet exists only while calls are carried out.
"""

import logging
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
from chat.transport.receipt import SentResponse
from chat.transport.session import Session
from chat.transport.session_ids import SessionIds
from chat.transport.tick import Tick
from chat.transport.transport import Transport

log = logging.getLogger(__name__)

#: Seconds between two checks of polling clients, which ping them and close lost sessions.
CHECK_S = 1.0

#: What python-socketio keeps of each session's first request. No handler of Maru reads it, and it
#: would be a fifth of the memory of an idle connection: all sessions share an empty one.
_NO_ENVIRON: dict[str, Any] = {}


class Engine(engineio.Server):
    """The library's server, with Maru's sessions.

    ``handle_call(session, packet)`` gets every Socket.IO packet first, and returns whether it has
    handled it. ``may_overlap(packet)`` says whether a call may begin before the previous one has
    ended. ``begin_call(session, packet, ended)`` begins such a call without a greenlet, and has
    ``ended()`` called when it is answered; or it returns false, for ``handle_call`` to do it.
    ``close_slow_client(session)`` closes a session whose client does not read. ``polling_cap``
    limits the number of polling sessions.
    """

    handle_call: Callable[[Session, str], bool]
    may_overlap: Callable[[str], bool]
    begin_call: Callable[[Session, str, Callable[[], None]], bool]
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
        #: Polling sessions; until the next check also some that were closed or got a WebSocket.
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
        """The sessions that have existed since then (monotonic) without a token; each only once."""
        found = []
        for session, began in self.without_token.items():
            if began > then:
                break
            found.append(session)
        for session in found:
            del self.without_token[session]
        return found

    def handle_request(self, environ: dict[str, Any], start_response: Any) -> Any:
        response = super().handle_request(environ, start_response)
        on_sent = environ.pop("maru.on_sent", None)
        return response if on_sent is None else SentResponse(response, on_sent)

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
        self, environ: dict[str, Any], handshake_response: bytes, owner: Session | Probe
    ) -> Any:
        """Make the transport of ``owner``; it sends ``handshake_response`` first."""
        upgrade: Upgrade = environ["maru.upgrade"]
        transport = Transport(
            upgrade.client,
            owner,
            self.tick,
            upgrade.take_socket,
            handshake_response,
            upgrade.early_bytes,
        )
        owner.adopt(transport)
        self.pinger.add(transport)
        return []

    def probe_websocket(
        self, environ: dict[str, Any], handshake_response: bytes, session: Session
    ) -> Any:
        """Let a polling session probe the WebSocket of this request (Engine.IO's upgrade)."""
        return self.open_websocket(environ, handshake_response, Probe(session))

    def refuse(self, refusal: handshake.Refused) -> dict[str, Any]:
        """The response to a refused handshake."""
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
        polling, handshake_response, network = transport == "polling", b"", ""
        try:
            if polling:
                network = self.polling_cap.enter(environ.get("REMOTE_ADDR", ""))
            else:
                handshake_response = handshake.accept(environ)
        except handshake.Refused as refusal:
            return self.refuse(refusal)
        except Refused as refusal:
            status, headers, body = refusal.content()
            return {"status": status, "headers": [*headers.items()], "response": body}
        sid = self.generate_id()
        session = self.sockets[sid] = Session(self, sid, polling)
        session.network = network
        session.set_connection(None)
        accepted = self._trigger_event("connect", sid, _NO_ENVIRON, run_async=False)
        if accepted is not None and accepted is not True:
            del self.sockets[sid], self.without_token[session]
            return self._unauthorized(accepted or None)
        opening = packets.opening(self._opening(sid, transport))
        if polling:
            self._polling.add(session)
            session.send(opening)
            session.connected = True
            return self._ok(session.poll(), jsonp_index=jsonp_index)
        response = self.open_websocket(environ, handshake_response, session)
        session.send(opening)
        return response

    def _opening(self, sid: str, transport: str) -> dict[str, Any]:
        return {
            "sid": sid,
            "upgrades": self._upgrades(sid, transport),
            "pingTimeout": self.ping_timeout * 1000,
            "pingInterval": self.ping_interval * 1000,
            "maxPayload": self.max_http_buffer_size,
        }

    def _watch_polls(self) -> None:
        """Ping polling clients, close the sessions of lost ones, and count the others."""
        while True:
            eventlet.sleep(CHECK_S)
            for session in [s for s in self._polling if s.closed and s.transport is None]:
                self.sockets.pop(session.sid, None)
            self._polling = {s for s in self._polling if s.transport is None and not s.closed}
            self.polling_cap.recount(session.network for session in self._polling)
            for session in list(self._polling):
                if not session.upgrading and not session.closing and session.check_ping_timeout():
                    self._ping_if_due(session)

    def _ping_if_due(self, session: Session) -> None:
        # The library starts a greenlet for each ping, which outlives a closed session.
        if session.last_ping is None and time.monotonic() >= session.ping_at:
            session.last_ping = time.time()
            session.send(packet.Packet(packet.PING))
