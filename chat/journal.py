"""The append-only file of the embedded store, as its keeper looks after it.

The server writes each change to this file before it answers, but on a full disk it would answer
before it finds out that it could not. So the keeper sets disk space aside behind the end of the
file, ahead of what is written, and stops the writes while it cannot. It also has the system bring
the file to the disk each second: a server that did that itself would answer first and write later
whenever the disk is slow.
"""

import contextlib
import ctypes
import errno
import os
import threading
from pathlib import Path

#: Bytes set aside, and the share of a small disk that they take at the most.
SPARE, SHARE = 16 * 1024 * 1024, 8
#: Seconds between two times that the file is brought to the disk.
SYNC = 1.0
#: Bytes by which a file's space may exceed its length without anything having been set aside.
_ROUNDING = 64 * 1024
#: Of Linux's fallocate: the file keeps its length.
_KEEP_SIZE = 1
_UNSUPPORTED = (errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)


class Journal:
    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / "appendonlydir"
        self._file: int | None = None
        self._lock = threading.Lock()
        #: Whether the file system sets space aside; else only free space can be looked at.
        self._reserves = True
        self.path: Path | None = None

    def start_syncing(self) -> None:
        threading.Thread(target=self._sync, daemon=True).start()

    def newest(self) -> Path | None:
        """The file that the server writes to, by its list of them."""
        with contextlib.suppress(OSError):
            for manifest in self._folder.glob("*.manifest"):
                lines = [line.split() for line in manifest.read_text("utf-8").splitlines()]
                names = [w[1] for w in lines if w[:1] == ["file"] and w[-2:] == ["type", "i"]]
                if names:
                    return self._folder / names[-1]
        return None

    def follow(self) -> bool:
        """Look after the file that the server writes to now; whether that is another one."""
        path = self.newest()
        if path is None or path == self.path:
            return False
        opened = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        with self._lock:
            before, self._file, self.path = self._file, opened, path
        if before is not None:
            # Nothing is written to it any more: what is set aside there is needed here.
            os.ftruncate(before, os.fstat(before).st_size)
            os.fdatasync(before)
            os.close(before)
        return True

    def reserve(self) -> bool:
        """Set space aside again; false when the disk does not have it."""
        if self._file is None:
            return False
        wanted = self._wanted()
        if not self._reserves:
            return self._free() > wanted
        status = os.fstat(self._file)
        if _spare(status) > wanted * 3 // 4:
            return True
        number = _fallocate(self._file, status.st_size, wanted)
        if number in _UNSUPPORTED:
            self._reserves = False
            return self._free() > wanted
        return number == 0

    def is_whole(self) -> bool:
        """Is everything that the server has answered for in the file?

        It is while there is space left of what was set aside: then no write has failed for want of
        it. To be asked once the server has ended.
        """
        if self._file is None or self.newest() != self.path:
            return False
        if not self._reserves:
            return self._free() > self._wanted() // 2
        return _spare(os.fstat(self._file)) > _ROUNDING

    def close(self) -> None:
        """Give back what is set aside."""
        with self._lock:
            if self._file is not None:
                os.ftruncate(self._file, os.fstat(self._file).st_size)
                os.close(self._file)
            self._file = self.path = None

    def _wanted(self) -> int:
        disk = os.statvfs(self._folder)
        return min(SPARE, disk.f_blocks * disk.f_frsize // SHARE)

    def _free(self) -> int:
        disk = os.statvfs(self._folder)
        return disk.f_bavail * disk.f_frsize

    def _sync(self) -> None:
        pause = threading.Event()
        while not pause.wait(SYNC):
            with self._lock:
                file = None if self._file is None else os.dup(self._file)
            if file is not None:
                # A disk that cannot do that is found out by the server's own writes.
                with contextlib.suppress(OSError):
                    os.fdatasync(file)
                os.close(file)


def is_spare(status: os.stat_result) -> bool:
    """Is space set aside in the file of this status?"""
    return _spare(status) > _ROUNDING


def _spare(status: os.stat_result) -> int:
    """Bytes that the file has beyond its end."""
    return status.st_blocks * 512 - status.st_size


def _fallocate(file: int, start: int, length: int) -> int:
    """The number of the error, 0 if it worked."""
    function = getattr(_libc, "fallocate64", None) or getattr(_libc, "fallocate", None)
    if function is None:
        return errno.ENOSYS
    function.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
    return 0 if function(file, _KEEP_SIZE, start, length) == 0 else ctypes.get_errno()


_libc = ctypes.CDLL(None, use_errno=True)
