"""What reverse proxies say of a request: believed of those that are trusted, else taken away.

Libraries further in believe such headers on their own: python-engineio compares Origin with
``X-Forwarded-Host``. So none of them gets past this.
"""

from collections.abc import Callable
from typing import Any

from chat.address import forwarded_for, parse
from chat.http import App

#: As the environment names them; besides these all that begin with ``X-Forwarded-``.
_SAYINGS = {
    *("HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_X_CLIENT_IP", "HTTP_X_SCHEME"),
    *("HTTP_X_SCRIPT_NAME", "HTTP_X_HOST", "HTTP_TRUE_CLIENT_IP", "HTTP_CF_CONNECTING_IP"),
}
#: Some proxies name the protocol of a WebSocket.
_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}


class Forwarded:
    """WSGI middleware: the client's address and scheme as the nearest ``proxies`` proxies say.

    Each of them appends to ``X-Forwarded-For``. Of ``X-Forwarded-Proto`` only the nearest one's
    word counts, since some overwrite and some append. The host comes from ``Host`` alone.
    """

    def __init__(self, app: App, proxies: int) -> None:
        self._app = app
        self._proxies = proxies

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        said = {name: environ.pop(name) for name in list(environ) if _is_saying(name)}
        peer = environ.get("REMOTE_ADDR") or ""
        client = forwarded_for(said.get("HTTP_X_FORWARDED_FOR", ""), self._proxies)
        # Of whom the proxy gives no address is counted as the proxy.
        environ["REMOTE_ADDR"] = client or parse(peer) or peer
        if self._proxies:
            scheme = said.get("HTTP_X_FORWARDED_PROTO", "").rpartition(",")[2].strip().lower()
            environ["wsgi.url_scheme"] = _SCHEMES.get(scheme, environ["wsgi.url_scheme"])
        return self._app(environ, start_response)


def _is_saying(name: str) -> bool:
    return name.startswith("HTTP_X_FORWARDED_") or name in _SAYINGS
