"""Pings all WebSockets of this worker with one timer, and finds those that do not answer.

There are ``STEPS`` steps a second, and as many slots as steps between two pings. Every connection
is in one slot. In each step the pinger pings the connections of one slot, and checks whether those
of the slot that it pinged ``timeout`` seconds ago have answered. So no connection needs a timer of
its own, and a step that pings a part of thousands does not delay messages for long.
"""

import time

import eventlet

from chat.transport.transport import Transport

#: Steps in a second.
STEPS = 10


class Pinger:
    """``interval``: seconds between two pings of a connection; ``timeout``: seconds to answer."""

    def __init__(self, interval: int, timeout: int) -> None:
        assert timeout < interval
        self._timeout = timeout * STEPS
        self._slots: list[set[Transport]] = [set() for _ in range(interval * STEPS)]
        self._now = 0

    def add(self, transport: Transport) -> None:
        """The first ping comes after a whole interval."""
        transport.slot = self._slots[self._now]
        transport.slot.add(transport)

    def run(self) -> None:
        """Run for ever."""
        due = time.monotonic()
        while True:
            # Small delays do not add up: the next step is counted from the last one. Steps in which
            # the worker did not run are left out: each client has its whole time to answer.
            due = max(due + 1 / STEPS, time.monotonic())
            eventlet.sleep(due - time.monotonic())
            # Answers that arrived during the sleep are read first.
            eventlet.sleep(0)
            self.step()

    def step(self) -> None:
        """Ping one slot and check another."""
        self._now = (self._now + 1) % len(self._slots)
        for transport in list(self._slots[self._now]):
            transport.ping()
        for transport in list(self._slots[self._now - self._timeout]):
            transport.owner.check_pong()
