"""A small disk for the store's data, which a fault can fill."""

import contextlib
import os
import shutil
import subprocess
from pathlib import Path

#: Bytes of the disk: more than the longest run writes.
SIZE_BYTES = 128 * 1024 * 1024


class Disk:
    """Mounted if that is possible: on Linux, as root. Elsewhere the disk is never full."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._other = folder / "something else"
        self._mounted = False

    def mount(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        options = f"size={SIZE_BYTES},mode=700"
        command = ["mount", "-t", "tmpfs", "-o", options, "maru-verify", str(self._folder)]
        with contextlib.suppress(OSError):
            self._mounted = subprocess.run(command, capture_output=True).returncode == 0

    def fill(self) -> bool:
        """Use all free space, to the last byte; returns false if no disk is mounted."""
        if not self._mounted:
            return False
        with open(self._other, "ab", buffering=0) as file, contextlib.suppress(OSError):
            disk = os.statvfs(self._folder)
            os.posix_fallocate(file.fileno(), 0, disk.f_bavail * disk.f_frsize)
            while file.write(bytes(4096)):
                pass
        return True

    def free(self) -> None:
        self._other.unlink(missing_ok=True)

    def unmount(self) -> None:
        """Unmount the disk, and copy its files into the folder."""
        if not self._mounted:
            return
        self._mounted = False
        self.free()
        kept = self._folder.with_name(f"{self._folder.name}-kept")
        ignored = shutil.ignore_patterns("*.sock", "*.relay")
        with contextlib.suppress(shutil.Error):
            shutil.copytree(self._folder, kept, ignore=ignored)
        subprocess.run(["umount", "-l", str(self._folder)], check=True, capture_output=True)
        self._folder.rmdir()
        kept.rename(self._folder)
