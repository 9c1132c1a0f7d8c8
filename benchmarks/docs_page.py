"""Writes the results into docs/benchmarks.md, and draws the picture on that page."""

import json
import re
import time

import tools
from benchmarks.machine import about
from benchmarks.report import as_markdown, remark, shares_of_a_core, tables
from benchmarks.run import Results
from benchmarks.scenarios import Scenario
from benchmarks.setup import CACHE, HERE, ROOT, bench_python

PAGE = ROOT / "docs" / "benchmarks.md"
PICTURE = ROOT / "docs" / "images" / "benchmarks.svg"
START, END = "<!-- measured: bin/bench --write -->", "<!-- end of measured -->"


def write(results: Results, scenarios: list[Scenario]) -> None:
    _draw(results)
    page = PAGE.read_text("utf-8")
    text = f"{START}\n\n{_measured(results, scenarios)}\n\n{END}"
    # A function: a replacement text would interpret backslashes.
    between = re.compile(f"{re.escape(START)}.*{re.escape(END)}", re.DOTALL)
    PAGE.write_text(between.sub(lambda _: text, page), "utf-8")


def _measured(results: Results, scenarios: list[Scenario]) -> str:
    when = f"Measured on {time.strftime('%-d %B %Y')}."
    parts = [f"{when} {remark(results, scenarios)}".strip()]
    for title, rows in tables(results, scenarios):
        if len(rows) > 1:
            parts.append(f"### {title}\n\n{as_markdown(rows)}")
    parts.append(f"### Who was busy\n\n{as_markdown(shares_of_a_core(results))}")
    named = [list(row) for row in about(list(results))]
    parts.append(f"### Machine and versions\n\n{as_markdown([['what', 'which'], *named])}")
    return "\n\n".join(parts)


def _draw(results: Results) -> None:
    """Draw the picture, with a program in the other environment, which has the library."""
    kept = CACHE / "drawn.json"
    kept.write_text(json.dumps(results))
    python = bench_python()
    with tools.lock():
        tools.run([python, HERE / "chart.py", kept, PICTURE], "the picture could not be drawn.")
