"""Whether a response has left this machine: the worker that relays it may be killed before.

That worker confirms by one byte, over the connection between the two workers, that it has sent the
response to the client's socket.
"""

import contextlib
import socket
from collections.abc import Callable, Iterable
from typing import Any

#: What the worker that relays a response sends back once it has sent it on.
SENT = b"\x06"
#: The key in a request's WSGI environment under which its ``Receipt`` is.
RECEIPT = "maru.receipt"
#: The key in the environment of a relayed request's connection: waits for the confirmation.
CONFIRMATION = "maru.confirmation"


class Receipt:
    """Of the response to one request. The HTTP server sets ``is_sent`` when it has sent it.

    It does not set it if the client has closed its side before: the system accepts the bytes then
    too, and the client does not read them.

    ``confirmation()`` waits until the worker that relays the response has confirmed or closed; it
    is ``None`` where there is no other worker.
    """

    def __init__(self, confirmation: Callable[[], bool] | None = None) -> None:
        self.is_sent = False
        self._confirmation = confirmation

    def is_received(self) -> bool:
        """Whether the client has been sent the response, as far as is known here. May block."""
        return self.is_sent and (self._confirmation is None or self._confirmation())


class SentResponse(list[bytes]):
    """A response's body. The HTTP server calls ``close`` after it has sent it, or failed to."""

    def __init__(self, body: Iterable[bytes], on_sent: Callable[[], None]) -> None:
        super().__init__(body)
        self.close = on_sent


def confirm(worker: Any, receipt: Receipt) -> None:
    """Tell the worker of the session whether its response has been sent, and close."""
    with contextlib.suppress(OSError), contextlib.closing(worker):
        if receipt.is_sent:
            worker.sendall(SENT)


def wait_for_confirmation(worker: Any) -> bool:
    """Wait until the worker that relays has confirmed or closed; returns whether it confirmed."""
    try:
        # It reads the response up to its end.
        worker.shutdown(socket.SHUT_WR)
        return bool(worker.recv(1) == SENT)
    except OSError:
        return False
