"""Requests take turns with messages: those that come together do not keep a worker from the rest.

A page costs a worker a millisecond or two in one piece. Without this, ten requests that come at the
same moment are carried out one after the other, and messages wait for all of them. Of those that
wait, each address has its turn: a crowd at one of them does not keep the others waiting either.
"""

import contextlib
import time
from collections import OrderedDict, deque
from typing import Any

import greenlet
from eventlet import hubs

#: Seconds that requests get in one turn of the event loop: as much as everything else has had since
#: their last turn, but so much at least and at the most. One that has begun is not interrupted.
LEAST, MOST = 0.001, 0.005


class RequestQueue:
    """Of one worker. Requests of one address begin in the order in which they came."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str | None, deque[Any]] = OrderedDict()
        self._is_scheduled = False
        self._ended_at = 0.0

    def wait(self, network: str | None = None) -> None:
        """Return when the request of this greenlet may begin; ``network`` is whose it is."""
        waiter = greenlet.getcurrent()
        self._waiting.setdefault(network, deque()).append(waiter)
        self._schedule()
        try:
            hubs.get_hub().switch()
        except BaseException:
            self._forget(network, waiter)
            raise

    def _schedule(self) -> None:
        if self._waiting and not self._is_scheduled:
            self._is_scheduled = True
            hubs.get_hub().schedule_call_global(0, self._begin)

    def _begin(self) -> None:
        self._is_scheduled = False
        began = time.perf_counter()
        until = began + min(MOST, max(LEAST, began - self._ended_at))
        while self._waiting:
            # Runs until it waits for something, or is done.
            self._next().switch()
            if time.perf_counter() >= until:
                break
        self._ended_at = time.perf_counter()
        self._schedule()

    def _next(self) -> Any:
        network, theirs = self._waiting.popitem(last=False)
        waiter = theirs.popleft()
        if theirs:
            self._waiting[network] = theirs
        return waiter

    def _forget(self, network: str | None, waiter: Any) -> None:
        """It does not wait any more, and may wait for something else by now."""
        theirs = self._waiting.get(network)
        if theirs is not None:
            with contextlib.suppress(ValueError):
                theirs.remove(waiter)
            if not theirs:
                del self._waiting[network]
