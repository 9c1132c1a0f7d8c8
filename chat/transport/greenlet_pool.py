"""Greenlets that are used again: to make a new one takes longer than its work for a message."""

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
    """Carry the work out, and log its failure, so that other work is carried out as well."""
    try:
        work()
    except Exception:
        log.exception("Work in the event loop has failed")
    except (eventlet.Timeout, greenlet.GreenletExit):
        # These are no subclasses of Exception.
        log.exception("Work in the event loop has been ended")


class GreenletPool:
    """Carries work out in greenlets, each of which does one piece of work at a time.

    CPython maps memory for the frames of each new greenlet, and releases it at the end. That takes
    seven microseconds, ten times as long as to use a greenlet again.
    """

    def __init__(self) -> None:
        self._idle: list[greenlet.greenlet] = []

    def start(self, work: Work) -> None:
        """Start the work; returns when it waits or is done. Only the event loop may call this."""
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
