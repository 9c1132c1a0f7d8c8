"""Refusals of requests that never reach the app, in the error form of docs/api.md, or as a page."""

import math
from collections.abc import Callable, Iterable
from email.utils import formatdate
from http import HTTPStatus
from typing import Any

import orjson

from chat.transport.http_rules import security_headers
from chat.transport.refusal_page import is_wanted, refusal_page

#: Seconds after which a client that was refused for a limit may try again.
RETRY_AFTER_S = 5
#: HTTP status -> code on the wire.
_CODES = {
    413: "too_long",
    414: "too_long",
    429: "rate_limited",
    431: "too_long",
    500: "error",
    503: "unavailable",
}
#: HTTP statuses after which the same request may succeed later.
_TEMPORARY = {429, 500, 503}


class Refused(Exception):
    """A request that is not carried out: the HTTP ``status`` of the response, and a sentence.

    ``retry_after`` is in seconds, if the same request may succeed later. The connection is closed
    after the response.
    """

    def __init__(self, status: int, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after

    def content(self, accept: str = "") -> tuple[str, dict[str, str], bytes]:
        """Status, headers and body of the response. ``accept`` is the request's, if it was read."""
        error: dict[str, object] = {
            "code": _CODES.get(self.status, "invalid"),
            "message": str(self),
        }
        if self.status in _TEMPORARY:
            error["retry"] = True
        headers = {"Content-Type": "application/json"}
        if self.retry_after is not None:
            error["retryAfter"] = self.retry_after
            headers["Retry-After"] = str(math.ceil(self.retry_after))
        body = orjson.dumps({"error": error}) + b"\n"
        if is_wanted(accept):
            headers["Content-Type"], body = "text/html; charset=utf-8", refusal_page(self.status)
        return f"{self.status} {HTTPStatus(self.status).phrase}", headers, body

    def response(self, tls: bool, method: str = "GET", host: str = "", accept: str = "") -> bytes:
        """The complete response in bytes.

        ``host`` and ``accept`` are the request's, if they could be read.
        """
        status, headers, body = self.content(accept)
        headers = {**security_headers(host, tls), **headers, "Content-Length": str(len(body))}
        return response_head(status, headers.items(), "close") + (b"" if method == "HEAD" else body)


def response_head(status: str, headers: Iterable[tuple[str, str]], connection: str) -> bytes:
    """The status line and the headers, up to the empty line that ends them."""
    lines = [f"HTTP/1.1 {status}", f"Date: {formatdate(usegmt=True)}", f"Connection: {connection}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def plain_bad_request(start_response: Callable[..., Any], reason: bytes) -> list[bytes]:
    """The WSGI response 400 in plain text, as Engine.IO itself gives it."""
    start_response("400 BAD REQUEST", [("Content-Type", "text/plain; charset=utf-8")])
    return [reason]
