"""Cross-origin requests to Socket.IO: refused, unless their origin is allowed."""

import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from chat.transport.http_refusal import plain_bad_request
from chat.transport.http_rules import App
from chat.transport.origin import canonical, is_allowed

log = logging.getLogger(__name__)

Headers = list[tuple[str, str]]


class CrossOrigin:
    """WSGI middleware for requests under ``path``; ``allowed`` as for ``origin.is_allowed``.

    It replaces Engine.IO's own check, which refuses the server's own pages as soon as it is given a
    list of allowed origins. JSONP is always refused: any page can run such a response as a script.
    """

    def __init__(self, app: App, path: str, allowed: frozenset[str]) -> None:
        self._app = app
        self._path = path
        self._allowed = allowed
        self._logged: set[str] = set()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        if not environ["PATH_INFO"].startswith(self._path):
            return self._app(environ, start_response)
        if _asks_for_jsonp(environ.get("QUERY_STRING", "")):
            return plain_bad_request(start_response, b'"JSONP is not spoken here."')
        origin = environ.get("HTTP_ORIGIN")
        if not origin:
            return self._app(environ, start_response)
        host, scheme = environ.get("HTTP_HOST", ""), environ["wsgi.url_scheme"]
        if not is_allowed(origin, scheme, host, self._allowed):
            self._log_refused(origin)
            return plain_bad_request(start_response, b'"Not an accepted origin."')

        is_named = "*" not in self._allowed

        def start(status: str, headers: Headers, *exc_info: Any) -> Any:
            return start_response(
                status, [*headers, *_permission(environ, origin, is_named)], *exc_info
            )

        return self._app(environ, start)

    def _log_refused(self, origin: str) -> None:
        """Log a refused origin once, and twenty in all: the operator may have forgotten it."""
        if origin not in self._logged and len(self._logged) < 20:
            self._logged.add(origin)
            shown = canonical(origin) or repr(origin[:100])
            log.error("%s is not an accepted origin: see ALLOWED_ORIGINS.", shown)


def _asks_for_jsonp(query: str) -> bool:
    # Nearly all queries of clients contain neither, and need not be parsed.
    may = "j" in query or "%" in query
    return may and "j" in parse_qs(query, keep_blank_values=True)


def _permission(environ: dict[str, Any], origin: str, is_named: bool) -> Headers:
    headers = [("Access-Control-Allow-Origin", origin), ("Vary", "Origin")]
    if is_named:
        # For the cookie of a load balancer that keeps a client on one machine; Maru reads none.
        headers.append(("Access-Control-Allow-Credentials", "true"))
    if environ["REQUEST_METHOD"] == "OPTIONS":
        headers.append(("Access-Control-Allow-Methods", "OPTIONS, GET, POST"))
        asked = environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS")
        headers += [("Access-Control-Allow-Headers", asked)] if asked else []
    return headers
