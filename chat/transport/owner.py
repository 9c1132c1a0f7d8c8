"""The interface through which a transport tells its session, or its probe, what happens."""

from typing import Protocol


class Owner(Protocol):
    """A transport's owner. The event loop calls all of these methods: they must not block."""

    @property
    def is_authenticated(self) -> bool:
        """Whether the client has shown a token."""

    def heard(self, data: str | bytes) -> None:
        """The client has sent a whole message."""

    def lost(self) -> None:
        """The client is gone, or has broken the protocol. Called once at most."""

    def behind(self) -> None:
        """Bytes are waiting: for the client to read them, or for the rest of its message."""

    def drained(self) -> None:
        """The client has read all that was waiting for it."""

    def ping(self) -> None:
        """Send a ping."""

    def check_pong(self) -> None:
        """The time to answer the last ping is over."""
