"""One client's connection over TLS. OpenSSL gets its bytes one record at a time.

OpenSSL reads a socket until it has data for the application. A client that sends only key updates
would keep it, and with it the event loop, busy for as long as the client likes. So here OpenSSL has
no socket, and records without data are counted.
"""

import contextlib
import ssl
from collections.abc import Callable
from typing import Any

#: Bytes read from the client, and encrypted for it, at a time. OpenSSL keeps buffers of that size.
READ_SIZE, WRITE_SIZE = 4096, 16 * 1024
#: Records in a row that have no data for the application; those of a handshake are fewer.
MAX_RECORDS_WITHOUT_DATA = 32
_HEADER = 5
#: What the header of a record begins with: one of four types of content, and a version 3.x.
_TYPES, _MAJOR = frozenset((20, 21, 22, 23)), 3


class TlsSocket:
    """Replaces the socket ``raw``, with the same time limits and blocking mode.

    As with OpenSSL itself, ``send`` has to be repeated with the same bytes until it has sent them.
    """

    __slots__ = ("_begun", "_empty_records", "_from_client", "_missing", "_raw", "_received",
                 "_tls", "_to_client", "_unsent")  # fmt: skip

    def __init__(self, raw: Any, context: ssl.SSLContext) -> None:
        self._raw = raw
        self._from_client, self._to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._from_client, self._to_client, server_side=True)
        #: Bytes of the client that OpenSSL does not have yet, and the missing bytes of the record.
        self._received, self._missing = b"", 0
        self._empty_records = 0
        #: Encrypted bytes to be sent, and the number of bytes of the application in them.
        self._unsent, self._begun = b"", 0

    def handshake(self, wait: Callable[[], None]) -> None:
        """Do the handshake. ``wait`` is called before each of its steps: they take long.

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
        self._empty_records = 0
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
            self._empty_records = 0
            return data

    def send(self, data: bytes | memoryview) -> int:
        """Send some of the data; returns the number of bytes. Raises ``OSError``."""
        view, done = memoryview(data), 0
        while done < len(view):
            if not self._begun:
                self._begun = self._tls.write(view[done : done + WRITE_SIZE])
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

    def with_socket(self, raw: Any) -> "TlsSocket":
        """The same connection on another socket object. This object must not be used any more."""
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
            if not self._missing and len(self._received) >= _HEADER:
                self._empty_records += 1
                if self._empty_records > MAX_RECORDS_WITHOUT_DATA:
                    raise ConnectionAbortedError("too many TLS records without data")
                if self._received[0] not in _TYPES or self._received[1] != _MAJOR:
                    # For example plain HTTP: its text would be read as the length of a record.
                    raise ConnectionAbortedError("this is not TLS")
                self._missing = _HEADER + int.from_bytes(self._received[3:_HEADER], "big")
            if self._missing and self._received:
                part = self._received[: self._missing]
                self._received = self._received[self._missing :]
                self._from_client.write(part)
                self._missing -= len(part)
                if not self._missing:
                    return
            data = self._raw.recv(READ_SIZE)
            if not data:
                self._from_client.write_eof()
                return
            self._received += data

    def _flush(self) -> None:
        """Send what OpenSSL has encrypted. Raises ``OSError``."""
        if self._to_client.pending:
            self._unsent += self._to_client.read()
        while self._unsent:
            sent = self._raw.send(self._unsent)
            self._unsent = self._unsent[sent:]
