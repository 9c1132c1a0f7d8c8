"""TLS for the official client, whose two threads must not use one connection at the same time.

OpenSSL does not allow that, and Python does not prevent it: now and then the thread that reads
is told of an end that has not come (python-engineio, issue 461).
"""

import os
import selectors
import ssl
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
