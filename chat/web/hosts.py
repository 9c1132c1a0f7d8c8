"""Hosts that requests may be for: ALLOWED_HOSTS.

A page of ``evil.example`` whose name in DNS comes to mean this machine (DNS rebinding) has the same
origin as what it asks for here. Only the host that it names tells it from Maru's own pages.
"""

from collections.abc import Callable
from typing import Any

import orjson

from chat.host import name_of
from chat.http import App

#: What operators ask for, also by address.
_OPERATORS = ("/healthz", "/readyz", "/metrics")
_REFUSAL = {"error": {"code": "invalid", "message": "There is no such host here."}}


class AllowedHosts:
    """WSGI middleware: answers 400 to requests for a host that is not ``allowed``, whatever port.

    ``allowed`` are as ``chat.host.name_of`` writes them.
    """

    def __init__(self, app: App, allowed: frozenset[str]) -> None:
        self._app = app
        self._allowed = allowed

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        asked = name_of(environ.get("HTTP_HOST", ""))
        if asked in self._allowed or environ["PATH_INFO"] in _OPERATORS:
            return self._app(environ, start_response)
        body = orjson.dumps(_REFUSAL) + b"\n"
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        start_response("400 BAD REQUEST", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
