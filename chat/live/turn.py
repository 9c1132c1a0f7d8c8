"""Collects the work of one turn of the event loop, and does it together, in a fixed order.

First calls that have arrived are begun, and answers of the store are passed on. Both produce
commands for the store and messages for clients. The commands are written first, so that the store
works at the same time. The messages are written last; many of them share a system call.
"""

import logging
from collections import deque
from collections.abc import Callable
from typing import Protocol

import eventlet
import greenlet
from eventlet import hubs

log = logging.getLogger(__name__)

#: Seconds after which the steps of ``later`` run.
LATER = 0.1
#: Greenlets that are kept for later work. Each takes some 20 KB of memory.
IDLE = 64

Step = Callable[[], None]


class Flushed(Protocol):
    """Something that collects data and writes it when flushed."""

    def flush(self) -> None: ...


class Turn:
    """A step runs in the event loop and must not block; work runs in a greenlet and may block.

    ``number`` counts the turns.
    """

    def __init__(self) -> None:
        self.number = 0
        self._steps: deque[Step] = deque()
        self._work: deque[Step] = deque()
        self._last_steps: deque[Step] = deque()
        self._flushed: deque[Flushed] = deque()
        self._next: list[Step] = []
        self._later: list[Step] = []
        self._idle: list[greenlet.greenlet] = []
        self._scheduled = False

    def soon(self, step: Step) -> None:
        """Run a step in this turn."""
        self._steps.append(step)
        self._schedule()

    def work(self, work: Step) -> None:
        """Start work in this turn, in a greenlet that carries nothing else out meanwhile."""
        self._work.append(work)
        self._schedule()

    def at_end(self, step: Step) -> None:
        """Run a step after all others of this turn, and after all work has begun."""
        self._last_steps.append(step)
        self._schedule()

    def flush(self, flushed: Flushed) -> None:
        """Flush at the very end of this turn."""
        self._flushed.append(flushed)
        self._schedule()

    def next(self, step: Step) -> None:
        """Run a step in the next turn, after each readable socket has been read once."""
        self._next.append(step)
        self._schedule()

    def later(self, step: Step) -> None:
        """Run a step within ``LATER`` seconds; all such steps share one timer."""
        self._later.append(step)
        if len(self._later) == 1:
            hubs.get_hub().schedule_call_global(LATER, self._begin_later)

    def _begin_later(self) -> None:
        self._steps.extend(self._later)
        self._later.clear()
        self._schedule()

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            hubs.get_hub().schedule_call_global(0, self._go)

    def _go(self) -> None:
        self.number += 1
        following, self._next = self._next, []
        self._steps.extend(following)
        try:
            self._go_through()
        finally:
            # What was added during this turn, or left undone by an error, gets the next turn.
            self._scheduled = False
            if self._next or self._steps or self._work or self._last_steps or self._flushed:
                self._schedule()

    def _go_through(self) -> None:
        while self._steps or self._work:
            for _ in range(len(self._steps)):
                _do(self._steps.popleft())
            for _ in range(len(self._work)):
                idle = self._idle.pop() if self._idle else self._new_greenlet()
                idle.switch(self._work.popleft())
        for _ in range(len(self._last_steps)):
            _do(self._last_steps.popleft())
        for _ in range(len(self._flushed)):
            _do(self._flushed.popleft().flush)

    def _new_greenlet(self) -> greenlet.greenlet:
        return greenlet.greenlet(self._carry_out, hubs.get_hub().greenlet)

    def _carry_out(self, work: Step) -> None:
        """What a greenlet runs: this work, and then more of it each time it is switched to.

        Most greenlets are used again: CPython maps memory for the frames of each new one, and that
        takes longer than all else that a message needs a greenlet for.
        """
        this = greenlet.getcurrent()
        while True:
            _do(work)
            if len(self._idle) == IDLE:
                return
            self._idle.append(this)
            work = this.parent.switch()


def _do(step: Step) -> None:
    """Run one step; its failure must not keep the others from running."""
    try:
        step()
    except Exception:
        log.exception("What was to be done in a turn failed")
    except (eventlet.Timeout, greenlet.GreenletExit):
        # These are no subclasses of Exception.
        log.exception("What was to be done in a turn was ended")
