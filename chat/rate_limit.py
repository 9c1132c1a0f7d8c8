"""Rate limits of people's calls, over all workers.

There are two ways to count. ``throttle`` asks the store before the event, and is exact; it is for
rare events. A ``Limiter`` is for frequent events: it decides in the worker, and reports to the
store later, in a write that is made anyway.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chat import keys
from chat.errors import N_, RateLimited
from chat.store.question import Argument, Question, ScriptCall
from chat.store.store import Store

#: Buckets that a worker keeps at most.
KNOWN = 50_000
#: A worker reports to the store when it has counted a sixth of a burst.
REPORT_SHARE = 6


@dataclass(frozen=True)
class Rate:
    """On average ``events`` in ``seconds``, ``burst`` of them at once. 0 events: no limit."""

    events: float
    burst: int
    seconds: float = 1

    @property
    def gap(self) -> float:
        """Seconds between two events at the average rate."""
        return self.seconds / self.events


class _Bucket:
    """A leaky bucket, as ``lua/throttle.lua`` has it: when it is empty, in seconds of ``now``."""

    __slots__ = ("empty_at", "unreported")

    def __init__(self) -> None:
        self.empty_at = 0.0
        self.unreported = 0


class Limiter:
    """The limits of one worker: a rate for each kind of call, and a bucket for each person.

    The worker reports allowed events to the store, a few at a time, and learns from the answer how
    many all workers together have allowed. So a limit costs no round trip, and holds for a person
    over all connections and workers, with one exception: at first each worker may allow one burst
    before it has heard of the others. Later events then wait longer, so that the rate is exact over
    a longer time.
    """

    def __init__(
        self, rates: Mapping[str, Rate], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._rates = {kind: rate for kind, rate in rates.items() if rate.events > 0}
        self._now = now
        self._buckets: dict[tuple[str, str], _Bucket] = {}

    def count(self, kind: str, subject: str) -> tuple[Question[None], ...]:
        """Count one event; gives questions to ask the store together with the call's own.

        Raises ``RateLimited`` if it is one too many; then it is not counted.
        """
        rate = self._rates.get(kind)
        if rate is None:
            return ()
        bucket = self._buckets.get((kind, subject)) or self._new(kind, subject)
        now = self._now()
        empty_at = max(bucket.empty_at, now) + rate.gap
        # Times are sums of gaps: less than a thousandth of a second is rounding.
        wait = empty_at - rate.burst * rate.gap - now
        if wait > 0.001:
            raise too_fast(wait)
        bucket.empty_at = empty_at
        bucket.unreported += 1
        if bucket.unreported * REPORT_SHARE < rate.burst:
            return ()
        return (self._count_in_store(kind, subject, rate, bucket),)

    def _count_in_store(
        self, kind: str, subject: str, rate: Rate, bucket: _Bucket
    ) -> Question[None]:
        unreported, bucket.unreported = bucket.unreported, 0
        args: list[Argument] = [f"{rate.gap * 1000:.3f}", rate.burst, unreported]

        def learn(answers: list[Any]) -> None:
            full_for = int(answers[0]) / 1000
            bucket.empty_at = max(bucket.empty_at, self._now() + full_for)

        return Question([ScriptCall("count_allowed", [keys.rate(kind, subject)], args)], learn)

    def _new(self, kind: str, subject: str) -> _Bucket:
        if len(self._buckets) >= KNOWN:
            now = self._now()
            self._buckets = {k: b for k, b in self._buckets.items() if b.empty_at > now}
            if len(self._buckets) >= KNOWN:
                # The store still knows them.
                self._buckets.clear()
        bucket = self._buckets[kind, subject] = _Bucket()
        return bucket


def throttle(
    store: Store, kind: str, subject: str, rate: float, per_seconds: float, burst: int
) -> None:
    """Count one event; raise ``RateLimited`` when it is one too many.

    On average ``rate`` events in ``per_seconds`` are allowed, ``burst`` of them at once. A rate of
    0 switches the limit off.
    """
    if rate > 0:
        wait = store.ask(throttle_call(kind, subject, rate, per_seconds, burst))
        check(wait)


def throttle_call(
    kind: str, subject: str, rate: float, per_seconds: float, burst: int
) -> ScriptCall:
    """The call that counts one event; give its answer to ``check``."""
    gap_ms = per_seconds * 1000 / rate
    return ScriptCall("throttle", [keys.rate(kind, subject)], [f"{gap_ms:.3f}", burst])


def check(wait_ms: int) -> None:
    """Raise ``RateLimited`` if the answer of a ``throttle_call`` says to wait."""
    if wait_ms:
        raise too_fast(wait_ms / 1000)


def too_fast(seconds: float) -> RateLimited:
    """The error for what may be done again after so many seconds."""
    return RateLimited(N_("Too fast. Wait a moment and try again."), seconds)


def give_back(store: Store, kind: str, subject: str, rate: float, per_seconds: float) -> None:
    """Undo the counting of one event."""
    if rate > 0:
        store.ask(
            ScriptCall(
                "give_back", [keys.rate(kind, subject)], [f"{per_seconds * 1000 / rate:.3f}"]
            )
        )
