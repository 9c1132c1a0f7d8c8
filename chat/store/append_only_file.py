"""The append-only file of the embedded store: reserves disk space for it, and syncs it.

The server writes each change to this file before it answers. But on a full disk it answers before
it notices that the write has failed. So the supervisor reserves disk space after the end of the
file (fallocate), and stops all writes while it cannot. The supervisor also syncs the file to the
disk each second. With the server's own syncing (``appendfsync everysec``) a slow disk would delay
the writes themselves, and the server would answer before it has written.
"""

import contextlib
import ctypes
import errno
import os
import threading
from pathlib import Path

#: Bytes that are reserved, but at most an eighth (SHARE) of the disk.
RESERVED, SHARE = 16 * 1024 * 1024, 8
#: Seconds between two syncs.
SYNC_S = 1.0
#: Bytes by which a file's blocks may exceed its length without any reserved space.
_ROUNDING = 64 * 1024
#: FALLOC_FL_KEEP_SIZE of Linux: the file keeps its length.
_KEEP_SIZE = 1
_UNSUPPORTED = (errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)


class AppendOnlyFile:
    """The file to which the embedded server appends each change, in its data folder."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / "appendonlydir"
        self._fd: int | None = None
        self._lock = threading.Lock()
        #: Whether the file system can reserve space; if not, only the free space is checked.
        self._reserves = True
        self.path: Path | None = None

    def start_syncing(self) -> None:
        """Sync the file again and again, in a thread of its own."""
        threading.Thread(target=self._sync, daemon=True).start()

    def newest(self) -> Path | None:
        """The path of the file that the server writes to now, according to the manifest."""
        with contextlib.suppress(OSError):
            for manifest in self._folder.glob("*.manifest"):
                lines = [line.split() for line in manifest.read_text("utf-8").splitlines()]
                names = [w[1] for w in lines if w[:1] == ["file"] and w[-2:] == ["type", "i"]]
                if names:
                    return self._folder / names[-1]
        return None

    def open_newest(self) -> bool:
        """Open the file that the server writes to now; returns whether it is another one."""
        path = self.newest()
        if path is None or path == self.path:
            return False
        opened = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        with self._lock:
            before, self._fd, self.path = self._fd, opened, path
        if before is not None:
            # The server has finished the old file: release the space that is reserved there.
            os.ftruncate(before, os.fstat(before).st_size)
            os.fdatasync(before)
            os.close(before)
        return True

    def reserve(self) -> bool:
        """Reserve space again, if little is left. Returns false if the disk has too little."""
        if self._fd is None:
            return False
        wanted = self._bytes_to_reserve()
        if not self._reserves:
            return self._free_bytes() > wanted
        status = os.fstat(self._fd)
        if _reserved_bytes(status) > wanted * 3 // 4:
            return True
        number = _fallocate(self._fd, status.st_size, wanted)
        if number in _UNSUPPORTED:
            self._reserves = False
            return self._free_bytes() > wanted
        return number == 0

    def is_reserve_used_up(self) -> bool:
        """Whether the server has used all of the reserved space: then writes may have failed."""
        if self._fd is None or not self._reserves:
            return False
        return not has_reserved_space(os.fstat(self._fd))

    def has_all_writes(self) -> bool:
        """Whether the file contains every change that the server has acknowledged.

        It does if some of the reserved space is left: then no write has failed for lack of space.
        To be called after the server has ended.
        """
        if self._fd is None or self.newest() != self.path:
            return False
        if not self._reserves:
            return self._free_bytes() > self._bytes_to_reserve() // 2
        return not self.is_reserve_used_up()

    def close(self) -> None:
        """Close the file, and release the reserved space."""
        with self._lock:
            if self._fd is not None:
                os.ftruncate(self._fd, os.fstat(self._fd).st_size)
                os.close(self._fd)
            self._fd = self.path = None

    def _bytes_to_reserve(self) -> int:
        disk = os.statvfs(self._folder)
        return min(RESERVED, disk.f_blocks * disk.f_frsize // SHARE)

    def _free_bytes(self) -> int:
        disk = os.statvfs(self._folder)
        return disk.f_bavail * disk.f_frsize

    def _sync(self) -> None:
        pause = threading.Event()
        while not pause.wait(SYNC_S):
            with self._lock:
                file = None if self._fd is None else os.dup(self._fd)
            if file is not None:
                # The server notices a broken disk: its writes fail.
                with contextlib.suppress(OSError):
                    os.fdatasync(file)
                os.close(file)


def has_reserved_space(status: os.stat_result) -> bool:
    """Whether the file with this status has reserved space."""
    return _reserved_bytes(status) > _ROUNDING


def _reserved_bytes(status: os.stat_result) -> int:
    """Bytes of disk space that the file has beyond its length."""
    return status.st_blocks * 512 - status.st_size


def _fallocate(file: int, start: int, length: int) -> int:
    """Reserve space; returns the error number, or 0."""
    function = getattr(_libc, "fallocate64", None) or getattr(_libc, "fallocate", None)
    if function is None:
        return errno.ENOSYS
    function.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
    return 0 if function(file, _KEEP_SIZE, start, length) == 0 else ctypes.get_errno()


_libc = ctypes.CDLL(None, use_errno=True)
