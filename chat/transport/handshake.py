"""The opening handshake of a WebSocket (RFC 6455, section 4.2), read from a WSGI environment."""

import base64
import hashlib
import re
from typing import Any

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#: Sixteen bytes in base64.
_KEY = re.compile(r"[A-Za-z0-9+/]{21}[AQgw]==", re.ASCII)


class Refused(Exception):
    """The request cannot become a WebSocket; ``status`` and ``headers`` are for the response."""

    def __init__(self, problem: str, status: str = "400 BAD REQUEST", **headers: str) -> None:
        super().__init__(problem)
        self.status = status
        self.headers = [(name.replace("_", "-"), value) for name, value in headers.items()]


def is_asked_for(environ: dict[str, Any]) -> bool:
    """Whether the request asks for an upgrade to a WebSocket."""
    tokens = environ.get("HTTP_CONNECTION", "").lower().split(",")
    wanted: str = environ.get("HTTP_UPGRADE", "").lower()
    return wanted == "websocket" and any(token.strip() == "upgrade" for token in tokens)


def accept(environ: dict[str, Any]) -> bytes:
    """The response 101, after which both sides speak WebSocket. Raises ``Refused``.

    No extension is accepted. With compression every connection would need a compressor of its own,
    and every message to a room would be compressed once for each member.
    """
    if not is_asked_for(environ) or environ["REQUEST_METHOD"] != "GET":
        raise Refused("This is no request for a WebSocket.")
    if environ["SERVER_PROTOCOL"] == "HTTP/1.0" or not environ.get("HTTP_HOST"):
        raise Refused("A WebSocket begins with HTTP/1.1 and names its host.")
    if environ.get("HTTP_SEC_WEBSOCKET_VERSION") != "13":
        raise Refused(
            "Only version 13 is spoken here.", "426 UPGRADE REQUIRED", Sec_WebSocket_Version="13"
        )
    key = environ.get("HTTP_SEC_WEBSOCKET_KEY", "").strip()
    if not _KEY.fullmatch(key):
        raise Refused("The Sec-WebSocket-Key is not one.")
    proof = base64.b64encode(hashlib.sha1((key + _GUID).encode()).digest()).decode()
    return (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {proof}\r\n\r\n"
    ).encode()
