"""One run: measures one server after the other, each with the same scenarios."""

import importlib
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from benchmarks.added_load import measure_added_load
from benchmarks.cpu_placement import pin, placement
from benchmarks.generator import GeneratorError
from benchmarks.measure import Result, Terms, measure
from benchmarks.processes import StartError
from benchmarks.scenarios import Idle, Joins, Scenario, Talk
from benchmarks.server import Server
from benchmarks.setup import load_program

#: The servers, by their names on the command line, in the order of the tables.
PEERS = ("maru", "limited", "node", "stock", "nchan", "channels")

#: Server -> scenario -> its result, or ``{"error": …}``.
Results = dict[str, dict[str, Result]]


def peer(name: str) -> Any:
    return importlib.import_module(f"benchmarks.peers.{name}.start")


def run(names: Iterable[str], scenarios: list[Scenario], terms: Terms) -> Results:
    # This process must not use the server's core.
    pin([os.getpid()], placement(1).generator)
    results: Results = {name: {} for name in names}
    for name in results:
        for batch in _batches([s for s in scenarios if _is_of(s, name)]):
            _run_batch(name, batch, terms, results[name].__setitem__)
    return results


def _is_of(scenario: Scenario, name: str) -> bool:
    only = () if isinstance(scenario, Talk | Joins) else scenario.only
    return not only or name in only


def _batches(scenarios: list[Scenario]) -> list[list[Scenario]]:
    """Groups of scenarios, one for each start of a server.

    Scenarios that measure memory, or compare two states, get a fresh server each.
    """
    shared: dict[int, list[Scenario]] = {}
    fresh = []
    for scenario in scenarios:
        if isinstance(scenario, Talk | Joins):
            shared.setdefault(scenario.workers, []).append(scenario)
        else:
            fresh.append([scenario])
    return [*shared.values(), *fresh]


def _run_batch(
    name: str, batch: list[Scenario], terms: Terms, keep: Callable[[str, Result], None]
) -> None:
    with tempfile.TemporaryDirectory(prefix="maru-bench-") as path:
        folder = Path(path)
        try:
            with peer(name).running(folder, batch[0].workers) as server:
                _say(f"{name}: processes {server.processes()}, store {server.stores()}")
                for scenario in batch:
                    _say(f"{name}: {scenario.title} ...")
                    keep(scenario.name, _tried(scenario, server, terms, folder))
        except (StartError, OSError) as error:
            _say(f"{name}: {error}")
            for scenario in batch:
                keep(scenario.name, {"error": str(error)})


def _tried(scenario: Scenario, server: Server, terms: Terms, folder: Path) -> Result:
    """The result of a scenario, or its error: the next scenarios are measured in any case."""
    how: Any = measure if isinstance(scenario, Talk | Joins | Idle) else measure_added_load
    try:
        return how(scenario, server, terms, load_program(), folder)
    except (GeneratorError, OSError) as error:
        _say(f"  {error}")
        return {"error": str(error)}


def _say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)
