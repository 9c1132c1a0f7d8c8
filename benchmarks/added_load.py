"""Measurements of one server in two states, in one run: what many rooms, or many connections, cost.

Numbers of the first state, in which there are no others, end in ``_alone``.
"""

import time
from pathlib import Path

from benchmarks.generator import Generator, generator
from benchmarks.heartbeat_delay import recording_heartbeats
from benchmarks.measure import (
    AT_ONCE,
    JOIN_TIMEOUT_S,
    ROOM_MEMBERS,
    SETTLING_S,
    Result,
    Terms,
    talk,
)
from benchmarks.processes import cpu_seconds, memory
from benchmarks.scenarios import Compared, Elsewhere, Rooms, Talk
from benchmarks.server import Server

#: Seconds of each talk at least: the longest duty of the heartbeat comes round in ten.
SHORTEST_TALK_S = 24.0


def measure_added_load(
    scenario: Compared, server: Server, terms: Terms, program: Path, folder: Path
) -> Result:
    """Raises ``GeneratorError`` when clients cannot get in, and ``OSError`` for rooms."""
    longer = Terms(terms.warm_up, max(terms.measured, SHORTEST_TALK_S), terms.window)
    if isinstance(scenario, Rooms):
        return _rooms(scenario, server, longer, program, folder)
    return _elsewhere(scenario, server, longer, program, folder)


def _rooms(scenario: Rooms, server: Server, terms: Terms, program: Path, folder: Path) -> Result:
    """Everybody watches the list of rooms, as pages do: each is told of the rooms that it is in."""
    clients = scenario.busy * scenario.members
    paced = Talk(scenario.name, clients, scenario.busy, scenario.busy, rate=scenario.rate)
    with generator(program, folder, server, scenario.busy, clients, is_watching=True) as load:
        load.join(clients, AT_ONCE, JOIN_TIMEOUT_S)
        alone = _idle_and_talk(paced, server, load, terms)
        server.new_rooms(scenario.total - scenario.busy)
        return _side_by_side(alone, _idle_and_talk(paced, server, load, terms))


def _elsewhere(
    scenario: Elsewhere, server: Server, terms: Terms, program: Path, folder: Path
) -> Result:
    paced = Talk(scenario.name, scenario.clients, 1, scenario.senders, rate=scenario.rate)
    rooms = scenario.elsewhere // ROOM_MEMBERS
    others = folder / "elsewhere"
    others.mkdir()
    with (
        generator(program, folder, server, 1, scenario.clients) as load,
        generator(program, others, server, rooms, scenario.elsewhere) as elsewhere,
    ):
        load.join(scenario.clients, AT_ONCE, JOIN_TIMEOUT_S)
        alone = _idle_and_talk(paced, server, load, terms)
        before = memory(server.processes())
        elsewhere.join(scenario.elsewhere, AT_ONCE, JOIN_TIMEOUT_S)
        time.sleep(SETTLING_S)
        grown = memory(server.processes()) - before
        among = _idle_and_talk(paced, server, load, terms)
    return _side_by_side(alone, among) | {"bytes_connection": grown / scenario.elsewhere}


def _idle_and_talk(paced: Talk, server: Server, load: Generator, terms: Terms) -> Result:
    """What a talk costs beyond the same time without one, and how even the heartbeats are in it."""
    time.sleep(SETTLING_S)
    used = cpu_seconds(server.processes())
    time.sleep(terms.measured)
    idle = (cpu_seconds(server.processes()) - used) / terms.measured
    with recording_heartbeats(server.store_socket) as heartbeats:
        result = talk(paced, server, load, terms)
    result["quiet_cpu"] = idle
    result["beat_late_ms"] = heartbeats.latest_ms()
    result["cpu_us_message"] = 1e6 * (result["server_cpu"] - idle) / result["messages_s"]
    return result


def _side_by_side(alone: Result, among: Result) -> Result:
    """With the ratio of what the second state costs to what the first does."""
    return {
        **among,
        **{f"{name}_alone": number for name, number in alone.items()},
        "cpu_ratio": among["cpu_us_message"] / alone["cpu_us_message"],
        "p99_ratio": among["p99_ms"] / alone["p99_ms"],
    }
