"""One turn of the event loop: whatever it has to do is done together, by one timer, in good order.

First what came in is begun and what the store answered is handed on. That makes new commands for
the store, which leave first, so that it works while we do; and it makes messages for clients. Those
leave last, and many share a system call.
"""

import logging
from collections import deque
from collections.abc import Callable
from typing import Protocol

import eventlet
import greenlet
from eventlet import hubs

log = logging.getLogger(__name__)

#: Seconds until what has to wait for a while is looked at again.
LATER = 0.1

Step = Callable[[], None]


class Flushed(Protocol):
    """Something that has gathered what is to be written."""

    def flush(self) -> None: ...


class Turn:
    """Steps are run by the event loop, and must not block; work may, in a greenlet of its own.

    ``number`` tells one turn from another.
    """

    def __init__(self) -> None:
        self.number = 0
        self._steps: deque[Step] = deque()
        self._work: deque[Step] = deque()
        self._last_steps: deque[Step] = deque()
        self._flushed: deque[Flushed] = deque()
        self._next: list[Step] = []
        self._later: list[Step] = []
        self._scheduled = False

    def soon(self, step: Step) -> None:
        self._steps.append(step)
        self._schedule()

    def work(self, work: Step) -> None:
        self._work.append(work)
        self._schedule()

    def at_end(self, step: Step) -> None:
        """After all steps and the beginning of all work."""
        self._last_steps.append(step)
        self._schedule()

    def flush(self, flushed: Flushed) -> None:
        """When everything else is done."""
        self._flushed.append(flushed)
        self._schedule()

    def next(self, step: Step) -> None:
        """In the next turn, when every socket that has something has been read once."""
        self._next.append(step)
        self._schedule()

    def later(self, step: Step) -> None:
        """In a tenth of a second at most; one timer, however many steps there are."""
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
            # Whatever came up since has a turn of its own, and so has what was left undone.
            self._scheduled = False
            if self._next or self._steps or self._work or self._last_steps or self._flushed:
                self._schedule()

    def _go_through(self) -> None:
        loop = hubs.get_hub().greenlet
        while self._steps or self._work:
            for _ in range(len(self._steps)):
                _do(self._steps.popleft())
            for _ in range(len(self._work)):
                greenlet.greenlet(_do, loop).switch(self._work.popleft())
        for _ in range(len(self._last_steps)):
            _do(self._last_steps.popleft())
        for _ in range(len(self._flushed)):
            _do(self._flushed.popleft().flush)


def _do(step: Step) -> None:
    """One that fails must not keep the others from being done."""
    try:
        step()
    except Exception:
        log.exception("What was to be done in a turn failed")
    except (eventlet.Timeout, greenlet.GreenletExit):
        # Not among the exceptions of Python, and yet of this step alone.
        log.exception("What was to be done in a turn was ended")
