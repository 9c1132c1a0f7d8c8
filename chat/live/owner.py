"""Who a WebSocket's transport works for: a session, or a session's probe."""

from typing import Protocol


class Owner(Protocol):
    """Who a transport works for. All of it is called by the event loop, and must not block."""

    @property
    def is_known(self) -> bool:
        """Whether the client has shown a token."""

    def heard(self, data: str | bytes) -> None:
        """A whole message."""

    def lost(self) -> None:
        """The other side is gone, or has broken the protocol. Called once at the most."""

    def behind(self) -> None:
        """Something waits: for the client to read it, or for the rest of its message."""

    def drained(self) -> None:
        """Nothing waits for the client any more."""

    def beat(self) -> None:
        """It is this one's turn in the wheel."""

    def check(self) -> None:
        """Some seconds have passed since then."""
