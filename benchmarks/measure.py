"""One measurement of one server, by its kind. The results are plain dicts, as kept in a file."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.generator import BUSY, Generator, generator
from benchmarks.processes import cpu_seconds, memory, waited_seconds
from benchmarks.scenarios import Idle, Joins, Talk
from benchmarks.server import Server

#: The share of the messages that are due which a server has to deliver at a fixed rate.
KEEPING_UP = 0.9
#: Members of a room where nobody talks.
ROOM = 100
#: Clients that are on their way at the same time.
AT_ONCE = 50
#: Clients that are there before memory is measured.
FIRST = 1000
#: Seconds in which everybody has to be in.
JOINING = 120.0
#: A server uses less than this share of a core when it has done with what came before; seconds that
#: it gets for that.
CALM, CALMING = 0.15, 20.0
#: Seconds until a server has settled after clients came; and at least and at most until it is idle
#: again after they were lost, so that a grace for those who come back is over.
SETTLING, SHORTEST, LONGEST = 4.0, 6.0, 40.0

Result = dict[str, Any]


@dataclass(frozen=True)
class Terms:
    """Of every talk: its seconds before what is measured, and of it; and for closed loops, how
    many messages of each sender are in flight."""

    warm_up: float
    measured: float
    window: int


def measure(
    scenario: Talk | Joins | Idle, server: Server, terms: Terms, program: Path, folder: Path
) -> Result:
    """Raises ``GeneratorError`` when clients cannot get in."""
    rooms = scenario.rooms if isinstance(scenario, Talk) else scenario.clients // ROOM
    wait_until_calm(server)
    with generator(program, folder, server, rooms, scenario.clients) as load:
        if isinstance(scenario, Joins):
            return _joins(scenario, server, load)
        if isinstance(scenario, Idle):
            return _idle(scenario, server, load)
        load.join(scenario.clients, AT_ONCE, JOINING)
        return talk(scenario, server, load, terms)


def wait_until_calm(server: Server) -> None:
    """What it still owes to clients that are gone is not for the next measurement."""
    deadline = time.monotonic() + CALMING
    while _cpu_of(server.processes(), 0.2) > CALM * 0.2 and time.monotonic() < deadline:
        pass


def talk(scenario: Talk, server: Server, load: Generator, terms: Terms) -> Result:
    """Of clients that have joined."""
    used = {}

    def look(when: str) -> None:
        pids, stores = server.processes(), server.stores()
        used[when] = cpu_seconds(pids), cpu_seconds(stores), waited_seconds(pids)

    window = scenario.window or terms.window
    line = load.talk(
        scenario.senders, window, terms.warm_up, terms.measured, scenario.rate,
        lambda: look("start"), lambda: look("end"),
    )  # fmt: skip
    seconds = line["seconds"]
    ours, stores, waited = (b - a for a, b in zip(used["start"], used["end"], strict=True))
    messages, deliveries = line["messages"], line["deliveries"]
    return {
        "messages_s": messages / seconds,
        "deliveries_s": deliveries / seconds,
        **{f"{name}_ms": line[name] for name in ("p50", "p90", "p99", "p999", "max")},
        "frame_bytes": line["frame"],
        "server_cpu": ours / seconds,
        "server_waited": waited / seconds,
        "store_cpu": stores / seconds,
        "generator_cpu": line["cpu"],
        "cpu_us_message": 1e6 * ours / messages if messages else None,
        "cpu_us_delivery": 1e6 * ours / deliveries if deliveries else None,
        "store_us_message": 1e6 * stores / messages if messages else None,
        **{name: line[name] for name in ("missing", "doubled", "mixed", "lost", "refused", "odd")},
        "keeps_up": not scenario.rate or messages > KEEPING_UP * scenario.rate * seconds,
        "generator_is_busy": _on_its_core(server, line["cpu"], stores / seconds) > BUSY,
    }


def _on_its_core(server: Server, generator: float, store: float) -> float:
    """The generator's share, with that of the store where they have one core between them."""
    where = server.placement
    return generator + store * (where.store == where.generator != where.server)


def _joins(scenario: Joins, server: Server, load: Generator) -> Result:
    used, stores = cpu_seconds(server.processes()), cpu_seconds(server.stores())
    line = load.join(scenario.clients, AT_ONCE, JOINING)
    used, stores = cpu_seconds(server.processes()) - used, cpu_seconds(server.stores()) - stores
    return {
        "joins_s": line["rate"],
        "failed": line["failed"],
        **{f"{name}_ms": line[name] for name in ("p50", "p99")},
        "cpu_us_join": 1e6 * used / scenario.clients,
        "store_us_join": 1e6 * stores / scenario.clients,
    }


def _idle(scenario: Idle, server: Server, load: Generator) -> Result:
    """The memory of those after the first ones: what is made once is made by then."""
    before = _settled(server, load, FIRST)
    after = _settled(server, load, scenario.clients)
    more = scenario.clients - FIRST
    result: Result = {
        "bytes_connection": (after[0] - before[0]) / more,
        "store_bytes_connection": (after[1] - before[1]) / more,
    }
    if scenario.is_lost:
        result |= _lost(server, load)
    return result


def _settled(server: Server, load: Generator, clients: int) -> tuple[int, int]:
    """Bytes of the server and of its store with so many clients."""
    load.join(clients, AT_ONCE, JOINING)
    time.sleep(SETTLING)
    return memory(server.processes()), memory(server.stores())


def _lost(server: Server, load: Generator) -> Result:
    """What it costs, over what the server uses anyway, until it is as idle as it was."""
    idle = _cpu_of(server.processes(), 2.0) / 2.0
    used, stores = cpu_seconds(server.processes()), cpu_seconds(server.stores())
    began = time.monotonic()
    load.drop()
    calm = 0
    while time.monotonic() - began < LONGEST and (calm < 2 or time.monotonic() - began < SHORTEST):
        calm = calm + 1 if _cpu_of(server.processes(), 1.0) <= idle + 0.03 else 0
    seconds = time.monotonic() - began
    used, stores = cpu_seconds(server.processes()) - used, cpu_seconds(server.stores()) - stores
    return {"lost_cpu_s": max(0.0, used - idle * seconds), "lost_store_cpu_s": stores}


def _cpu_of(pids: Iterable[int], seconds: float) -> float:
    pids = list(pids)
    before = cpu_seconds(pids)
    time.sleep(seconds)
    return cpu_seconds(pids) - before
