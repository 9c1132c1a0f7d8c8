"""One turn of the event loop: whatever it has to do is done together, by one timer, in good order.

First what came in is begun and what the store answered is handed on. That makes new commands for
the store, which leave first, so that it works while we do; and it makes messages for clients. Those
leave last, and many share a system call.
"""

import logging
from collections.abc import Callable
from typing import Protocol

import greenlet
from eventlet import hubs

log = logging.getLogger(__name__)

Step = Callable[[], None]


class Flushed(Protocol):
    """Something that has gathered what is to be written."""

    def flush(self) -> None: ...


class Turn:
    """Steps are run by the event loop, and must not block; work may, in a greenlet of its own."""

    def __init__(self) -> None:
        self._steps: list[Step] = []
        self._work: list[Step] = []
        self._last_steps: list[Step] = []
        self._flushed: list[Flushed] = []
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

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            hubs.get_hub().schedule_call_global(0, self._go)

    def _go(self) -> None:
        loop = hubs.get_hub().greenlet
        while self._steps or self._work:
            steps, self._steps = self._steps, []
            for step in steps:
                _do(step)
            works, self._work = self._work, []
            for work in works:
                greenlet.greenlet(_do, loop).switch(work)
        last_steps, self._last_steps = self._last_steps, []
        for step in last_steps:
            _do(step)
        flushed, self._flushed = self._flushed, []
        # What came up since, and comes up while this is being written, has a turn of its own.
        self._scheduled = False
        if self._steps or self._work or self._last_steps:
            self._schedule()
        for each in flushed:
            _do(each.flush)


def _do(step: Step) -> None:
    """One that fails must not keep the others from being done."""
    try:
        step()
    except Exception:
        log.exception("What was to be done in a turn failed")
