"""What waits for the next poll of a client that has no WebSocket."""

import sys
import time
from typing import Any

from eventlet.queue import Queue

#: Bytes that may wait, for how many seconds if the client takes none of them, and at the very most.
#: A slow line may take a while for what one poll has fetched.
WAITING, STALL, WAITING_HARD = 2**20, 15.0, 16 * 2**20


class PollQueue(Queue):
    """The library's, which it empties with each poll; this one counts bytes of memory."""

    def _init(self, maxsize: int) -> None:
        super()._init(maxsize)
        self._waiting = self._on_its_way = 0
        self._taken_at = time.monotonic()

    def _put(self, item: Any) -> None:
        if self.untaken <= WAITING:
            # Whoever has taken everything until now has all the time from here.
            self._taken_at = time.monotonic()
        super()._put(item)
        self._waiting += _size(item)

    def _get(self) -> Any:
        item = super()._get()
        self._waiting -= _size(item)
        return item

    @property
    def untaken(self) -> int:
        """Bytes that the client has not taken, also those that are on their way to it."""
        return self._waiting + self._on_its_way

    @property
    def is_stalled(self) -> bool:
        """Whether more waits than a client that still polls would leave."""
        if self.untaken <= WAITING:
            return False
        return self.untaken > WAITING_HARD or time.monotonic() - self._taken_at > STALL

    def send(self, packets: list[Any]) -> int:
        """These are being sent; gives how much to say to ``arrived``."""
        size = sum(map(_size, packets))
        self._on_its_way += size
        self._taken_at = time.monotonic()
        return size

    def arrived(self, size: int) -> None:
        """The client has taken so much of what was sent."""
        self._on_its_way -= size
        self._taken_at = time.monotonic()


def _size(item: Any) -> int:
    return sys.getsizeof(item.data) if item is not None else 0
