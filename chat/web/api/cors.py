"""The API for scripts of other sites: those of ALLOWED_ORIGINS may call it with a bearer token.

``*`` stands for any origin. Nothing is ever allowed *with credentials*: another site's script can
neither use the login cookie nor read ``GET /api/token``.
"""

from flask import Flask, Response, request

from chat.transport.origin import is_allowed
from chat.web.errors import is_api
from config import Settings


def init_app(app: Flask, settings: Settings) -> None:
    """Let pages of ``ALLOWED_ORIGINS`` read the answers of the API."""
    allowed = frozenset(settings.allowed_origins)
    if not allowed:
        return

    @app.after_request
    def add_headers(response: Response) -> Response:
        if not is_api():
            return response
        response.vary.add("Origin")
        origin = request.origin
        if not origin or not is_allowed(origin, request.scheme, request.host, allowed):
            return response
        response.headers["Access-Control-Allow-Origin"] = origin
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            # Flask answers OPTIONS by itself; this makes the answer one to a preflight.
            response.headers["Access-Control-Allow-Methods"] = "GET, POST, PUT, PATCH, DELETE"
            response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
            response.headers["Access-Control-Max-Age"] = "600"
        else:
            exposed = "Retry-After, WWW-Authenticate"
            response.headers["Access-Control-Expose-Headers"] = exposed
        return response
