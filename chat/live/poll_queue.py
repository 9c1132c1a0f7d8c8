"""The queue of packets for the next poll of a long-polling client, with its bytes counted."""

import sys
import time
from typing import Any

from eventlet.queue import Queue

#: Bytes that may wait without limit of time; seconds that more may wait if the client takes none of
#: them, since a slow line needs a while for one poll's answer; and bytes that may wait at most.
WAITING, STALL, WAITING_HARD = 2**20, 15.0, 16 * 2**20


class PollQueue(Queue):
    """python-engineio's queue of a session, emptied by each poll; this one counts bytes."""

    def _init(self, maxsize: int) -> None:
        super()._init(maxsize)
        self._waiting = self._in_flight = 0
        self._taken_at = time.monotonic()

    def _put(self, item: Any) -> None:
        if self.untaken <= WAITING:
            # The client has read everything so far: its time to read begins now.
            self._taken_at = time.monotonic()
        super()._put(item)
        self._waiting += _size(item)

    def _get(self) -> Any:
        item = super()._get()
        self._waiting -= _size(item)
        return item

    @property
    def untaken(self) -> int:
        """Bytes that the client has not received, those of an answer being sent included."""
        return self._waiting + self._in_flight

    @property
    def is_stalled(self) -> bool:
        """Whether so much waits for so long that the client seems not to poll any more."""
        if self.untaken <= WAITING:
            return False
        return self.untaken > WAITING_HARD or time.monotonic() - self._taken_at > STALL

    def send(self, packets: list[Any]) -> int:
        """These packets are being sent; gives their bytes, to be passed to ``arrived``."""
        size = sum(map(_size, packets))
        self._in_flight += size
        self._taken_at = time.monotonic()
        return size

    def arrived(self, size: int) -> None:
        """The client has received so many bytes."""
        self._in_flight -= size
        self._taken_at = time.monotonic()


def _size(item: Any) -> int:
    return sys.getsizeof(item.data) if item is not None else 0
