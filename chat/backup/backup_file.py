"""The file of a backup: a line that says what it is, and blocks with checksums.

A block is its kind (a byte), the length of its data, packed, a checksum of both, and this data. The
last one is of the kind ``END``, and holds a digest of everything before it: so a file that is cut
or damaged anywhere is known as such.
"""

import fcntl
import hashlib
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

#: What the file begins with; the number is the format's.
_BEGIN, VERSION = b"Maru backup ", 1
#: Kinds of blocks: what the backup is (JSON), keys of the store, rows of the archive, the end.
ABOUT, KEYS, ROWS, END = b"A", b"K", b"R", b"E"
#: Bytes of a block, about, before it is packed: a single value of the store may be longer.
BLOCK = 1 << 20
#: Packing is to be quick.
_LEVEL = 1
_HEAD = struct.Struct(">cQI")


class BackupError(Exception):
    """A backup cannot be made or restored; the text is one line for the operator."""


class Writer:
    """Writes blocks; ``writing`` gives one."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self._write(b"%s%d\n" % (_BEGIN, VERSION))

    def add(self, kind: bytes, data: bytes) -> None:
        packed = zlib.compress(data, _LEVEL)
        self._write(_HEAD.pack(kind, len(packed), _checksum(kind, packed)))
        self._write(packed)

    def end(self) -> None:
        self.add(END, self._digest.digest())

    def _write(self, data: bytes) -> None:
        self._digest.update(data)
        self._file.write(data)


@contextmanager
def writing(path: Path) -> Iterator[Writer]:
    """A context in which a backup is written, for its owner alone; at its end it is at ``path``.

    Until then it is beside, in a file whose name ends with ``.part``, which is gone if the context
    ends by an error. One that an ended backup has left there is written over. Raises
    ``BackupError`` where something is at ``path`` already, and ``OSError``.
    """
    part = path.with_name(path.name + ".part")
    with open(os.open(part, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupError(f"Another backup is being written to {part}.") from None
        try:
            os.fchmod(file.fileno(), 0o600)
            file.truncate()
            writer = Writer(file)
            yield writer
            writer.end()
            file.flush()
            os.fsync(file.fileno())
            if path.exists():
                raise taken(path)
            part.rename(path)
            _sync_folder(path.parent)
        finally:
            part.unlink(missing_ok=True)


def taken(path: Path) -> BackupError:
    return BackupError(f"{path} is there already; it is left as it is.")


def _sync_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def check(path: Path) -> None:
    """Read the whole file, and raise ``BackupError`` if it is no whole backup, or ``OSError``."""
    for _ in blocks(path):
        pass


def blocks(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """The kind and the data of each block but the last, in order. Raises as ``check`` does."""
    with open(path, "rb") as file:
        digest = hashlib.sha256(_begin(path, file))
        while True:
            head = file.read(_HEAD.size)
            if len(head) < _HEAD.size:
                raise BackupError(f"{path} is cut: its end is missing.")
            kind, length, checksum = _HEAD.unpack(head)
            packed = _read(path, file, length)
            if _checksum(kind, packed) != checksum:
                raise _damaged(path)
            try:
                data = zlib.decompress(packed)
            except zlib.error:
                raise _damaged(path) from None
            if kind == END:
                if data != digest.digest() or file.read(1):
                    raise _damaged(path)
                return
            digest.update(head)
            digest.update(packed)
            yield kind, data


def _begin(path: Path, file: BinaryIO) -> bytes:
    line = file.readline(len(_BEGIN) + 10)
    number = line.removeprefix(_BEGIN).strip()
    if not line.startswith(_BEGIN) or not number.isdigit():
        raise BackupError(f"{path} is no backup of Maru.")
    if int(number) != VERSION:
        raise BackupError(
            f"{path} is a backup of a later Maru (format {int(number)}; this one knows {VERSION})."
        )
    return line


def _read(path: Path, file: BinaryIO, length: int) -> bytes:
    # The length may be damaged: no more is taken into memory than there is.
    left = os.fstat(file.fileno()).st_size - file.tell()
    if length > left:
        raise BackupError(f"{path} is cut or damaged: a part of it is missing.")
    return file.read(length)


def _checksum(kind: bytes, packed: bytes) -> int:
    return zlib.crc32(packed, zlib.crc32(kind))


def _damaged(path: Path) -> BackupError:
    return BackupError(f"{path} is damaged: a checksum is wrong.")
