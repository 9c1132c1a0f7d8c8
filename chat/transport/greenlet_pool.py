"""Greenlets that are used again: a new one costs more than all else that a message needs it for."""

import logging
from collections.abc import Callable

import eventlet
import greenlet
from eventlet import hubs

log = logging.getLogger(__name__)

#: Greenlets that are kept for later work. Each takes some 20 KB of memory.
IDLE = 64

Work = Callable[[], None]


def carry_out(work: Work) -> None:
    """Do it; its failure is logged, and keeps nothing else from running."""
    try:
        work()
    except Exception:
        log.exception("Work in the event loop has failed")
    except (eventlet.Timeout, greenlet.GreenletExit):
        # These are no subclasses of Exception.
        log.exception("Work in the event loop has been ended")


class GreenletPool:
    """Carries work out in greenlets, each of them one piece of work at a time.

    CPython maps memory for the frames of each new greenlet, and gives it back at the end. That
    takes seven microseconds, ten times as long as a greenlet that is used again.
    """

    def __init__(self) -> None:
        self._idle: list[greenlet.greenlet] = []

    def start(self, work: Work) -> None:
        """Return when the work waits for something, or is done. To be called by the event loop."""
        idle = self._idle.pop() if self._idle else self._new()
        idle.switch(work)

    def _new(self) -> greenlet.greenlet:
        return greenlet.greenlet(self._run, hubs.get_hub().greenlet)

    def _run(self, work: Work) -> None:
        this = greenlet.getcurrent()
        while True:
            carry_out(work)
            if len(self._idle) == IDLE:
                return
            self._idle.append(this)
            work = this.parent.switch()
