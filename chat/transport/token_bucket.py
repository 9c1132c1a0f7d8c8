"""A token bucket in the worker's memory: it limits how fast clients use the worker.

It needs no call to the store, and counts on this worker only. ``chat.rate_limit`` has the limits
that hold over all workers. The clock is read only when the bucket is empty.
"""

import time


class TokenBucket:
    """On average ``rate`` tokens a second, and at most ``burst`` at once after a pause.

    The number of tokens may be negative: then the bucket is in debt until time has filled it.
    """

    __slots__ = ("_burst", "_filled_at", "_rate", "_tokens")

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = self._tokens = burst
        self._filled_at = time.monotonic()

    def take(self, cost: float = 1) -> bool:
        """Take so many tokens, even if that makes a debt; returns whether there were enough."""
        self._tokens -= cost
        return self._tokens >= 0 or not self.in_debt()

    def in_debt(self) -> bool:
        """Whether the number of tokens is negative now."""
        if self._tokens < 0:
            self._fill()
        return self._tokens < 0

    def is_full(self) -> bool:
        """Whether the bucket has the state of a new one, and can be dropped."""
        self._fill()
        return self._tokens >= self._burst

    def _fill(self) -> None:
        now = time.monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now
