"""Measures pages and prints the table: clicks on rooms, and the first load of a room."""

import os
import re
import statistics
import time
from pathlib import Path

import tools
from benchmarks.pages.browser import FirstLoad, browser, clicks, first_load
from benchmarks.pages.dataset import MESSAGES, ROOMS, dataset
from benchmarks.report import as_markdown, as_text
from benchmarks.setup import ROOT

CLICKS, LOADS = 40, 5
PAGE = ROOT / "docs" / "benchmarks.md"
START, END = "<!-- measured: bin/bench --pages --write -->", "<!-- end of measured pages -->"

Row = list[str]


def run_pages(is_written: bool) -> None:
    """Print the table, and write it into docs/benchmarks.md if so asked."""
    others = os.getloadavg()[0]
    tools.say(f"A Maru with {ROOMS} rooms, one of them with {MESSAGES:,} messages ...")
    with dataset() as made, browser() as chromium:
        tools.say("The first load of a room ...")
        loads = [first_load(chromium, made) for _ in range(LOADS)]
        tools.say("From room to room ...")
        into, out_of = clicks(chromium, made, CLICKS)
    rows = _rows(loads, into, out_of)
    print(as_text(rows))
    print()
    print(as_text(_wire(loads[-1])))
    print(f"\n{_circumstances(others)}")
    if is_written:
        _write(rows, _circumstances(others))


def _rows(loads: list[FirstLoad], into: list[float], out_of: list[float]) -> list[Row]:
    kilobytes = statistics.median(sum(load.wire.values()) for load in loads) / 1000
    requests = statistics.median(len(load.wire) for load in loads)
    paints = [load.paint_ms for load in loads]
    return [
        ["what", "p50", "p95", "wanted"],
        ["click on the full room until it can be read", *_times(into), "under 150 ms"],
        ["click on another room until it can be read", *_times(out_of), "under 150 ms"],
        ["first load of the full room: first paint", *_times(paints), ""],
        ["… over the network", f"{kilobytes:.0f} KB", "", "under 150 KB"],
        ["… requests", f"{requests:.0f}", "", "under 30"],
        ["… layout shift", f"{max(load.shift for load in loads):.3f}", "", "0"],
    ]


def _times(ms: list[float]) -> tuple[str, str]:
    ordered = sorted(ms)
    return f"{statistics.median(ms):.0f} ms", f"{ordered[int(len(ms) * 0.95)]:.0f} ms"


def _wire(load: FirstLoad) -> list[Row]:
    rows = [["of the first load", "KB"]]
    for address, size in load.wire.items():
        path = re.sub(r"^\w+://[^/]+|v-\w+/|\?.*", "", address)
        rows.append([path, f"{size / 1000:.1f}"])
    return rows


def _circumstances(others: float) -> str:
    """On what it was measured; ``others`` is the load average of the minute before."""
    processor = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    cores = len(os.sched_getaffinity(0))
    machine = f"{cores} cores ({processor[1] if processor else 'unknown'})"
    busy = f", while others kept {others:.0f} processes busy" if others > cores / 2 else ""
    return f"One worker and the browser share {machine}{busy}."


def _write(rows: list[Row], circumstances: str) -> None:
    page = PAGE.read_text("utf-8")
    when = f"Measured on {time.strftime('%-d %B %Y')}. {circumstances}"
    text = f"{START}\n\n{when}\n\n{as_markdown(rows)}\n\n{END}"
    between = re.compile(f"{re.escape(START)}.*{re.escape(END)}", re.DOTALL)
    PAGE.write_text(between.sub(lambda _: text, page), "utf-8")
