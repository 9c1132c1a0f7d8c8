"""A running server that is measured; the ``running()`` of each peer returns one."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.cpu_placement import Placement, pin
from benchmarks.processes import command_of, family

_numbers = itertools.count(1)


def name_rooms(number: int) -> list[str]:
    """New names of rooms, for a server that makes a room when somebody joins it."""
    return [f"room-{next(_numbers):05}" for _ in range(number)]


@dataclass
class Server:
    #: The ids of the processes that were started for it; their descendants belong to it as well.
    roots: list[int]
    ports: list[int]
    placement: Placement
    #: The lines that teach the load generator the server's protocol: benchmarks/load/dialect.c.
    dialect: list[str]
    #: The process id of a store that was started separately.
    store: int | None = None
    tokens: list[str] = field(default_factory=list)
    new_rooms: Callable[[int], list[str]] = name_rooms
    #: Lines for a client that also asks for changes in the list of rooms, after it has joined.
    watching: list[str] = field(default_factory=list)
    #: The Unix socket of the store that the server has started itself.
    store_socket: Path | None = None

    def __post_init__(self) -> None:
        pin(self.processes(), self.placement.server)
        pin(self.stores(), self.placement.store)

    def processes(self) -> list[int]:
        """The processes without the store and its supervisor."""
        return [pid for pid in self._family() if not _is_stores(pid)]

    def stores(self) -> list[int]:
        own = [pid for pid in self._family() if "valkey-server" in command_of(pid).split(" ")[0]]
        return own + [self.store] * (self.store is not None)

    def _family(self) -> list[int]:
        return [pid for root in self.roots for pid in family(root)]


def _is_stores(pid: int) -> bool:
    return any(word in command_of(pid) for word in ("valkey-server", "chat.store.supervisor"))
