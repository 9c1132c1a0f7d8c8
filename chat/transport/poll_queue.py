"""The queue of packets for the next poll of a long-polling client, with its bytes counted."""

import sys
import time
from typing import Any

from engineio import exceptions, packet
from eventlet.queue import Empty, Queue

#: Bytes that may wait for any time; seconds that more may wait if the client receives none of them
#: (a slow line needs some time for the response to one poll); and bytes that may wait at most.
WAITING, STALL, WAITING_HARD = 2**20, 15.0, 16 * 2**20

#: Packets in the response to one poll. python-engineio's client refuses a payload with more, and
#: closes the connection (``engineio.payload.Payload.max_decode_packets``).
PACKETS = 16


class PollQueue(Queue):
    """The queue of python-engineio's session, from which each poll takes; this one counts bytes.

    ``None`` in it means the end of the session.
    """

    def _init(self, maxsize: int) -> None:
        super()._init(maxsize)
        self._waiting = self._in_flight = 0
        self._taken_at = time.monotonic()

    def _put(self, item: Any) -> None:
        if self.unread_bytes <= WAITING:
            # The client has read nearly everything: its time to read begins now.
            self._taken_at = time.monotonic()
        super()._put(item)
        if item is not None and item.packet_type == packet.PING:
            # The ping goes first: the client has to answer in time, also if it needs many polls to
            # read all packets that wait.
            self.queue.rotate(1)
        self._waiting += _size(item)

    def _get(self) -> Any:
        item = super()._get()
        self._waiting -= _size(item)
        return item

    def take(self, seconds: float) -> list[Any]:
        """The packets for one poll, once there are any; none at the end of the session.

        Raises ``QueueEmpty`` after so many seconds.
        """
        packets: list[Any] = []
        try:
            item = self.get(timeout=seconds)
        except Empty:
            raise exceptions.QueueEmpty from None
        while True:
            self.task_done()
            if item is None:
                if packets:
                    # The next poll ends the session.
                    self.put(None)
                return packets
            packets.append(item)
            if len(packets) == PACKETS or self.empty():
                return packets
            item = self.get_nowait()

    def discard(self) -> None:
        """Drop all packets."""
        while not self.empty():
            self.get_nowait()

    @property
    def unread_bytes(self) -> int:
        """Bytes that the client has not received, including the response that is being sent."""
        return self._waiting + self._in_flight

    @property
    def is_stalled(self) -> bool:
        """Whether so many bytes wait for so long that the client has probably stopped polling."""
        if self.unread_bytes <= WAITING:
            return False
        return self.unread_bytes > WAITING_HARD or time.monotonic() - self._taken_at > STALL

    def begin_delivery(self, packets: list[Any]) -> int:
        """Count packets that are being sent; returns their bytes, for ``end_delivery``."""
        size = sum(map(_size, packets))
        self._in_flight += size
        self._taken_at = time.monotonic()
        return size

    def end_delivery(self, size: int) -> None:
        """Count off the bytes of packets that have been sent."""
        self._in_flight -= size
        self._taken_at = time.monotonic()


def _size(item: Any) -> int:
    return sys.getsizeof(item.data) if item is not None else 0
