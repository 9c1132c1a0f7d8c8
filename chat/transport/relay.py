"""Relays a request for another worker's session to that worker, over a Unix socket.

A long-polling session is a series of requests, and with several workers on one port each request
may arrive at another worker. So a session's id begins with the tag of its worker, and every worker
listens on a Unix socket that is named after its tag; only workers of this machine can connect to
it. A worker sends a request for another worker's session there, one on each connection. The request
follows one line of JSON, the preamble, with what only the first worker knows: the client's address,
and whether it uses TLS.

The relay reads the whole head of the response first. It copies bytes in both directions only after
a 101. After a refused upgrade a client could send further requests through the open connection to
the other worker, which trusts the preamble.
"""

import contextlib
import http.client
import io
import logging
import os
import re
import secrets
import socket
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import eventlet
import orjson

from chat.transport import receipt
from chat.transport.accepting import accept_forever
from chat.transport.admission import Admission
from chat.transport.http_connection import HEAD_S, Connection, Upgrade
from chat.transport.http_head import HEAD_MAX, Request
from chat.transport.http_refusal import Refused
from chat.transport.http_rules import App

log = logging.getLogger(__name__)


#: Seconds without a byte after which a relayed connection is closed: more than a poll waits for its
#: response, and more than lie between two pings of a WebSocket.
IDLE_TIMEOUT_S = 60.0
#: Requests and WebSockets from other workers that this worker serves at the same time.
SESSIONS = 10_000
#: Bytes copied at a time.
CHUNK = 65_536
#: Bytes of a response at most. What may wait for a polling client is less.
RESPONSE_MAX = 32 * 1024 * 1024
_TAG = re.compile(r"([0-9a-f]{8})\.")
_END = b"\r\n\r\n"
#: The keys of the WSGI environment that are in the preamble.
_PREAMBLE = (
    *("REMOTE_ADDR", "REMOTE_PORT", "SERVER_NAME", "SERVER_PORT", "SCRIPT_NAME"),
    "wsgi.url_scheme",
)
#: Headers about the connection itself, which are not relayed.
_HOP_BY_HOP = {"connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"}


class Relay:
    """WSGI middleware for requests under ``path``. ``folder`` is where the workers' sockets are."""

    def __init__(self, app: App, path: str, folder: Path) -> None:
        self._app = app
        self._path = path
        self._folder = folder
        self._admission = Admission(SESSIONS, per_address=0, proxies=0)
        self.tag = secrets.token_hex(4)

    def name(self, session: str) -> str:
        """The id of a session of this worker: the worker's tag, and Engine.IO's own id."""
        return f"{self.tag}.{session}"

    def start(self) -> None:
        """Listen for requests from other workers."""
        path = self._prepare_path()
        # Renamed once it listens: other workers delete sockets that refuse a connection.
        unready = path.with_suffix(".new")
        listener = eventlet.listen(str(unready), family=socket.AF_UNIX, backlog=1024)
        unready.chmod(0o600)
        unready.rename(path)
        eventlet.spawn(self._accept, listener)

    def stop(self) -> None:
        """Remove the socket: then other workers do not connect to this one."""
        with contextlib.suppress(OSError):
            self._socket_of(self.tag).unlink()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        if not environ["PATH_INFO"].startswith(self._path):
            return self._app(environ, start_response)
        query = environ.get("QUERY_STRING", "")
        session = parse_qs(query).get("sid", [""])[0] if "sid" in query else ""
        found = _TAG.match(session)
        if found is None or found[1] == self.tag:
            return self._app(environ, start_response)
        try:
            return self._forward(environ, start_response, found[1])
        except (OSError, http.client.HTTPException) as gone:
            log.debug("The worker of a session cannot be reached: %s", gone)
            # Engine.IO's response for an unknown session, after which a client starts a new one.
            headers = [("Content-Type", "application/json")]
            start_response("400 BAD REQUEST", headers)
            return [b'{"code":1,"message":"Session ID unknown"}']

    def _forward(
        self, environ: dict[str, Any], start_response: Callable[..., Any], tag: str
    ) -> list[bytes]:
        upgrade: Upgrade = environ["maru.upgrade"]
        with contextlib.ExitStack() as open_worker:
            worker = open_worker.enter_context(contextlib.closing(_connected(self._socket_of(tag))))
            worker.sendall(_request_of(environ) + upgrade.early_bytes)
            response = _read_response_head(worker)
            if response.split(b" ", 2)[1] == b"101":
                upgrade.has_responded = True
                _copy_both_ways(upgrade.client, worker, response)
                return []
            status, headers, body = _read_response(worker, response, environ["REQUEST_METHOD"])
            open_worker.pop_all()
        start_response(status, [(k, v) for k, v in headers if k.lower() not in _HOP_BY_HOP])
        return receipt.SentResponse(
            [body], lambda: receipt.confirm(worker, environ[receipt.RECEIPT])
        )

    def _accept(self, listener: Any) -> None:
        for worker, _ in accept_forever(listener, "Requests of other workers"):
            if self._admission.enter(None) is None:
                eventlet.spawn_n(self._serve, worker)
            else:
                worker.close()

    def _serve(self, worker: Any) -> None:
        """Serve one request from another worker."""
        is_taken = False

        def on_closed() -> None:
            self._admission.leave(None)

        try:
            preamble, rest = _read_preamble(worker)
            environ: dict[str, Any] = {**preamble}
            environ[receipt.CONFIRMATION] = lambda: receipt.wait_for_confirmation(worker)
            # The request counts for its client's address, in the queue and in the limit of bodies.
            network = self._admission.peer_network(environ.get("REMOTE_ADDR", ""))
            connection = Connection(
                self._app,
                worker,
                environ,
                self._admission,
                network,
                on_closed,
                set(),
                0.0,
                self._refusal_of,
                rest,
            )
            is_taken = connection.serve(lambda: True)
        except (OSError, ValueError):
            pass  # The other worker has closed, or has only checked whether this one listens.
        finally:
            with contextlib.suppress(OSError):
                worker.close()
            if not is_taken:
                on_closed()

    def _refusal_of(self, request: Request) -> Refused | None:
        if request.environ["PATH_INFO"].startswith(self._path):
            return None
        return Refused(404, "Workers relay Socket.IO only.")

    def _socket_of(self, tag: str) -> Path:
        return self._folder / f"{tag}.sock"

    def _prepare_path(self) -> Path:
        """Where to listen. Deletes the sockets of workers that have been killed."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = self._folder.lstat()
        if status.st_uid != os.geteuid() or not stat.S_ISDIR(status.st_mode):
            raise PermissionError(f"{self._folder} belongs to another user, and is left as it is.")
        for other in self._folder.glob("*.sock"):
            if _TAG.match(other.name) and not _is_alive(other):
                other.unlink(missing_ok=True)
        return self._socket_of(self.tag)


def _connected(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(IDLE_TIMEOUT_S)
    connection.connect(str(path))
    return connection


def _is_alive(path: Path) -> bool:
    try:
        _connected(path).close()
    except OSError:
        return False
    return True


def _request_of(environ: dict[str, Any]) -> bytes:
    """The preamble, and the request in HTTP."""
    preamble = {name: environ[name] for name in _PREAMBLE if name in environ}
    query, version = environ.get("QUERY_STRING", ""), environ["SERVER_PROTOCOL"]
    body = environ["wsgi.input"].read()
    # The memory of the body is freed: the request may become a WebSocket, which lasts for days.
    environ["wsgi.input"] = io.BytesIO()
    lines = [f"{environ['REQUEST_METHOD']} /socket.io/?{query} {version}"]
    for key, value in environ.items():
        name = key[5:].replace("_", "-")
        if key.startswith("HTTP_") and name.lower() not in _HOP_BY_HOP and name != "EXPECT":
            lines.append(f"{name}: {value}")
    if environ.get("CONTENT_TYPE"):
        lines.append(f"Content-Type: {environ['CONTENT_TYPE']}")
    if body or "CONTENT_LENGTH" in environ:
        lines.append(f"Content-Length: {len(body)}")
    if "HTTP_UPGRADE" in environ:
        lines.append(f"Connection: {environ.get('HTTP_CONNECTION', '')}")
        lines.append(f"Upgrade: {environ['HTTP_UPGRADE']}")
    head = "\r\n".join([*lines, "", ""]).encode("latin-1")
    return orjson.dumps(preamble) + b"\n" + head + body


def _read_preamble(worker: Any) -> tuple[dict[str, str], bytes]:
    """The preamble, and the bytes that follow it. Raises ``OSError``, ``ValueError``."""
    worker.settimeout(HEAD_S)
    line = b""
    while b"\n" not in line:
        part = worker.recv(CHUNK)
        if not part or len(line) > HEAD_MAX:
            raise ValueError("not the preamble of a worker")
        line += part
    line, _, rest = line.partition(b"\n")
    preamble = orjson.loads(line)
    if not isinstance(preamble, dict) or not preamble.keys() <= set(_PREAMBLE):
        raise ValueError("not the preamble of a worker")
    return preamble, rest


def _read_response_head(worker: Any) -> bytes:
    """The complete head, and the bytes that were received with it."""
    seen = b""
    while _END not in seen:
        part = worker.recv(CHUNK)
        if not part or len(seen) > CHUNK:
            raise http.client.HTTPException("no response")
        seen += part
    if not seen.startswith(b"HTTP/1.1 "):
        raise http.client.HTTPException("no response")
    return seen


def _read_response(
    worker: Any, begun: bytes, method: str
) -> tuple[str, list[tuple[str, str]], bytes]:
    """Status, headers and body of the response that begins with ``begun`` and ends by closing."""
    parts, size = [begun], len(begun)
    while part := worker.recv(CHUNK):
        parts.append(part)
        size += len(part)
        if size > RESPONSE_MAX:
            raise http.client.HTTPException("a response without an end")
    response = http.client.HTTPResponse(_ReceivedBytes(b"".join(parts)), method=method)  # type: ignore[arg-type]
    response.begin()
    return f"{response.status} {response.reason}", response.getheaders(), response.read()


class _ReceivedBytes:
    """Received bytes in the form of a socket, as ``http.client`` takes them."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, *_: object) -> io.BytesIO:
        return io.BytesIO(self._data)


def _copy_both_ways(client: Any, worker: Any, response: bytes) -> None:
    """Send the 101 and copy bytes in both directions, until both sides have closed."""
    client.settimeout(IDLE_TIMEOUT_S)
    client.sendall(response)
    back = eventlet.spawn(_copy, worker, client)
    _copy(client, worker)
    back.wait()


def _copy(source: Any, sink: Any) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(CHUNK):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
