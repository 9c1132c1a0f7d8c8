"""Engine.IO payloads: the packets of one POST of a long-polling client, checked before use.

python-engineio trusts that a payload is well formed; one that is not would end the request with a
traceback. Here it is answered with 400.
"""

import base64
import binascii
import io
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from chat.transport.frames import MESSAGE_MAX
from chat.transport.http_refusal import plain_bad_request
from chat.transport.http_rules import App
from chat.transport.packets import is_from_client

#: Separates the packets of one payload.
SEPARATOR = "\x1e"
#: Packets of one payload: as many of the shortest event, 42["a"], as fit into its bytes.
PACKETS_MAX = MESSAGE_MAX // 8

# Binary data in a payload: base64 behind a "b".
_ATTACHMENT = re.compile(
    r"b(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", re.ASCII
)


class PayloadCheck:
    """WSGI middleware: answers 400 to a POST whose body is no Engine.IO payload.

    ``is_known`` says whether this worker has a session with that id. The body of a POST for an
    unknown session is not read.
    """

    def __init__(self, app: App, path: str, is_known: Callable[[str], bool]) -> None:
        self._app = app
        self._path = path
        self._is_known = is_known

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        posted = environ["REQUEST_METHOD"] == "POST"
        if not posted or not environ["PATH_INFO"].startswith(self._path):
            return self._app(environ, start_response)
        if not self._is_known(parse_qs(environ.get("QUERY_STRING", "")).get("sid", [""])[0]):
            # Engine.IO answers without reading the body.
            return self._app(environ, start_response)
        body = _read(environ)
        if body is None or not _is_payload(body):
            return plain_bad_request(start_response, b"The body is not an Engine.IO payload.\n")
        environ["wsgi.input"] = io.BytesIO(body)
        try:
            return self._app(environ, start_response)
        except KeyError:
            # Engine.IO raises it where the session has been closed since ``is_known`` was asked.
            return plain_bad_request(start_response, b"The session has ended.\n")


def packets_of(body: bytes) -> list[str | bytes]:
    """The packets of a checked payload; binary data as bytes."""
    return [
        _attachment(packet) if packet[:1] == "b" else packet
        for packet in body.decode().split(SEPARATOR)
    ]


def _attachment(encoded: str) -> bytes:
    """The binary data; empty, which no session accepts, if it is not base64."""
    try:
        return base64.b64decode(encoded[1:], validate=True)
    except (binascii.Error, ValueError):
        return b""


def _read(environ: dict[str, Any]) -> bytes | None:
    length = environ.get("CONTENT_LENGTH") or ""
    if not (length.isascii() and length.isdigit()) or int(length) > MESSAGE_MAX:
        return None
    body: bytes = environ["wsgi.input"].read(int(length))
    return body


def _is_payload(body: bytes) -> bool:
    if body.count(SEPARATOR.encode()) >= PACKETS_MAX:
        return False
    try:
        packets = body.decode().split(SEPARATOR)
    except UnicodeDecodeError:
        return False
    return all(is_from_client(packet) or _ATTACHMENT.fullmatch(packet) for packet in packets)
