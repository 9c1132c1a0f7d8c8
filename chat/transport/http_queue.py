"""A queue in which HTTP requests wait to begin, so that messages are carried out in between.

A page takes a worker one or two milliseconds without a pause. Without the queue, ten requests that
arrive together would be carried out one after the other, and messages would wait for all of them.
In the queue client addresses take turns, so that many requests of one do not delay the others.
"""

import time
from typing import Any

import greenlet
from eventlet import hubs

from chat.transport.fair_queue import FairQueue

#: Seconds for requests in one tick of the event loop: as many as everything else has used since the
#: last turn of requests, but between these limits. A request that has begun is not interrupted.
LEAST, MOST = 0.001, 0.005


class RequestQueue:
    """One for each worker. Requests of one address begin in the order of arrival."""

    def __init__(self) -> None:
        self._waiting: FairQueue[Any] = FairQueue()
        self._is_scheduled = False
        #: Up to when requests may begin at once in this tick, and when they last had their turn.
        self._until = self._ended_at = 0.0

    def wait(self, network: str | None = None) -> None:
        """Return when this greenlet's request may begin; ``network`` is that of its client.

        That is at once, as long as there is time for requests in this tick of the event loop.
        """
        if not self._waiting:
            now = time.perf_counter()
            if not self._is_scheduled:
                self._until = self._end_of_turn(now)
                self._schedule()
            if now < self._until:
                return
        waiter = greenlet.getcurrent()
        self._waiting.add(network, waiter)
        self._schedule()
        try:
            hubs.get_hub().switch()
        except BaseException:
            # Interrupted while it waited: it may wait for something else by now.
            self._waiting.remove(network, waiter)
            raise

    def _schedule(self) -> None:
        if not self._is_scheduled:
            self._is_scheduled = True
            hubs.get_hub().schedule_call_global(0, self._begin)

    def _begin(self) -> None:
        self._is_scheduled = False
        until = self._end_of_turn(time.perf_counter())
        try:
            while (waiter := self._waiting.take()) is not None:
                # The request runs until it waits for something, is done, or fails.
                waiter.switch()
                if time.perf_counter() >= until:
                    break
        finally:
            self._ended_at = time.perf_counter()
            if self._waiting:
                self._schedule()

    def _end_of_turn(self, now: float) -> float:
        return now + min(MOST, max(LEAST, now - self._ended_at))
