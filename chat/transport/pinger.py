"""Pings all WebSockets of this worker by one clock, and finds those that do not answer.

Every connection is in one of as many slots as there are looks between two pings. At each look the
connections of one slot are pinged, and those of the slot that was pinged ``timeout`` seconds ago
are checked for their answer. So no connection needs a timer of its own, and a look that pings a
share of thousands does not hold up messages for long.
"""

import time

import eventlet

from chat.transport.transport import Transport

#: Looks in a second.
LOOKS = 10


class Pinger:
    """``interval``: seconds between two pings of a connection; ``timeout``: seconds to answer."""

    def __init__(self, interval: int, timeout: int) -> None:
        assert timeout < interval
        self._timeout = timeout * LOOKS
        self._slots: list[set[Transport]] = [set() for _ in range(interval * LOOKS)]
        self._now = 0

    def add(self, transport: Transport) -> None:
        """The first ping comes after a whole interval."""
        transport.slot = self._slots[self._now]
        transport.slot.add(transport)

    def run(self) -> None:
        """Run for ever."""
        due = time.monotonic()
        while True:
            # The next look is due by the clock, so that small delays do not add up. Looks that the
            # worker missed are not made up for: each client keeps its whole time to answer.
            due = max(due + 1 / LOOKS, time.monotonic())
            eventlet.sleep(due - time.monotonic())
            # Answers that arrived during the sleep are read first.
            eventlet.sleep(0)
            self.look()

    def look(self) -> None:
        """Ping one slot and check another."""
        self._now = (self._now + 1) % len(self._slots)
        for transport in list(self._slots[self._now]):
            transport.ping()
        for transport in list(self._slots[self._now - self._timeout]):
            transport.owner.check_pong()
