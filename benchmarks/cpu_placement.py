"""The processor cores of the server, the store and the load generator: the same for every server.

Each process of the server has a core of its own, if another core is left for the generator and the
store; these two share a core if only one is left. Otherwise the system chooses the cores.
"""

import contextlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Placement:
    server: set[int]
    store: set[int]
    generator: set[int]

    def __str__(self) -> str:
        names = [f"{who} on {_names(cores)}" for who, cores in vars(self).items()]
        return "not pinned" if self.server == self.generator else ", ".join(names)


def placement(workers: int) -> Placement:
    cores = sorted(os.sched_getaffinity(os.getppid()))
    rest = cores[workers:]
    if not rest:
        return Placement(set(cores), set(cores), set(cores))
    return Placement(set(cores[:workers]), {rest[0]}, {rest[-1]})


def pin(pids: Iterable[int], cores: set[int]) -> None:
    """Pin all threads of these processes to these cores."""
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").glob("*"):
            with contextlib.suppress(OSError):
                os.sched_setaffinity(int(task.name), cores)


def _names(cores: set[int]) -> str:
    return "CPU " + ", ".join(map(str, sorted(cores)))
