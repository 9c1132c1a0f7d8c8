"""Requests take turns with messages: those that come together do not keep a worker from the rest.

A page costs a worker a millisecond or two in one piece. Without this, ten requests that come at the
same moment are carried out one after the other, and messages wait for all of them.
"""

import time
from collections import deque
from typing import Any

import greenlet
from eventlet import hubs

#: Seconds that requests get in one turn of the event loop: as much as everything else has had since
#: their last turn, but so much at least and at the most. One that has begun is not interrupted.
LEAST, MOST = 0.001, 0.005


class RequestQueue:
    """Of one worker. Requests begin in the order in which they came."""

    def __init__(self) -> None:
        self._waiting: deque[Any] = deque()
        self._is_scheduled = False
        self._ended_at = 0.0

    def wait(self) -> None:
        """Return when the request of this greenlet may begin."""
        self._waiting.append(greenlet.getcurrent())
        self._schedule()
        hubs.get_hub().switch()

    def _schedule(self) -> None:
        if not self._is_scheduled:
            self._is_scheduled = True
            hubs.get_hub().schedule_call_global(0, self._begin)

    def _begin(self) -> None:
        self._is_scheduled = False
        began = time.perf_counter()
        until = began + min(MOST, max(LEAST, began - self._ended_at))
        # Those that come meanwhile have their turn next.
        for _ in range(len(self._waiting)):
            # Runs until it waits for something, or is done.
            self._waiting.popleft().switch()
            if time.perf_counter() >= until:
                break
        self._ended_at = time.perf_counter()
        if self._waiting:
            self._schedule()
