"""The queue of packets for the next poll of a long-polling client, with its bytes counted."""

import sys
import time
from collections.abc import Callable
from typing import Any

from engineio import exceptions, packet
from eventlet.queue import Empty, Queue

from chat.transport.receipt import Receipt

#: Bytes that may wait for any time; seconds that more may wait if the client receives none of them
#: (a slow line needs some time for the response to one poll); and bytes that may wait at most.
WAITING, STALL_S, WAITING_HARD = 2**20, 15.0, 16 * 2**20

#: Packets in the response to one poll. python-engineio's client refuses a payload with more, and
#: closes the connection (``engineio.payload.Payload.max_decode_packets``).
PACKETS = 16


class PollQueue(Queue):
    """The queue of python-engineio's session, from which each poll takes; this one counts bytes.

    ``None`` in it means the end of the session. ``is_polled`` says whether a poll waits.
    """

    def _init(self, maxsize: int) -> None:
        super()._init(maxsize)
        self._waiting = self._in_flight = 0
        self._taken_at = time.monotonic()
        self.is_polled = False

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
        self.is_polled = True
        try:
            item = self.get(timeout=seconds)
        except Empty:
            raise exceptions.QueueEmpty from None
        finally:
            self.is_polled = False
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
        return self.unread_bytes > WAITING_HARD or time.monotonic() - self._taken_at > STALL_S

    def sending(
        self, packets: list[Any], receipt: Receipt, done: Callable[[bool], None]
    ) -> Callable[[], None]:
        """Count packets that are being sent, in the response with this receipt.

        Gives what has to be called after that: it counts them off, and tells ``done`` whether they
        have been received.
        """
        size = sum(map(_size, packets))
        self._in_flight += size
        self._taken_at = time.monotonic()

        def on_sent() -> None:
            # Only a NOOP has nothing in it that a client could miss.
            is_empty = all(each.packet_type == packet.NOOP for each in packets)
            is_received = receipt.is_received() or is_empty
            self._in_flight -= size
            self._taken_at = time.monotonic()
            done(is_received)

        return on_sent


def _size(item: Any) -> int:
    return sys.getsizeof(item.data) if item is not None else 0
