"""Checks the ``Host`` of requests against ALLOWED_HOSTS, against DNS rebinding.

In that attack a page of ``evil.example`` changes its name's address in DNS to this machine. For the
browser the page and Maru then have the same origin. Only ``Host`` tells such requests from others.
"""

from collections.abc import Callable
from typing import Any

import orjson

from chat.transport.host import name_of
from chat.transport.http_rules import OPERATORS, App
from chat.transport.refusal_page import is_wanted, refusal_page

_REFUSAL = {"error": {"code": "invalid", "message": "There is no such host here."}}


class AllowedHosts:
    """WSGI middleware: answers 400 to requests for a host that is not in ``allowed``.

    ``allowed`` are names as ``chat.transport.host.name_of`` returns them; the port does not matter.
    """

    def __init__(self, app: App, allowed: frozenset[str]) -> None:
        self._app = app
        self._allowed = allowed

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        asked = name_of(environ.get("HTTP_HOST", ""))
        if asked in self._allowed or environ["PATH_INFO"] in OPERATORS:
            return self._app(environ, start_response)
        kind, body = "application/json", orjson.dumps(_REFUSAL) + b"\n"
        if is_wanted(environ.get("HTTP_ACCEPT", "")):
            kind, body = "text/html; charset=utf-8", refusal_page(400)
        headers = [("Content-Type", kind), ("Content-Length", str(len(body)))]
        start_response("400 BAD REQUEST", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
