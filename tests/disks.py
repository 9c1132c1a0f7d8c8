"""A small disk that a test can fill."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class Disk:
    def __init__(self, folder: Path):
        self.folder = folder

    def resize(self, megabytes: int) -> None:
        self._mount(f"remount,size={megabytes}m")

    def fill(self) -> Path:
        """Something else on the disk takes what is left."""
        other = self.folder / "something else"
        with open(other, "ab", buffering=0) as file:
            for size in (65536, 4096):
                try:
                    while file.write(b"x" * size):
                        pass
                except OSError:
                    continue
        return other

    def _mount(self, options: str) -> None:
        command = ["mount", "-t", "tmpfs", "-o", options, "maru-test", str(self.folder)]
        subprocess.run(command, check=True, capture_output=True)


@contextmanager
def small_disk(folder: Path, megabytes: int = 4) -> Iterator[Disk]:
    """One of its own, mounted at this folder."""
    folder.mkdir(parents=True, exist_ok=True)
    disk = Disk(folder)
    try:
        disk._mount(f"size={megabytes}m,mode=700")
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no disk can be mounted here (uid {os.geteuid()}): {error}")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
