"""Takes the socket of a request away from the HTTP server, for a WebSocket to use."""

import _socket
import socket
from typing import Any

from eventlet.greenio import GreenSocket

from chat.transport.tls_socket import TlsSocket

#: Bytes that the system buffers for a client that does not read; the outbox counts the rest.
SEND_BUFFER = 128 * 1024
#: As the socket has them: Python's own attributes make a member of an enumeration each time, which
#: is a part of what it takes to open a WebSocket.
_FAMILY, _TYPE = _socket.socket.family.__get__, _socket.socket.type.__get__


def take_over(client: Any) -> tuple[Any, bool]:
    """A non-blocking socket, and whether it speaks TLS: it may hold bytes that it has read."""
    if isinstance(client, TlsSocket):
        bare, _ = take_over(client.raw)
        return client.moved(bare), True
    bare = client.fd if isinstance(client, GreenSocket) else client
    family = _FAMILY(bare)
    if family != socket.AF_UNIX:
        # Without Nagle's algorithm: a message does not wait for the last one's TCP acknowledgement.
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    # The HTTP server's object loses its descriptor; the new socket has it.
    return type(bare)(family, _TYPE(bare), bare.proto, fileno=bare.detach()), False
