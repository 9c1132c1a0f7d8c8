"""The heartbeat of all WebSockets of this worker, by one clock.

Every connection sits in one of as many slots as there are seconds between two pings. Each second
one slot is pinged, and the one pinged some seconds ago is looked at: who has not answered is gone.
"""

import time

import eventlet

from chat.live.transport import Transport


class Wheel:
    """``interval`` is the number of seconds between two pings, ``patience`` that for an answer."""

    def __init__(self, interval: int, patience: int) -> None:
        assert patience < interval
        self._patience = patience
        self._slots: list[set[Transport]] = [set() for _ in range(interval)]
        self._now = 0

    def add(self, transport: Transport) -> None:
        """Its first turn comes after a whole interval."""
        transport.slot = self._slots[self._now]
        transport.slot.add(transport)

    def run(self) -> None:
        """Turn for ever."""
        due = time.monotonic()
        while True:
            # By the clock, or many short delays would add up; but no second is made up for: whoever
            # was pinged has its time to answer, also when the worker was held up.
            due = max(due + 1.0, time.monotonic())
            eventlet.sleep(due - time.monotonic())
            # Answers that came meanwhile are read first.
            eventlet.sleep(0)
            self.turn()

    def turn(self) -> None:
        """One second has passed."""
        self._now = (self._now + 1) % len(self._slots)
        for transport in list(self._slots[self._now]):
            transport.beat()
        for transport in list(self._slots[self._now - self._patience]):
            transport.owner.check()
