"""Rules for every HTTP request and response: the security headers, and the largest request body."""

from collections.abc import Callable, Iterable
from typing import Any

from chat.transport.host import name_of

App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

#: The largest request body in bytes; sixteen times the longest message, escaped, fits.
BODY_MAX = 256 * 1024
#: Paths for operators: answered for any host, and when all places for connections are taken.
OPERATORS = ("/healthz", "/readyz", "/metrics")


def security_headers(host: str, tls: bool) -> dict[str, str]:
    """The headers that protect the browser which gets a response.

    ``host`` is the request's ``Host``, not checked yet, or empty where there is none; ``tls`` says
    whether the browser uses TLS, with this server or with a trusted proxy.
    """
    # Safari before 15.4 does not count WebSockets as 'self'.
    socket = ""
    if name_of(host) is not None:
        # A port may be empty in a Host ("example.org:"), but not in a policy.
        socket = f" {'wss' if tls else 'ws'}://{host.removesuffix(':')}"
    headers = {
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
            f"connect-src 'self'{socket}; font-src 'self'; manifest-src 'self'; "
            "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        ),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        # Pages and responses contain a person's messages and tokens.
        "Cache-Control": "no-store",
    }
    if tls:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return headers


class ResponseHeaders:
    """WSGI middleware: adds the security headers to every response of ``app`` that lacks them.

    ``tls`` says whether this server uses TLS itself. Where a proxy does, ``wsgi.url_scheme`` says
    so (see ``chat.transport.forwarded``).
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
