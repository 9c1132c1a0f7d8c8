"""One client's connection over TLS, whose bytes OpenSSL gets a record at a time.

OpenSSL reads a socket until it has data for the application. It ends no sooner for a client that
sends only key updates: the event loop, and with it everybody else, would wait for as long as such
a client goes on. So here OpenSSL has no socket, and records without data are counted.
"""

import contextlib
import ssl
from collections.abc import Callable
from typing import Any

#: Bytes read from the client, and encrypted for it, at a time. OpenSSL keeps buffers of that size.
READ, WRITTEN = 4096, 16 * 1024
#: Records in a row that have no data for the application; those of a handshake are fewer.
WITHOUT_DATA = 32
_HEADER = 5
#: What the header of a record begins with: one of four types of content, and a version 3.x.
_TYPES, _MAJOR = frozenset((20, 21, 22, 23)), 3


class TlsSocket:
    """Takes the place of the socket ``raw``, whose time limits and non-blocking mode it has.

    As with OpenSSL itself, ``send`` has to be repeated with the same bytes until it has taken them.
    """

    __slots__ = ("_begun", "_from_client", "_held", "_left", "_raw", "_records", "_tls",
                 "_to_client", "_unsent")  # fmt: skip

    def __init__(self, raw: Any, context: ssl.SSLContext) -> None:
        self._raw = raw
        self._from_client, self._to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._from_client, self._to_client, server_side=True)
        #: Bytes of the client that OpenSSL has not got, and how many of its record are to come.
        self._held, self._left = b"", 0
        self._records = 0
        #: Encrypted bytes to be sent, and the number of bytes of the application in them.
        self._unsent, self._begun = b"", 0

    def shake_hands(self, wait: Callable[[], None]) -> None:
        """Do the handshake. ``wait`` is called before each of its steps, which take long.

        Raises ``OSError``.
        """
        while True:
            wait()
            try:
                self._tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._flush()
                self._read_record()
            except ssl.SSLError:
                with contextlib.suppress(OSError):
                    self._flush()
                raise
        self._records = 0
        self._flush()

    def recv(self, most: int) -> bytes:
        """Data of the client; none at the end. Raises ``OSError``."""
        while True:
            try:
                data = self._tls.read(most)
            except ssl.SSLWantReadError:
                self._read_record()
                continue
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""
            self._records = 0
            return data

    def send(self, data: bytes | memoryview) -> int:
        """Send some of it; gives how many bytes. Raises ``OSError``."""
        view, done = memoryview(data), 0
        while done < len(view):
            if not self._begun:
                self._begun = self._tls.write(view[done : done + WRITTEN])
            try:
                self._flush()
            except BlockingIOError:
                if done:
                    return done
                raise
            done += self._begun
            self._begun = 0
        return done

    def sendall(self, data: bytes | memoryview) -> None:
        """Raises ``OSError``."""
        view = memoryview(data)
        while view:
            view = view[self.send(view) :]

    def moved(self, raw: Any) -> "TlsSocket":
        """This connection on another object for its socket; this object is of no use any more."""
        other = object.__new__(TlsSocket)
        for name in self.__slots__:
            setattr(other, name, getattr(self, name))
        other._raw = raw
        return other

    @property
    def raw(self) -> Any:
        return self._raw

    def settimeout(self, seconds: float | None) -> None:
        self._raw.settimeout(seconds)

    def setsockopt(self, *option: int) -> None:
        self._raw.setsockopt(*option)

    def fileno(self) -> int:
        number: int = self._raw.fileno()
        return number

    def shutdown(self, how: int) -> None:
        self._raw.shutdown(how)

    def close(self) -> None:
        self._raw.close()

    def _read_record(self) -> None:
        """Give OpenSSL the client's bytes up to the end of the record, or the end of the stream.

        Raises ``OSError``, also if too many records in a row had no data.
        """
        while True:
            if not self._left and len(self._held) >= _HEADER:
                self._records += 1
                if self._records > WITHOUT_DATA:
                    raise ConnectionAbortedError("too many TLS records without data")
                if self._held[0] not in _TYPES or self._held[1] != _MAJOR:
                    # Such as plain HTTP, whose text would be taken for the length of a record.
                    raise ConnectionAbortedError("this is not TLS")
                self._left = _HEADER + int.from_bytes(self._held[3:_HEADER], "big")
            if self._left and self._held:
                part = self._held[: self._left]
                self._held = self._held[self._left :]
                self._from_client.write(part)
                self._left -= len(part)
                if not self._left:
                    return
            data = self._raw.recv(READ)
            if not data:
                self._from_client.write_eof()
                return
            self._held += data

    def _flush(self) -> None:
        """Send what OpenSSL has encrypted. Raises ``OSError``."""
        if self._to_client.pending:
            self._unsent += self._to_client.read()
        while self._unsent:
            sent = self._raw.send(self._unsent)
            self._unsent = self._unsent[sent:]
