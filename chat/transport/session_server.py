"""The server of a session, as far as the session needs it: ``engine.Engine`` is one."""

from collections.abc import Callable
from typing import Any, Protocol

from chat.transport import handshake
from chat.transport.backlog import Backlog
from chat.transport.tick import Tick


class SessionServer(Protocol):
    """Attributes without a description are python-engineio's."""

    tick: Tick
    backlog: Backlog
    may_overlap: Callable[[str], bool]
    ping_interval: float
    ping_timeout: float
    reason: Any
    sockets: dict[str, Any]
    #: Sessions whose client has shown no token, and since when (monotonic), in that order.
    without_token: dict[Any, float]

    @property
    def close_slow_client(self) -> Callable[[Any], None]:
        """Closes a session whose client does not read. May block."""

    def deliver(self, session: Any, data: str | bytes) -> None:
        """Handle a packet of a session. Blocks until it has been carried out."""

    def note_token(self, session: Any) -> None:
        """The session has got a connection, or has lost it."""

    def refuse(self, refusal: handshake.Refused) -> dict[str, Any]:
        """The response to a refused handshake."""

    def probe_websocket(
        self, environ: dict[str, Any], handshake_response: bytes, session: Any
    ) -> Any:
        """Let a polling session probe the WebSocket of this request."""

    def _trigger_event(self, event: str, *arguments: Any, run_async: bool) -> Any: ...

    def _bad_request(self, message: str) -> dict[str, Any]: ...
