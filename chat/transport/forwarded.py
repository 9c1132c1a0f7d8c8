"""Headers of reverse proxies: evaluated if proxies are trusted, and removed in any case.

Some libraries trust such headers of any client: python-engineio compares Origin with
``X-Forwarded-Host``. So the app never gets them.
"""

import functools
from collections.abc import Callable
from typing import Any

from chat.transport.address import forwarded_for, parse
from chat.transport.http_rules import App

#: Keys of the WSGI environment; besides these, all that begin with ``HTTP_X_FORWARDED_``.
_HEADERS = {
    *("HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_X_CLIENT_IP", "HTTP_X_SCHEME"),
    *("HTTP_X_SCRIPT_NAME", "HTTP_X_HOST", "HTTP_TRUE_CLIENT_IP", "HTTP_CF_CONNECTING_IP"),
}
#: ``X-Forwarded-Proto`` -> scheme; some proxies send a WebSocket's scheme.
_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}

#: Most requests come from addresses of other requests shortly before.
_parse_peer = functools.lru_cache(1024)(parse)


class Forwarded:
    """WSGI middleware: sets the client's address and scheme from the nearest ``proxies`` proxies.

    Each of them appends to ``X-Forwarded-For``. Of ``X-Forwarded-Proto`` only the last entry
    counts, the nearest proxy's, since some proxies overwrite it and some append. The host is always
    that of ``Host``.
    """

    def __init__(self, app: App, proxies: int) -> None:
        self._app = app
        self._proxies = proxies

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        proxy_headers = {
            name: environ.pop(name)
            for name in list(environ)
            if name in _HEADERS or name.startswith("HTTP_X_FORWARDED_")
        }
        peer = environ.get("REMOTE_ADDR") or ""
        client = forwarded_for(proxy_headers.get("HTTP_X_FORWARDED_FOR", ""), self._proxies)
        # If the proxy gives no address, the client's address is the proxy's.
        environ["REMOTE_ADDR"] = client or _parse_peer(peer) or peer
        if self._proxies:
            scheme = (
                proxy_headers.get("HTTP_X_FORWARDED_PROTO", "").rpartition(",")[2].strip().lower()
            )
            environ["wsgi.url_scheme"] = _SCHEMES.get(scheme, environ["wsgi.url_scheme"])
        return self._app(environ, start_response)
