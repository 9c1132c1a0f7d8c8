"""Maru with its limits on: each counts, and is so high that the load never reaches it."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from benchmarks.peers.maru import start as maru
from benchmarks.server import Server

NAME = "Maru, limits on"
packages = maru.packages


@contextlib.contextmanager
def running(folder: Path, workers: int) -> Iterator[Server]:
    high = {name: "100000" if name.endswith("_RATE") else "20000" for name in maru.LIMITS}
    with maru.running(folder, workers, high) as server:
        yield server
