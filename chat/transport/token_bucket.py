"""A token bucket in the worker's memory: it limits how fast somebody may use the worker.

It needs no call to the store, and counts on this worker only. What people may do at all is limited
in the store (``chat.rate_limit``). The clock is read only when the bucket is empty.
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
        """Take that many tokens, whether they are there or not; gives whether they were."""
        self._tokens -= cost
        return self._tokens >= 0 or not self.in_debt()

    def in_debt(self) -> bool:
        """Whether more has been taken than there was, up to now."""
        if self._tokens < 0:
            self._fill()
        return self._tokens < 0

    def is_full(self) -> bool:
        """Whether the bucket is in the state of a new one, and need not be kept."""
        self._fill()
        return self._tokens >= self._burst

    def _fill(self) -> None:
        now = time.monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now
