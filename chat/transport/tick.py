"""Collects the work of one tick of the event loop, and does it together, in a fixed order.

First the calls of clients begin, and the callers of the store get their answers. Both produce
commands for the store and messages for clients. Then the commands are written, so that the store
works at the same time. The messages are written last; many of them share a system call.
"""

from collections import deque
from collections.abc import Callable
from typing import Protocol

from eventlet import hubs

from chat.transport.greenlet_pool import GreenletPool, carry_out

#: Seconds within which the steps of ``within_100_ms`` run.
WITHIN_S = 0.1

Step = Callable[[], None]


class Flushed(Protocol):
    """Something that collects data and writes it when flushed."""

    def flush(self) -> None: ...


class Tick:
    """A step runs in the event loop and must not block; work runs in a greenlet and may block.

    ``number`` counts the ticks.
    """

    def __init__(self) -> None:
        self.number = 0
        self._steps: deque[Step] = deque()
        self._work: deque[Step] = deque()
        self._last_steps: deque[Step] = deque()
        self._flushed: deque[Flushed] = deque()
        self._next: list[Step] = []
        self._waiting: list[Step] = []
        self._greenlets = GreenletPool()
        self._scheduled = False

    def in_this_tick(self, step: Step) -> None:
        """Run a step in this tick."""
        self._steps.append(step)
        if not self._scheduled:
            self._schedule()

    def start_greenlet(self, work: Step) -> None:
        """Start work in this tick, in a greenlet of its own."""
        self._work.append(work)
        if not self._scheduled:
            self._schedule()

    def at_end_of_tick(self, step: Step) -> None:
        """Run a step after all others of this tick, and after all work has begun."""
        self._last_steps.append(step)
        if not self._scheduled:
            self._schedule()

    def flush(self, flushed: Flushed) -> None:
        """Flush at the very end of this tick."""
        self._flushed.append(flushed)
        if not self._scheduled:
            self._schedule()

    def in_next_tick(self, step: Step) -> None:
        """Run a step in the next tick, after each readable socket has been read once."""
        self._next.append(step)
        if not self._scheduled:
            self._schedule()

    def within_100_ms(self, step: Step) -> None:
        """Run a step within 100 ms; all such steps share one timer."""
        self._waiting.append(step)
        if len(self._waiting) == 1:
            hubs.get_hub().schedule_call_global(WITHIN_S, self._begin_waiting)

    def _begin_waiting(self) -> None:
        self._steps.extend(self._waiting)
        self._waiting.clear()
        if not self._scheduled:
            self._schedule()

    def _schedule(self) -> None:
        self._scheduled = True
        hubs.get_hub().schedule_call_global(0, self._go)

    def _go(self) -> None:
        self.number += 1
        following, self._next = self._next, []
        self._steps.extend(following)
        try:
            self._go_through()
        finally:
            # Work that was added during this tick, or remains after an error, gets the next tick.
            self._scheduled = False
            if self._next or self._steps or self._work or self._last_steps or self._flushed:
                self._schedule()

    def _go_through(self) -> None:
        while self._steps or self._work:
            for _ in range(len(self._steps)):
                carry_out(self._steps.popleft())
            for _ in range(len(self._work)):
                self._greenlets.start(self._work.popleft())
        for _ in range(len(self._last_steps)):
            carry_out(self._last_steps.popleft())
        # If one fails, the others are flushed in the next tick.
        carry_out(self._flush_all)

    def _flush_all(self) -> None:
        for _ in range(len(self._flushed)):
            self._flushed.popleft().flush()
