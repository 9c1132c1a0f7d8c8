"""The socket of a request that goes on as a WebSocket, without what served the request."""

import contextlib
import socket
from typing import Any

from eventlet.greenio import GreenSocket

#: Bytes that the system may keep for a client that does not read them; the rest is ours to count.
SEND_BUFFER = 128 * 1024


def take_over(client: Any) -> tuple[Any, Any]:
    """A socket that does not block, and what has to stay open as long as it does, if anything."""
    if client.family != socket.AF_UNIX:
        # A message must not wait for the client to acknowledge the one before.
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    if isinstance(client, GreenSocket):
        # Whoever serves the request finds its socket closed, and we have the bare one.
        bare = client.fd
        return type(bare)(bare.family, bare.type, bare.proto, fileno=bare.detach()), None
    # TLS cannot be separated from its object; as long as this is open, closing it is deferred.
    client.setblocking(False)
    return client, client.makefile("rwb", buffering=0)


def give_up(taken: Any, hold: Any) -> None:
    """Close what ``take_over`` gave."""
    for file in (hold, taken):
        if file is not None:
            with contextlib.suppress(OSError):
                file.close()
