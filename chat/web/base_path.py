"""Maru under a path of a site, such as ``/chat``: BASE_PATH, behind a proxy or without one."""

from collections.abc import Callable
from typing import Any

from chat.transport.http_rules import App


class BasePath:
    """WSGI middleware: addresses that ``app`` makes begin with ``base``, as those that come may.

    Some proxies take it off before they pass a request on, and some do not: both will do.
    """

    def __init__(self, app: App, base: str) -> None:
        self._app = app
        self._base = base

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        path = environ["PATH_INFO"]
        if path == self._base or path.startswith(f"{self._base}/"):
            environ["PATH_INFO"] = path.removeprefix(self._base) or "/"
        environ["SCRIPT_NAME"] = self._base
        return self._app(environ, start_response)
