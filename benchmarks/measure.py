"""One measurement of one server. Its result is a plain dict, which is stored in a file."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.generator import BUSY_SHARE, Generator, generator
from benchmarks.processes import cpu_seconds, memory, waited_seconds
from benchmarks.scenarios import Idle, Joins, Talk
from benchmarks.server import Server

#: The share of the sent messages that a server has to deliver at a fixed rate.
KEEPING_UP_SHARE = 0.9
#: Members of a room in which nobody sends.
ROOM_MEMBERS = 100
#: Clients that connect at the same time.
AT_ONCE = 50
#: Clients that are connected before memory is measured.
FIRST_CLIENTS = 1000
#: Seconds in which all clients have to join.
JOIN_TIMEOUT_S = 120.0
#: A server that uses less than this share of a core has finished the work of the measurement
#: before; seconds to wait for that.
IDLE_SHARE, IDLE_TIMEOUT_S = 0.15, 20.0
#: Seconds to wait after clients have joined; and at least and at most until a server is idle again
#: after it has lost them, so that the grace of lost connections is over.
SETTLING_S, SHORTEST_WAIT_S, LONGEST_WAIT_S = 4.0, 6.0, 40.0

Result = dict[str, Any]


@dataclass(frozen=True)
class Terms:
    """Seconds of warm-up and of measuring; and the messages in flight of each sender, for closed
    loops."""

    warm_up: float
    measured: float
    window: int


def measure(
    scenario: Talk | Joins | Idle, server: Server, terms: Terms, program: Path, folder: Path
) -> Result:
    """Raises ``GeneratorError`` if clients cannot join."""
    rooms = scenario.rooms if isinstance(scenario, Talk) else scenario.clients // ROOM_MEMBERS
    wait_until_idle(server)
    with generator(program, folder, server, rooms, scenario.clients) as load:
        if isinstance(scenario, Joins):
            return _joins(scenario, server, load)
        if isinstance(scenario, Idle):
            return _idle(scenario, server, load)
        load.join(scenario.clients, AT_ONCE, JOIN_TIMEOUT_S)
        return talk(scenario, server, load, terms)


def wait_until_idle(server: Server) -> None:
    """Wait until the server has finished its work for clients of the measurement before."""
    deadline = time.monotonic() + IDLE_TIMEOUT_S
    while _cpu_of(server.processes(), 0.2) > IDLE_SHARE * 0.2 and time.monotonic() < deadline:
        pass


def talk(scenario: Talk, server: Server, load: Generator, terms: Terms) -> Result:
    """Measure messages between clients that have joined."""
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
        "keeps_up": not scenario.rate or messages > KEEPING_UP_SHARE * scenario.rate * seconds,
        "generator_is_busy": _on_its_core(server, line["cpu"], stores / seconds) > BUSY_SHARE,
    }


def _on_its_core(server: Server, generator: float, store: float) -> float:
    """The generator's share of its core, with the store's share if both use the same core."""
    where = server.placement
    return generator + store * (where.store == where.generator != where.server)


def _joins(scenario: Joins, server: Server, load: Generator) -> Result:
    used, stores = cpu_seconds(server.processes()), cpu_seconds(server.stores())
    line = load.join(scenario.clients, AT_ONCE, JOIN_TIMEOUT_S)
    used, stores = cpu_seconds(server.processes()) - used, cpu_seconds(server.stores()) - stores
    return {
        "joins_s": line["rate"],
        "failed": line["failed"],
        **{f"{name}_ms": line[name] for name in ("p50", "p99")},
        "cpu_us_join": 1e6 * used / scenario.clients,
        "store_us_join": 1e6 * stores / scenario.clients,
    }


def _idle(scenario: Idle, server: Server, load: Generator) -> Result:
    """Measure the memory of connections after the first ones, when the caches are filled."""
    before = _settled(server, load, FIRST_CLIENTS)
    after = _settled(server, load, scenario.clients)
    more = scenario.clients - FIRST_CLIENTS
    result: Result = {
        "bytes_connection": (after[0] - before[0]) / more,
        "store_bytes_connection": (after[1] - before[1]) / more,
    }
    if scenario.is_lost:
        result |= _lost(server, load)
    return result


def _settled(server: Server, load: Generator, clients: int) -> tuple[int, int]:
    """Bytes of the server and of its store with so many clients."""
    load.join(clients, AT_ONCE, JOIN_TIMEOUT_S)
    time.sleep(SETTLING_S)
    return memory(server.processes()), memory(server.stores())


def _lost(server: Server, load: Generator) -> Result:
    """Measure the CPU time that losing all clients costs, above what an idle server uses."""
    idle = _cpu_of(server.processes(), 2.0) / 2.0
    used, stores = cpu_seconds(server.processes()), cpu_seconds(server.stores())
    began = time.monotonic()
    load.drop()
    idle_times = 0
    while time.monotonic() - began < LONGEST_WAIT_S and (
        idle_times < 2 or time.monotonic() - began < SHORTEST_WAIT_S
    ):
        idle_times = idle_times + 1 if _cpu_of(server.processes(), 1.0) <= idle + 0.03 else 0
    seconds = time.monotonic() - began
    used, stores = cpu_seconds(server.processes()) - used, cpu_seconds(server.stores()) - stores
    return {"lost_cpu_s": max(0.0, used - idle * seconds), "lost_store_cpu_s": stores}


def _cpu_of(pids: Iterable[int], seconds: float) -> float:
    pids = list(pids)
    before = cpu_seconds(pids)
    time.sleep(seconds)
    return cpu_seconds(pids) - before
