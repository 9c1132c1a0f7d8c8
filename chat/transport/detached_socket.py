"""Detaches the socket of a request from the HTTP server's objects, for a WebSocket."""

import _socket
import socket
from typing import Any

from eventlet.greenio import GreenSocket

from chat.transport.tls_socket import TlsSocket

#: Bytes that the system buffers for a client that does not read; the outbox has the rest.
SEND_BUFFER = 128 * 1024
#: The numbers of the socket: Python's own attributes make a member of an enumeration each time,
#: which is a part of the time that it takes to open a WebSocket.
_FAMILY, _TYPE = _socket.socket.family.__get__, _socket.socket.type.__get__


def detach_socket(client: Any) -> tuple[Any, bool]:
    """A non-blocking socket, and whether it speaks TLS: then it may have bytes to decrypt."""
    if isinstance(client, TlsSocket):
        bare, _ = detach_socket(client.raw)
        return client.with_socket(bare), True
    bare = client.fd if isinstance(client, GreenSocket) else client
    family = _FAMILY(bare)
    if family != socket.AF_UNIX:
        # Without Nagle's algorithm a message does not wait for the TCP acknowledgement of the last.
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    # The descriptor moves from the HTTP server's object to the new one.
    return type(bare)(family, _TYPE(bare), bare.proto, fileno=bare.detach()), False
