"""The queue of packets for the next poll of a long-polling client, with its bytes counted."""

import sys
import time
from typing import Any

from engineio import exceptions, packet
from eventlet.queue import Empty, Queue

#: Bytes that may wait without limit of time; seconds that more may wait if the client takes none of
#: them, since a slow line needs a while for one poll's answer; and bytes that may wait at most.
WAITING, STALL, WAITING_HARD = 2**20, 15.0, 16 * 2**20

#: Packets in the answer to one poll: python-engineio's client takes more for no payload, and ends
#: the connection (``engineio.payload.Payload.max_decode_packets``).
PACKETS = 16


class PollQueue(Queue):
    """python-engineio's queue of a session, from which each poll takes; this one counts bytes.

    ``None`` in it stands for the end of the session.
    """

    def _init(self, maxsize: int) -> None:
        super()._init(maxsize)
        self._waiting = self._in_flight = 0
        self._taken_at = time.monotonic()

    def _put(self, item: Any) -> None:
        if self.untaken <= WAITING:
            # The client has read everything so far: its time to read begins now.
            self._taken_at = time.monotonic()
        super()._put(item)
        if item is not None and item.packet_type == packet.PING:
            # It has to be answered in time, however many polls it takes to read what waits.
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
                    # The next poll is told of the end.
                    self.put(None)
                return packets
            packets.append(item)
            if len(packets) == PACKETS or self.empty():
                return packets
            item = self.get_nowait()

    def discard(self) -> None:
        """Throw away what waits."""
        while not self.empty():
            self.get_nowait()

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
