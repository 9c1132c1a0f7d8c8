"""Any worker may receive any request: one for another worker's session is passed on to it.

A session of long-polling is a row of requests, and with several workers on one port each may arrive
at another one. So a session's id begins with the tag of its worker, and every worker of the machine
also listens on a Unix socket of that name. A request for a foreign session goes there as it came,
and so does an upgrade to WebSocket, whose bytes are then carried to and fro.
"""

import contextlib
import http.client
import logging
import os
import re
import secrets
import socket
import stat
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import eventlet
from eventlet import wsgi

from chat.live.frames import MESSAGE_MAX

log = logging.getLogger(__name__)

App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

#: Seconds for an answer: longer than a poll waits for something to tell.
PATIENCE = 60.0
#: Sessions of other workers' clients that are served at a time.
SESSIONS = 10_000
#: Bytes carried at a time.
CHUNK = 65_536
_TAG = re.compile(r"([0-9a-f]{8})\.")
#: Of this one connection, not of the request.
_HOP_BY_HOP = {"connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"}


class Relay:
    """WSGI middleware around ``app``. ``folder`` gives the workers' sockets their place."""

    def __init__(self, app: App, path: str, folder: Path) -> None:
        self._app = app
        self._path = path
        self._folder = folder
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
        quiet = {"log": log, "log_output": False, "debug": False}
        eventlet.spawn(wsgi.server, listener, self._app, max_size=SESSIONS, **quiet)

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
            if environ.get("HTTP_UPGRADE", "").lower() == "websocket":
                return self._carry(environ, found[1])
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
        connection = _LocalConnection(self._socket_of(tag))
        with contextlib.closing(connection):
            length = environ.get("CONTENT_LENGTH") or "0"
            if not length.isdigit() or int(length) > MESSAGE_MAX:
                raise http.client.HTTPException("a body that no session may send")
            body = environ["wsgi.input"].read(int(length)) if int(length) else None
            headers = dict(_headers(environ))
            connection.request(environ["REQUEST_METHOD"], _target(environ), body, headers)
            answer = connection.getresponse()
            kept = [(k, v) for k, v in answer.getheaders() if k.lower() not in _HOP_BY_HOP]
            start_response(f"{answer.status} {answer.reason}", kept)
            return [answer.read()]

    def _carry(self, environ: dict[str, Any], tag: str) -> list[bytes]:
        client = environ["eventlet.input"].get_socket()
        with contextlib.closing(_connected(self._socket_of(tag))) as worker:
            lines = [f"GET {_target(environ)} HTTP/1.1"]
            lines += [f"{name}: {value}" for name, value in _headers(environ)]
            lines += ["Connection: Upgrade", "Upgrade: websocket", "", ""]
            worker.sendall("\r\n".join(lines).encode("latin-1"))
            # Engine.IO pings on it: whoever is silent for as long is gone.
            client.settimeout(PATIENCE)
            back = eventlet.spawn(_pump, worker, client)
            _pump(client, worker)
            back.wait()
        # The answer has been given, on the socket itself.
        wsgi.WSGI_LOCAL.already_handled = True
        return []

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


class _LocalConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=PATIENCE)
        self._unix_path = path

    def connect(self) -> None:
        self.sock = _connected(self._unix_path)


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


def _target(environ: dict[str, Any]) -> str:
    query = environ.get("QUERY_STRING", "")
    return f"/socket.io/?{query}"


def _headers(environ: dict[str, Any]) -> list[tuple[str, str]]:
    headers = [
        (key[5:].replace("_", "-").title(), value)
        for key, value in environ.items()
        if key.startswith("HTTP_") and key[5:].replace("_", "-").lower() not in _HOP_BY_HOP
    ]
    if environ.get("CONTENT_TYPE"):
        headers.append(("Content-Type", environ["CONTENT_TYPE"]))
    if environ["wsgi.url_scheme"] == "https":
        # The browser names it as its origin.
        headers = [(name, value) for name, value in headers if name != "X-Forwarded-Proto"]
        headers.append(("X-Forwarded-Proto", "https"))
    return headers


def _pump(source: Any, sink: Any) -> None:
    # A TLS socket that the other direction has shut down is no OSError.
    with contextlib.suppress(OSError, ValueError):
        while data := source.recv(CHUNK):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
