"""TLS for the official client, whose two threads must not use one connection at the same time.

OpenSSL does not allow that, and Python does not prevent it: now and then the thread that reads
is told of an end that has not come (python-engineio, issue 461).
"""

import ctypes
import ctypes.util
import os
import selectors
import socket
import ssl
import struct
import threading
from typing import Any


def websocket_options() -> dict[str, Any]:
    """What a client needs to be given as ``websocket_extra_options``."""
    trusted = os.environ.get("WEBSOCKET_CLIENT_CA_BUNDLE")
    if trusted is None:
        return {}
    context = ssl.create_default_context(cafile=trusted)
    context.sslsocket_class = _OneAtATime
    return {"sslopt": {"context": context}}


class _OneAtATime(ssl.SSLSocket):
    """Reads or writes, and waits for either only while it does neither."""

    def recv(self, buflen=1024, flags=0):
        return self._alone(super().recv, buflen, flags)

    def send(self, data, flags=0):
        return self._alone(super().send, data, flags)

    def _alone(self, operation, *arguments):
        using = self.__dict__.setdefault("_using", threading.Lock())
        while True:
            with using:
                patience = self.gettimeout()
                self.settimeout(0)
                try:
                    return operation(*arguments)
                except ssl.SSLWantReadError:
                    awaited = selectors.EVENT_READ
                except ssl.SSLWantWriteError:
                    awaited = selectors.EVENT_WRITE
                finally:
                    self.settimeout(patience)
            with selectors.DefaultSelector() as selector:
                selector.register(self, awaited)
                if not selector.select(patience):
                    raise TimeoutError("timed out")


class Updating:
    """A client that can send key updates, which Python's own module cannot. It trusts anybody."""

    def __init__(self, port: int):
        self._ssl, self._crypto = _library("ssl"), _library("crypto")
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        # OpenSSL waits for the answers itself.
        self.socket.setblocking(True)
        context = self._ssl.SSL_CTX_new(self._ssl.TLS_client_method())
        self._tls = self._ssl.SSL_new(context)
        self._ssl.SSL_set_fd(self._tls, self.socket.fileno())
        assert self._ssl.SSL_connect(self._tls) == 1
        self._made = self._crypto.BIO_new(self._crypto.BIO_s_mem())
        self._ssl.SSL_set0_wbio(self._tls, self._made)

    def update_keys(self, times: int) -> None:
        for _ in range(times):
            assert self._ssl.SSL_key_update(self._tls, 0) == 1
            assert self._ssl.SSL_do_handshake(self._tls) == 1

    def write(self, data: bytes) -> None:
        assert self._ssl.SSL_write(self._tls, data, len(data)) == len(data)

    def send_all(self) -> None:
        """Send what was made so far, in one piece."""
        size = self._crypto.BIO_ctrl_pending(self._made)
        made = ctypes.create_string_buffer(size)
        assert self._crypto.BIO_read(self._made, made, size) == size
        self.socket.sendall(made.raw)

    def read(self) -> bytes:
        """What comes until the end, or for half a minute."""
        read = b""
        patience = struct.pack("ll", 30, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, patience)
        part = ctypes.create_string_buffer(4096)
        while (size := self._ssl.SSL_read(self._tls, part, 4096)) > 0:
            read += part.raw[:size]
        return read


def _library(name: str) -> Any:
    library = ctypes.CDLL(ctypes.util.find_library(name))
    pointer, number = ctypes.c_void_p, ctypes.c_int
    signatures = {
        "ssl": {
            "TLS_client_method": (pointer,),
            "SSL_CTX_new": (pointer, pointer),
            "SSL_new": (pointer, pointer),
            "SSL_set_fd": (number, pointer, number),
            "SSL_connect": (number, pointer),
            "SSL_set0_wbio": (None, pointer, pointer),
            "SSL_key_update": (number, pointer, number),
            "SSL_do_handshake": (number, pointer),
            "SSL_write": (number, pointer, ctypes.c_char_p, number),
            "SSL_read": (number, pointer, pointer, number),
        },
        "crypto": {
            "BIO_s_mem": (pointer,),
            "BIO_new": (pointer, pointer),
            "BIO_ctrl_pending": (ctypes.c_size_t, pointer),
            "BIO_read": (number, pointer, pointer, number),
        },
    }
    for function, (result, *arguments) in signatures[name].items():
        getattr(library, function).restype = result
        getattr(library, function).argtypes = arguments
    return library
