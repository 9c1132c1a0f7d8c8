"""The interface of a transport's owner, its session or its probe: the calls that it gets."""

from typing import Protocol


class TransportOwner(Protocol):
    """A transport's owner. The event loop calls all of these methods: they must not block."""

    @property
    def is_authenticated(self) -> bool:
        """Whether the client has shown a token."""

    def message_received(self, data: str | bytes) -> None:
        """The client has sent a complete message."""

    def connection_lost(self) -> None:
        """The client has closed the connection or violated the protocol. Called at most once."""

    def bytes_waiting(self) -> None:
        """The connection has pending bytes: unsent ones, or those of an incomplete message."""

    def all_sent(self) -> None:
        """The client has read all bytes of the outbox."""

    def ping(self) -> None:
        """Send a ping."""

    def check_pong(self) -> None:
        """Check whether the client has answered the last ping: its time is over."""
