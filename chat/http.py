"""What holds for all of HTTP, whoever answers: headers of every answer, and the longest body."""

import re
from collections.abc import Callable, Iterable
from typing import Any

App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

#: The largest request body in bytes; sixteen times the longest message, escaped, fits.
BODY_MAX = 256 * 1024

_HOST = re.compile(r"(?:[A-Za-z0-9._-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?", re.ASCII)


def security_headers(host: str, tls: bool) -> dict[str, str]:
    """What protects the browser that gets an answer.

    ``host`` is the request's ``Host``, whatever that says, or empty where there is none; ``tls``
    whether the browser speaks TLS with us, or with a proxy that is trusted to say so.
    """
    # Safari before 15.4 does not count WebSockets as 'self'.
    socket = f" {'wss' if tls else 'ws'}://{host}" if _HOST.fullmatch(host) else ""
    headers = {
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
            f"connect-src 'self'{socket}; font-src 'self'; manifest-src 'self'; "
            "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        ),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        # Pages and answers show what one person may see, and hold that person's tokens.
        "Cache-Control": "no-store",
    }
    if tls:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return headers


class ResponseHeaders:
    """WSGI middleware: gives every answer of ``app`` those of them that it does not have itself.

    ``tls``: this server speaks it. If a proxy does, its word is in the environment by now.
    """

    def __init__(self, app: App, tls: bool) -> None:
        self._app = app
        self._tls = tls

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        def start(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Any:
            tls = self._tls or environ["wsgi.url_scheme"] == "https"
            present = {name.lower() for name, _ in headers}
            usual = security_headers(environ.get("HTTP_HOST", ""), tls)
            more = [header for header in usual.items() if header[0].lower() not in present]
            return start_response(status, [*headers, *more], *exc_info)

        return self._app(environ, start)
