"""The goals of Maru, compared with Socket.IO on Node with its Redis adapter in the same run."""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.measure import Result
from benchmarks.run import Results


@dataclass(frozen=True)
class Goal:
    what: str
    scenario: str
    #: The name of the number in the result.
    number: str
    #: At least so many times Node's number; or, for a number that should be small, at most.
    at_least: float | None = None
    at_most: float | None = None
    #: Compare with this scenario of Maru, not with Node.
    than: str | None = None
    #: Compare with nothing: the number itself.
    absolute: bool = False


GOALS = [
    Goal("deliveries/s, 500 clients in 1 room", "one-room", "deliveries_s", at_least=10),
    Goal("p99, 500 clients in 1 room", "one-room", "p99_ms", at_most=1),
    Goal("deliveries/s, 500 clients in 5 rooms", "five-rooms", "deliveries_s", at_least=8),
    Goal("p99, 500 clients in 5 rooms", "five-rooms", "p99_ms", at_most=1),
    Goal("messages/s in, 400 clients in 100 rooms", "many-rooms", "messages_s", at_least=2),
    Goal("p99, 400 clients in 100 rooms", "many-rooms", "p99_ms", at_most=1),
    Goal("p50 at 10 messages/s, room of 100", "calm", "p50_ms", at_most=1),
    Goal("connects and joins a second", "joins", "joins_s", at_least=1),
    Goal("memory per idle connection", "lost-5000", "bytes_connection", at_most=0.5),
    Goal("memory per idle connection, of 15,000", "idle-15000", "bytes_connection", at_most=0.5),
    Goal("CPU s after 5,000 are lost", "lost-5000", "lost_cpu_s", at_most=1, absolute=True),
    Goal("the same of 10,000 to 2,500", "lost-10000", "lost_cpu_s", at_most=5, than="lost-2500"),
    Goal("CPU, 1,000 rooms of 50,000", "rooms-50000", "cpu_ratio", at_most=1.1, absolute=True),
    Goal("p99, 1,000 rooms of 50,000", "rooms-50000", "p99_ratio", at_most=1.5, absolute=True),
    Goal("CPU, 9,000 elsewhere", "elsewhere-9000", "cpu_ratio", at_most=1.1, absolute=True),
    Goal("p99, 9,000 elsewhere", "elsewhere-9000", "p99_ratio", at_most=1.5, absolute=True),
    Goal(
        "bytes, 9,000 elsewhere", "elsewhere-9000", "bytes_connection", at_most=5120, absolute=True
    ),
    Goal("2 workers to 1", "five-rooms-2", "deliveries_s", at_least=1.5, than="five-rooms"),
]


def judged(results: Results) -> Iterator[tuple[Goal, float | None, str]]:
    """Each goal that was measured, Maru's number, and whether that meets the goal."""
    for goal in GOALS:
        if goal.scenario in results.get("maru", {}):
            reached = _reached(goal, results)
            yield goal, reached, _verdict(goal, reached)


def _reached(goal: Goal, results: Results) -> float | None:
    """A ratio, or the number itself; ``None`` if there is nothing to compare."""
    mine = results["maru"][goal.scenario].get(goal.number)
    if goal.absolute or mine is None:
        return mine
    other: Result = (
        results["maru"].get(goal.than, {})
        if goal.than
        else results.get("node", {}).get(goal.scenario, {})
    )
    theirs = other.get(goal.number)
    return mine / theirs if theirs else None


def _verdict(goal: Goal, reached: float | None) -> str:
    if reached is None:
        return "not measured"
    short = goal.at_least / reached if goal.at_least and reached else reached / (goal.at_most or 1)
    return "met" if short <= 1 else f"missed by {short:.2g} times"
