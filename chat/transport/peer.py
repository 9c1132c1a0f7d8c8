"""What the system knows of the other end of a socket."""

from typing import Any

from eventlet import patcher

_select: Any = patcher.original("select")


def is_closed_by_peer(client: Any) -> bool:
    """Whether the other end of this socket is closed, as far as the system knows."""
    if client is None or client.fileno() < 0:
        return client is not None
    hung_up = getattr(_select, "POLLRDHUP", 0) | _select.POLLHUP | _select.POLLERR
    poll = _select.poll()
    poll.register(client.fileno(), hung_up)
    return any(event & hung_up for _, event in poll.poll(0))
