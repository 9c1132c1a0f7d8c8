"""The tables: absolute numbers, with the ratio to Node beside each, and the goals."""

import math
from collections.abc import Callable, Iterator

from benchmarks.goals import Goal, judged
from benchmarks.measure import Result
from benchmarks.run import Results, peer
from benchmarks.scenarios import Elsewhere, Idle, Joins, Rooms, Scenario, Talk

#: The server that the others are compared with.
BASE = "node"

#: A number is unreliable if a server has waited for a core for more than this share of the time.
DISTURBED_SHARE = 0.1

Row = list[str]


def tables(results: Results, scenarios: list[Scenario]) -> Iterator[tuple[str, list[Row]]]:
    """The title and the rows of each table; the first row is the heading."""
    talks = [s for s in scenarios if isinstance(s, Talk)]
    closed, paced = [s for s in talks if not s.rate], [s for s in talks if s.rate]
    joins = [s for s in scenarios if isinstance(s, Joins)]
    idle = [s for s in scenarios if isinstance(s, Idle)]
    yield "Closed loop: deliveries a second", _table(results, closed, _deliveries)
    yield "Closed loop: messages in, a second", _table(results, closed, _messages)
    yield "Fixed rate: p50 / p99 / p99.9, and p50 to Node's", _table(results, paced, _latency)
    yield "Fixed rate: µs of server CPU for a message", _table(results, paced, _cost)
    yield "Connects and joins a second", _table(results, joins, _joins)
    yield "KB of memory for an idle connection", _table(results, idle, _memory)
    yield (
        "Seconds of CPU after all are lost at once",
        _table(results, [s for s in idle if s.is_lost], _lost),
    )
    compared = [s for s in scenarios if isinstance(s, Rooms | Elsewhere)]
    yield "Alone, and among many: µs of server CPU for a message", _table(results, compared, _added)
    yield "Alone, and among many: p50 / p99 / longest", _table(results, compared, _slowed)
    yield "Alone, and among many: the latest beat", _table(results, compared, _heartbeats)
    yield "Goals: Maru to Node", [["goal", "wanted", "reached", ""], *_goals(results)]


def _table(results: Results, scenarios: list[Scenario], cell: Callable) -> list[Row]:
    rows = []
    for scenario in scenarios:
        base = results.get(BASE, {}).get(scenario.name, {})
        mine = [_cell(results[name].get(scenario.name, {}), base, cell) for name in results]
        if any(text for text in mine):
            rows.append([scenario.title, *mine])
    return [["", *(peer(name).NAME for name in results)], *rows] if rows else []


def _cell(result: Result, base: Result, cell: Callable[[Result, Result], str]) -> str:
    return "failed" if "error" in result else cell(result, base) if result else ""


def _deliveries(result: Result, base: Result) -> str:
    text = f"{result['deliveries_s']:,.0f}{_ratio(result, base, 'deliveries_s')}"
    return f"{text}, p99 {_ms(result['p99_ms'])}{_wrong(result)}"


def _messages(result: Result, base: Result) -> str:
    return f"{result['messages_s']:,.0f}{_ratio(result, base, 'messages_s')}"


def _latency(result: Result, base: Result) -> str:
    if not result["keeps_up"]:
        return "does not keep up"
    spread = " / ".join(_ms(result[f"{name}_ms"]) for name in ("p50", "p99", "p999"))
    return f"{spread}{_ratio(result, base, 'p50_ms')}{_wrong(result)}"


def _cost(result: Result, base: Result) -> str:
    if not result["keeps_up"]:
        return "–"
    return f"{result['cpu_us_message']:,.0f}{_ratio(result, base, 'cpu_us_message')}"


def _joins(result: Result, base: Result) -> str:
    text = f"{result['joins_s']:,.0f}{_ratio(result, base, 'joins_s')}"
    failed = f" [{result['failed']:,} failed]" if result["failed"] else ""
    return f"{text}, p99 {_ms(result['p99_ms'])}{failed}"


def _memory(result: Result, base: Result) -> str:
    text = f"{result['bytes_connection'] / 1024:.1f}{_ratio(result, base, 'bytes_connection')}"
    store = result["store_bytes_connection"] / 1024
    return f"{text}, store {store:.1f}" if store >= 0.05 else text


def _lost(result: Result, base: Result) -> str:
    if "lost_cpu_s" not in result:
        return ""
    return f"{result['lost_cpu_s']:.2f}{_ratio(result, base, 'lost_cpu_s')}"


def _added(result: Result, base: Result) -> str:
    alone, among = result["cpu_us_message_alone"], result["cpu_us_message"]
    return f"{alone:,.0f}, {among:,.0f} ({result['cpu_ratio']:.2g}×){_wrong(result)}"


def _slowed(result: Result, base: Result) -> str:
    numbers = ("p50_ms", "p99_ms", "max_ms")
    alone = " / ".join(_ms(result[f"{number}_alone"]) for number in numbers)
    among = " / ".join(_ms(result[number]) for number in numbers)
    return f"{alone}, {among} ({result['p99_ratio']:.2g}× at p99)"


def _heartbeats(result: Result, base: Result) -> str:
    if math.isnan(result["beat_late_ms"]):
        return ""
    return f"{_ms(result['beat_late_ms_alone'])}, {_ms(result['beat_late_ms'])} late"


def _ratio(result: Result, base: Result, number: str) -> str:
    if result is base or not base.get(number) or result.get(number) is None:
        return ""
    ratio = result[number] / base[number]
    return f" ({ratio:,.0f}×)" if ratio >= 20 else f" ({ratio:.2g}×)"


def _ms(value: float) -> str:
    return f"{value:,.0f} ms" if value >= 100 else f"{value:.3g} ms"


def _wrong(result: Result) -> str:
    """What makes a number worth less than it looks."""
    counts = ("missing", "doubled", "mixed", "lost", "refused")
    said = [f"{result[name]:,} {name}" for name in counts if result[name]]
    if result["generator_is_busy"]:
        said.append("generator or store at the limit")
    return f" [{', '.join(said)}]" if said else ""


def _goals(results: Results) -> Iterator[Row]:
    for goal, reached, verdict in judged(results):
        yield [goal.what, _wanted(goal), "–" if reached is None else f"{reached:.2f}", verdict]


def _wanted(goal: Goal) -> str:
    unit = "" if goal.absolute else "×"
    return f"≥ {goal.at_least:g}{unit}" if goal.at_least else f"≤ {goal.at_most:g}{unit}"


def remark(results: Results, scenarios: list[Scenario]) -> str:
    """Empty if the machine was this run's own. With two workers there is always a shortage."""
    alone = {s.name for s in scenarios if isinstance(s, Talk) and s.workers == 1}
    waited = [
        result["server_waited"]
        for measured in results.values()
        for name, result in measured.items()
        if name in alone and "server_waited" in result
    ]
    disturbed = len([share for share in waited if share > DISTURBED_SHARE])
    if not disturbed:
        return ""
    return (
        f"In {disturbed} of {len(waited)} measurements others took more than"
        f" {100 * DISTURBED_SHARE:.0f} % of the server's core."
        " Measure again when the machine is quiet."
    )


def shares_of_a_core(results: Results) -> list[Row]:
    """Of one core, while it was measured: who could have been the limit.

    What the server wanted in vain, others had: the numbers are then too low.
    """
    rows = [["share of a core", "server", "wanted in vain", "store", "generator"]]
    for name, measured in results.items():
        for scenario, result in measured.items():
            if "server_cpu" in result:
                shares = ("server_cpu", "server_waited", "store_cpu", "generator_cpu")
                numbers = (f"{100 * result[share]:.0f} %" for share in shares)
                rows.append([f"{name}, {scenario}", *numbers])
    return rows


def as_text(rows: list[Row]) -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def as_markdown(rows: list[Row]) -> str:
    heading, *body = rows
    lines = [heading, ["---"] * len(heading), *body]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)
