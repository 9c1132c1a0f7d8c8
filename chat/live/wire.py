"""What comes over the wire, checked before anything else sees it.

python-socketio and python-engineio trust that frames are well formed; a frame that is not would end
a greenlet with a traceback and leave its session half open. Here such a frame ends its session
cleanly, or, where the call can be told apart, is answered as an invalid call.
"""

import contextlib
import io
import json
import logging
import re
from collections.abc import Callable
from socket import AF_UNIX, IPPROTO_TCP, SHUT_WR, SO_SNDBUF, SOL_SOCKET, TCP_NODELAY
from typing import Any

import orjson
from engineio.async_drivers.eventlet import WebSocketWSGI
from eventlet.websocket import FailedConnectionError, RFC6455WebSocket
from socketio import packet

log = logging.getLogger(__name__)

#: Bytes of one message, or of one long-polling request.
FRAME_MAX = 128 * 1024
#: Bytes that the system may keep for one connection that does not read them.
SEND_BUFFER = 128 * 1024
#: Binary attachments that are counted for one call, which is then refused.
ATTACHMENTS_MAX = 16
#: Event under which a call arrives whose arguments could not be read.
MALFORMED = "malformed"

# Engine.IO from a client: close, ping, pong, message, upgrade, noop; only a message carries much.
_ENGINE_FRAME = re.compile(r"[1356]|[23](?:probe)?|4[0-6].*", re.DOTALL | re.ASCII)
_CALL = re.compile(r"2(\d{1,15})(?!\d)", re.ASCII)
_RESERVED = ("connect", "disconnect", "connect_error")


def dumps(value: Any, **_: Any) -> str:
    """JSON for python-socketio; embeds ``orjson.Fragment`` as it is."""
    return orjson.dumps(value).decode()


def loads(text: str, **_: Any) -> Any:
    """JSON from a client. Raises ``ValueError``, also for what is nested too deep.

    The standard library's reader, since it passes half surrogates on: the domain refuses them with
    a better word than "not JSON".
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deep") from None


class Packet(packet.Packet):
    """A Socket.IO packet; a call that cannot be read becomes the event ``MALFORMED``.

    Reading raises ``ValueError`` where there is no call that could be answered.
    """

    def decode(self, encoded_packet: str | bytes) -> int:
        if isinstance(encoded_packet, bytes):
            raise ValueError("binary data that belongs to no call")
        try:
            attachments: int = super().decode(encoded_packet)
        except ValueError:
            call = _CALL.match(encoded_packet)
            if call is None:
                raise
            self.packet_type, self.id = packet.EVENT, int(call[1])
            self.data = [MALFORMED]
            return 0
        is_binary = self.packet_type in (packet.BINARY_EVENT, packet.BINARY_ACK)
        if is_binary != (1 <= attachments <= ATTACHMENTS_MAX):
            raise ValueError("not as many attachments as there should be")
        if self.packet_type in (packet.EVENT, packet.BINARY_EVENT) and not self._names_an_event():
            if self.id is None:
                raise ValueError("an event without a name")
            self.data = [MALFORMED]
        return attachments

    def add_attachment(self, attachment: str | bytes) -> bool:
        """Count it. No call takes binary data: this one is refused once all of it is there."""
        if not isinstance(attachment, bytes):
            raise ValueError("text in place of an attachment")
        self.attachments.append(b"")
        self.data = [MALFORMED]
        return len(self.attachments) == self.attachment_count

    def _names_an_event(self) -> bool:
        # A client that could send "disconnect" as an event would run the server's own handler.
        return (
            isinstance(self.data, list)
            and bool(self.data)
            and isinstance(self.data[0], str)
            and self.data[0] not in _RESERVED
        )


def guarded(
    read: Callable[[str, Any], None], end: Callable[[str], None]
) -> Callable[[str, Any], None]:
    """``read``, which is given what each session sends; one that sends rubbish is ended."""

    def guard(session: str, data: Any) -> None:
        try:
            read(session, data)
        except ValueError as problem:
            # Of reading alone: what goes wrong in carrying out a call is in its acknowledgement.
            log.debug("A session sent what is not Socket.IO and is ended: %s", problem)
            end(session)

    return guard


class WebSocket(WebSocketWSGI):
    """The stock WebSocket, without compression and with a check of each frame."""

    def __init__(self, handler: Callable[[Any], Any], server: Any) -> None:
        super().__init__(lambda socket: handler(_CheckedSocket(socket)), server)
        # Drafts from before the standard, which no client has spoken for years.
        self.support_legacy_versions = False

    def _negotiate_permessage_deflate(self, extensions: Any) -> None:
        # Declined: it would cost every connection a compressor of its own, and every message to a
        # room a compression for each member.
        return None


class _Message(RFC6455WebSocket.Message):
    """A WebSocket message, of any number of fragments, but all of them within the limit."""

    size = 0

    def push(self, data: bytes, final: bool = False) -> None:
        # Empty fragments count too: there may be no end of them.
        self.size += max(1, len(data))
        if self.size > FRAME_MAX:
            raise FailedConnectionError(1009, "The message is too long.")
        super().push(data, final)


class _CheckedSocket:
    def __init__(self, socket: Any) -> None:
        self._socket = socket
        socket.Message = _Message
        # Engine.IO sets its timeout on this.
        self.socket = socket.socket
        if self.socket.family != AF_UNIX:
            # A message must not wait for the client to acknowledge the one before.
            self.socket.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        # What waits for a slow reader waits in its outbox, where it is counted.
        self.socket.setsockopt(SOL_SOCKET, SO_SNDBUF, SEND_BUFFER)
        self.send = socket.send

    def wait(self) -> Any:
        """The next frame, or ``None`` when the connection has ended or has to."""
        frame = self._socket.wait()
        if frame == b"" or (isinstance(frame, str) and not _ENGINE_FRAME.fullmatch(frame)):
            self.close()
            return None
        return frame

    def close(self) -> None:
        # As its own close does, but silent about a client that is gone already.
        with contextlib.suppress(OSError):
            self._socket._send_closing_frame(ignore_send_errors=True)
            self.socket.shutdown(SHUT_WR)


class PollingDoor:
    """WSGI middleware: refuses what long-polling clients post that is no Engine.IO or too late."""

    def __init__(self, app: Callable[..., Any], path: str) -> None:
        self._app = app
        self._path = path

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        posted = environ["REQUEST_METHOD"] == "POST"
        if not posted or not environ["PATH_INFO"].startswith(self._path):
            return self._app(environ, start_response)
        body = _read(environ)
        if body is None or not _is_payload(body):
            return _bad_request(start_response, b"The body is not an Engine.IO payload.\n")
        environ["wsgi.input"] = io.BytesIO(body)
        try:
            return self._app(environ, start_response)
        except KeyError:
            # What Engine.IO raises for a session that the server has just ended.
            return _bad_request(start_response, b"The session has ended.\n")


def _bad_request(start_response: Callable[..., Any], reason: bytes) -> list[bytes]:
    start_response("400 BAD REQUEST", [("Content-Type", "text/plain; charset=utf-8")])
    return [reason]


def _read(environ: dict[str, Any]) -> bytes | None:
    length = environ.get("CONTENT_LENGTH") or ""
    if not (length.isascii() and length.isdigit()) or int(length) > FRAME_MAX:
        return None
    body: bytes = environ["wsgi.input"].read(int(length))
    return body


def _is_payload(body: bytes) -> bool:
    try:
        frames = body.decode().split("\x1e")
    except UnicodeDecodeError:
        return False
    # As many as stock Engine.IO takes at once.
    return len(frames) <= 16 and all(_ENGINE_FRAME.fullmatch(frame) for frame in frames)
