"""Any worker may receive any request: one for another worker's session is passed on to it.

A session of long-polling is a row of requests, and with several workers on one port each may arrive
at another one. So a session's id begins with the tag of its worker, and every worker of the machine
also listens on a Unix socket of that name, which only workers can reach. A request for a foreign
session is passed on there, one on each connection, below a line that tells what only the first
worker knows: the client's address, and whether it speaks TLS.

The answer is read before anything else is done with it. Only after a 101 are bytes carried between
the client and the worker: on a connection that both take for HTTP they would reach a worker that
believes what that line says.
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

from chat.http import App
from chat.live.admission import Admission
from chat.live.http_connection import HEAD_SECONDS, Connection, Upgrade
from chat.live.http_head import HEAD_MAX, Request
from chat.live.http_refusal import Refused

log = logging.getLogger(__name__)


#: Seconds for an answer, longer than a poll waits for something to tell; and of silence on what has
#: become a WebSocket, which is pinged more often.
PATIENCE = 60.0
#: Requests and WebSockets of other workers' clients that are served at a time.
SESSIONS = 10_000
#: Bytes carried at a time.
CHUNK = 65_536
#: Bytes of an answer; what waits for one who polls is bounded by less.
ANSWER_MAX = 32 * 1024 * 1024
_TAG = re.compile(r"([0-9a-f]{8})\.")
_END = b"\r\n\r\n"
#: What the line above a request tells.
_TOLD = (
    *("REMOTE_ADDR", "REMOTE_PORT", "SERVER_NAME", "SERVER_PORT", "SCRIPT_NAME"),
    "wsgi.url_scheme",
)
#: Of this one connection, not of the request.
_HOP_BY_HOP = {"connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"}


class Relay:
    """WSGI middleware around ``app``. ``folder`` gives the workers' sockets their place."""

    def __init__(self, app: App, path: str, folder: Path) -> None:
        self._app = app
        self._path = path
        self._folder = folder
        self._admission = Admission(SESSIONS, per_address=0, proxies=0)
        self.tag = secrets.token_hex(4)

    def name(self, session: str) -> str:
        """The id of a session of this worker."""
        return f"{self.tag}.{session}"

    def start(self) -> None:
        """Listen for what the others pass on."""
        place = self._claim_place()
        # Under its name only once it listens: until then another worker would take it for dead.
        unready = place.with_suffix(".new")
        listener = eventlet.listen(str(unready), family=socket.AF_UNIX, backlog=1024)
        unready.chmod(0o600)
        unready.rename(place)
        eventlet.spawn(self._accept, listener)

    def stop(self) -> None:
        """Others no longer find this worker."""
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
            return self._pass_on(environ, start_response, found[1])
        except (OSError, http.client.HTTPException) as gone:
            log.debug("The worker of a session cannot be reached: %s", gone)
            # As Engine.IO answers for a session that it does not know: the client starts anew.
            headers = [("Content-Type", "application/json")]
            start_response("400 BAD REQUEST", headers)
            return [b'{"code":1,"message":"Session ID unknown"}']

    def _pass_on(
        self, environ: dict[str, Any], start_response: Callable[..., Any], tag: str
    ) -> list[bytes]:
        upgrade: Upgrade = environ["maru.upgrade"]
        with contextlib.closing(_connected(self._socket_of(tag))) as worker:
            worker.sendall(_as_it_came(environ) + upgrade.early)
            answer = _head_of_answer(worker)
            if answer.split(b" ", 2)[1] == b"101":
                upgrade.answered = True
                _carry(upgrade.client, worker, answer)
                return []
            status, headers, body = _whole_answer(worker, answer, environ["REQUEST_METHOD"])
        start_response(status, [(k, v) for k, v in headers if k.lower() not in _HOP_BY_HOP])
        return [body]

    def _accept(self, listener: Any) -> None:
        while True:
            try:
                worker, _ = listener.accept()
            except OSError as error:
                log.error("Requests of other workers cannot be accepted: %s", error)
                eventlet.sleep(1.0)
                continue
            if self._admission.enter(None) is None:
                eventlet.spawn_n(self._serve, worker)
            else:
                worker.close()

    def _serve(self, worker: Any) -> None:
        """One request of another worker."""
        is_taken = False

        def left() -> None:
            self._admission.leave(None)

        try:
            told, rest = _told(worker)
            connection = Connection(
                self._app, worker, told, self._admission, None, left, set(), 0.0, self._only, rest
            )
            is_taken = connection.serve(lambda: True)
        except (OSError, ValueError):
            pass  # The other worker is gone, or it was none: it is looked at whether we live.
        finally:
            with contextlib.suppress(OSError):
                worker.close()
            if not is_taken:
                left()

    def _only(self, request: Request) -> Refused | None:
        if request.environ["PATH_INFO"].startswith(self._path):
            return None
        return Refused(404, "Nothing but Socket.IO is passed on between workers.")

    def _socket_of(self, tag: str) -> Path:
        return self._folder / f"{tag}.sock"

    def _claim_place(self) -> Path:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = self._folder.lstat()
        if status.st_uid != os.geteuid() or not stat.S_ISDIR(status.st_mode):
            raise PermissionError(f"{self._folder} belongs to somebody else; remove it.")
        for other in self._folder.glob("*.sock"):
            # What workers left behind that were killed.
            if _TAG.match(other.name) and not _is_alive(other):
                other.unlink(missing_ok=True)
        return self._socket_of(self.tag)


def _connected(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(PATIENCE)
    connection.connect(str(path))
    return connection


def _is_alive(path: Path) -> bool:
    try:
        _connected(path).close()
    except OSError:
        return False
    return True


def _as_it_came(environ: dict[str, Any]) -> bytes:
    """The request, below the line that tells the worker what it cannot see."""
    told = {name: environ[name] for name in _TOLD if name in environ}
    query, version = environ.get("QUERY_STRING", ""), environ["SERVER_PROTOCOL"]
    body = environ["wsgi.input"].read()
    # A WebSocket may last for days.
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
    return orjson.dumps(told) + b"\n" + head + body


def _told(worker: Any) -> tuple[dict[str, str], bytes]:
    """What the line says, and what follows it. Raises ``OSError``, ``ValueError``."""
    worker.settimeout(HEAD_SECONDS)
    line = b""
    while b"\n" not in line:
        part = worker.recv(CHUNK)
        if not part or len(line) > HEAD_MAX:
            raise ValueError("no line of a worker")
        line += part
    line, _, rest = line.partition(b"\n")
    told = orjson.loads(line)
    if not isinstance(told, dict) or not told.keys() <= set(_TOLD):
        raise ValueError("no line of a worker")
    return told, rest


def _head_of_answer(worker: Any) -> bytes:
    """What has come once the head is whole, which may be more than that."""
    seen = b""
    while _END not in seen:
        part = worker.recv(CHUNK)
        if not part or len(seen) > CHUNK:
            raise http.client.HTTPException("no answer")
        seen += part
    if not seen.startswith(b"HTTP/1.1 "):
        raise http.client.HTTPException("no answer")
    return seen


def _whole_answer(
    worker: Any, begun: bytes, method: str
) -> tuple[str, list[tuple[str, str]], bytes]:
    """Status, headers and body of the answer that begins so; the worker closes behind it."""
    parts, size = [begun], len(begun)
    while part := worker.recv(CHUNK):
        parts.append(part)
        size += len(part)
        if size > ANSWER_MAX:
            raise http.client.HTTPException("an answer without an end")
    answer = http.client.HTTPResponse(_Seen(b"".join(parts)), method=method)  # type: ignore[arg-type]
    answer.begin()
    return f"{answer.status} {answer.reason}", answer.getheaders(), answer.read()


class _Seen:
    """What ``http.client`` takes for a socket: bytes that have been read."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, *_: object) -> io.BytesIO:
        return io.BytesIO(self._data)


def _carry(client: Any, worker: Any, answer: bytes) -> None:
    """Both speak WebSocket now: pass on what each sends, until one has nothing more to say."""
    client.settimeout(PATIENCE)
    client.sendall(answer)
    back = eventlet.spawn(_pump, worker, client)
    _pump(client, worker)
    back.wait()


def _pump(source: Any, sink: Any) -> None:
    # A TLS socket that the other direction has shut down is no OSError.
    with contextlib.suppress(OSError, ValueError):
        while data := source.recv(CHUNK):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
