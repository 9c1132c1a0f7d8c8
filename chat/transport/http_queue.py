"""A queue in which HTTP requests wait to begin, so that messages are handled between them.

A worker makes a page in one or two milliseconds without a pause. Without the queue, ten requests
that arrive together would be served one after the other, and messages would wait for all of them.
The queue is fair between client addresses: many requests of one do not delay those of others.
"""

import time
from typing import Any

import greenlet
from eventlet import hubs

from chat.transport.fair_queue import FairQueue

#: Seconds for requests in one tick of the event loop: as many as all other work has used since the
#: last ones were begun, but between these limits. A request that has begun is not interrupted.
LEAST_S, MOST_S = 0.001, 0.005


class RequestQueue:
    """One for each worker. Requests of one address begin in the order of arrival."""

    def __init__(self) -> None:
        self._waiting: FairQueue[Any] = FairQueue()
        self._is_scheduled = False
        #: Until when requests may begin at once in this tick, and when the last ones were begun.
        self._until = self._ended_at = 0.0

    def wait(self, network: str | None = None) -> None:
        """Return when this greenlet's request may begin; ``network`` is that of its client.

        It may begin at once while there is time for requests in this tick of the event loop.
        """
        if not self._waiting:
            now = time.perf_counter()
            if not self._is_scheduled:
                self._until = self._deadline(now)
                self._schedule()
            if now < self._until:
                return
        waiter = greenlet.getcurrent()
        self._waiting.add(network, waiter)
        self._schedule()
        try:
            hubs.get_hub().switch()
        except BaseException:
            # The greenlet was interrupted, and does not wait for this any more.
            self._waiting.remove(network, waiter)
            raise

    def _schedule(self) -> None:
        if not self._is_scheduled:
            self._is_scheduled = True
            hubs.get_hub().schedule_call_global(0, self._begin)

    def _begin(self) -> None:
        self._is_scheduled = False
        until = self._deadline(time.perf_counter())
        try:
            while (waiter := self._waiting.take()) is not None:
                # The request runs until it waits, ends or fails.
                waiter.switch()
                if time.perf_counter() >= until:
                    break
        finally:
            self._ended_at = time.perf_counter()
            if self._waiting:
                self._schedule()

    def _deadline(self, now: float) -> float:
        return now + min(MOST_S, max(LEAST_S, now - self._ended_at))
