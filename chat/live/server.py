"""The live side of one worker, put together."""

import functools
import gc
import logging
import os
import signal
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import eventlet
import socketio
from flask import Flask
from flask_socketio import SocketIO

from chat.conversation import Conversation
from chat.live import dispatch
from chat.live.gateway import Gateway
from chat.live.heartbeat import Heartbeat
from chat.live.queue import QueueManager
from chat.live.token_cache import Caller
from chat.room_management import RoomManagement
from chat.store.pipeline import Pipeline
from chat.transport import json_text, packets
from chat.transport.admission import Admission
from chat.transport.cross_origin import CrossOrigin
from chat.transport.engine import Engine
from chat.transport.frames import MESSAGE_MAX
from chat.transport.http_server import HttpServer
from chat.transport.polling_cap import PollingCap
from chat.transport.polling_payload import PayloadCheck
from chat.transport.relay import Relay
from chat.transport.responses_in_flight import ResponsesInFlight

# Of what the libraries say, failures only.
log = logging.getLogger("socketio")
log.setLevel(logging.ERROR)
#: Engine.IO's words for what is told to the client alone: it is no fault of the server, and the log
#: is no place for what a stranger has written.
CLIENTS_MISTAKES = {
    *("bad-jsonp-index", "bad-sid", "bad-transport", "bad-upgrade", "bad-version"),
    *("not-connected", "unexpected-http"),
}

#: Seconds between two pings, and without an answer after which a connection counts as lost.
PING_INTERVAL_S, PING_TIMEOUT_S = 15, 10
#: Seconds over which a stopping worker lets its clients go, so that they do not come all at once.
DRAIN_S = 3.0
#: How many more objects than before, and how often, make the garbage collector look at them. Far
#: more than Python's own: a connection keeps some ten, and hardly a message leaves a cycle behind.
GARBAGE = (20_000, 20, 50)


@dataclass(frozen=True, kw_only=True)
class Caps:
    """Connections of a worker: in all, of one address, of one person; 0 means no cap.

    ``proxies`` in front are trusted to give the client's address.
    """

    max_connections: int
    per_address: int
    per_person: int
    proxies: int


class LiveServer:
    """Socket.IO for a Flask app. ``start`` begins to listen and to keep the leases.

    Pages of ``origins`` may connect besides those of the same one: see
    ``chat.transport.origin``. In ``folder`` the workers of this machine find each other. ``base``
    is the path that the app is under, or ''.
    """

    def __init__(
        self,
        app: Flask,
        conversation: Conversation,
        room_management: RoomManagement,
        verify_token: Callable[[object], Caller],
        store_url: str,
        origins: frozenset[str],
        folder: Path,
        caps: Caps,
        base: str = "",
    ) -> None:
        def client_of(environ: dict[str, Any]) -> Any:
            return environ.get("maru.client")

        def verify(token: object) -> Caller:
            with app.app_context():
                return verify_token(token)

        self._app = app
        self._caps = caps
        self._base = base
        #: How many connections this worker holds.
        self.admission = Admission(caps.max_connections, caps.per_address, caps.proxies)
        self.socketio = SocketIO(
            app,
            async_mode="eventlet",
            client_manager=QueueManager(store_url),
            # Their own would write each line once more.
            logger=log,
            engineio_logger=log,
            json=json_text,
            serializer=packets.Packet,
            # In the order sent: one connection's calls never overtake each other.
            async_handlers=False,
            manage_session=False,
            # Origins are looked at by CrossOrigin, for every worker's sessions.
            cors_allowed_origins=[],
            ping_interval=PING_INTERVAL_S,
            ping_timeout=PING_TIMEOUT_S,
            max_http_buffer_size=MESSAGE_MAX,
        )
        server = self.socketio.server
        engine = self._engine = _engine_of(server)
        path = "/socket.io"
        polling = PayloadCheck(app.wsgi_app, path, engine.sockets.__contains__)
        self._relay = Relay(polling, path, folder)
        app.wsgi_app = ResponsesInFlight(CrossOrigin(self._relay, path, origins), client_of)  # type: ignore[method-assign]
        new_id = engine.generate_id
        engine.generate_id = lambda: self._relay.name(new_id())
        self._gateway = Gateway(server, conversation, room_management, verify, caps.per_person)
        dispatch.register(self._gateway)
        engine.handle_call = functools.partial(dispatch.handle_call, self._gateway)
        engine.polling_cap = PollingCap(caps.max_connections, caps.per_address)
        engine.may_overlap = dispatch.may_overlap
        engine.begin_call = functools.partial(dispatch.begin_call, self._gateway)
        engine.close_slow_client = self._gateway.close_slow_client
        engine.on("message", functools.partial(dispatch.handle_by_library, self._gateway))
        self._heartbeat = Heartbeat(self._gateway, self._stop_worker)

    def start(self) -> None:
        """Once a worker, after the fork."""
        # What is here now stays for good: the collector need not look at it for every few messages.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GARBAGE)
        store = self._gateway.store
        pipeline = Pipeline(store, self._engine.tick, self._gateway.fanout.reconnect)
        store.send_commands, store.send_commands_nowait = pipeline.send, pipeline.send_nowait
        self._engine.start()
        eventlet.spawn(self._gateway.fanout.run)
        eventlet.spawn(self._gateway.canary.watch)
        eventlet.spawn(self._heartbeat.run)
        self._relay.start()

    def http_server(self, tls: ssl.SSLContext | None = None) -> HttpServer:
        """The server that accepts this worker's connections and serves the app on them."""
        return HttpServer(self._app, self.admission, self._caps.proxies > 0, tls, self._base)

    def serve(self, host: str, port: int) -> None:
        """Serve in this process for ever. Raises ``OSError`` if that cannot be listened on."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.http_server().accept(eventlet.listen((host, port), family=family, backlog=1024))

    def _stop_worker(self) -> None:
        # To gunicorn that is a worker that has ended; it starts another.
        os.kill(os.getpid(), signal.SIGTERM)

    def drain(self) -> None:
        """When the worker is about to stop: hand its clients over to the others."""
        self._gateway.drain(DRAIN_S)
        self._relay.stop()

    def unready(self) -> str | None:
        """Why this worker should get no traffic, or ``None``."""
        return "The worker is stopping." if self._gateway.draining else self._heartbeat.unready()


def _engine_of(server: socketio.Server) -> Engine:
    """Give the library's server our Engine.IO in place of its own, with the same options."""
    stock = server.eio
    engine = Engine(
        async_mode=stock.async_mode,
        cors_allowed_origins=stock.cors_allowed_origins,
        ping_interval=stock.ping_interval,
        ping_timeout=stock.ping_timeout,
        max_http_buffer_size=stock.max_http_buffer_size,
        async_handlers=False,
        # It would compress a megabyte in one piece, while all others wait.
        http_compression=False,
        logger=log,
        json=json_text,
    )
    engine.log_message_keys |= CLIENTS_MISTAKES
    for event, handler in stock.handlers.items():
        engine.on(event, handler)
    server.eio = engine
    return engine
