"""What a page of another site may do with Socket.IO: nothing, unless its origin is allowed."""

import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from chat.http import App
from chat.live.http_refusal import plain_bad_request
from chat.origin import canonical, is_allowed

log = logging.getLogger(__name__)

Headers = list[tuple[str, str]]


class CrossOrigin:
    """WSGI middleware around everything under ``path``; ``allowed`` as ``chat.origin`` has it.

    It takes the place of Engine.IO's own check, for which a list of allowed origins shuts out the
    server's own pages. JSONP, an answer that any page can run as a script, is always refused.
    """

    def __init__(self, app: App, path: str, allowed: frozenset[str]) -> None:
        self._app = app
        self._path = path
        self._allowed = allowed
        self._told: set[str] = set()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        if not environ["PATH_INFO"].startswith(self._path):
            return self._app(environ, start_response)
        if "j" in parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True):
            return plain_bad_request(start_response, b'"JSONP is not spoken here."')
        origin = environ.get("HTTP_ORIGIN")
        if not origin:
            return self._app(environ, start_response)
        host, scheme = environ.get("HTTP_HOST", ""), environ["wsgi.url_scheme"]
        if not is_allowed(origin, scheme, host, self._allowed):
            self._tell(origin)
            return plain_bad_request(start_response, b'"Not an accepted origin."')

        def start(status: str, headers: Headers, *exc_info: Any) -> Any:
            return start_response(status, [*headers, *_permission(environ, origin)], *exc_info)

        return self._app(environ, start)

    def _tell(self, origin: str) -> None:
        """It may be one that the operator has forgotten. Each is told once, and not any number."""
        if origin not in self._told and len(self._told) < 20:
            self._told.add(origin)
            shown = canonical(origin) or repr(origin[:100])
            log.error("%s is not an accepted origin: see ALLOWED_ORIGINS.", shown)


def _permission(environ: dict[str, Any], origin: str) -> Headers:
    headers = [
        ("Access-Control-Allow-Origin", origin),
        # Of the balancer in front, which may keep a client on one machine; we read no cookie here.
        ("Access-Control-Allow-Credentials", "true"),
        ("Vary", "Origin"),
    ]
    if environ["REQUEST_METHOD"] == "OPTIONS":
        headers.append(("Access-Control-Allow-Methods", "OPTIONS, GET, POST"))
        asked = environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS")
        headers += [("Access-Control-Allow-Headers", asked)] if asked else []
    return headers
