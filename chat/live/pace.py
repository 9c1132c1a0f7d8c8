"""How much somebody may ask for in a time: a token bucket that looks at the clock when it is empty.

It is a worker's own and costs no question to the store: it bounds the work of this worker, not what
people may do.
"""

import time


class Pace:
    """On average ``rate`` a second, ``burst`` of them at once after a pause."""

    __slots__ = ("_burst", "_filled_at", "_level", "_rate")

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = self._level = burst
        self._filled_at = time.monotonic()

    def take(self, cost: float = 1) -> bool:
        """Spend that much. Gives whether it was there; it is owed if it was not."""
        self._level -= cost
        return self._level >= 0 or self.is_paid()

    def give_back(self, cost: float = 1) -> None:
        self._level += cost

    def is_paid(self) -> bool:
        """Whether nothing is owed at this moment."""
        if self._level < 0:
            self._fill()
        return self._level >= 0

    def is_full(self) -> bool:
        """Whether it is as if nothing had ever been asked for."""
        self._fill()
        return self._level >= self._burst

    def _fill(self) -> None:
        now = time.monotonic()
        self._level = min(self._burst, self._level + (now - self._filled_at) * self._rate)
        self._filled_at = now
