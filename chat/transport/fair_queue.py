"""A queue that is fair between client addresses: many items of one do not delay the others."""

import contextlib
from collections import OrderedDict, deque
from typing import Generic, TypeVar

T = TypeVar("T")


class FairQueue(Generic[T]):
    """Items by network (``chat.transport.address.network_of``; ``None`` is the unknown one).

    ``take`` gives one item of each network in turn; the items of a network keep their order.
    """

    def __init__(self) -> None:
        self._waiting: OrderedDict[str | None, deque[T]] = OrderedDict()
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def add(self, network: str | None, item: T) -> None:
        self._waiting.setdefault(network, deque()).append(item)
        self._length += 1

    def take(self) -> T | None:
        """Remove and return the next item; ``None`` if there is none."""
        if not self._waiting:
            return None
        network = next(iter(self._waiting))
        item = self._waiting[network].popleft()
        self._waiting.move_to_end(network)
        self._count_off(network)
        return item

    def drop(self, network: str | None) -> T:
        """Remove and return the newest item of the network that has most of them.

        If several networks have as many, it is this network's own, if it is one of them. This
        network must have an item.
        """
        own = len(self._waiting[network])
        longest = max(self._waiting, key=lambda each: len(self._waiting[each]))
        crowd = longest if len(self._waiting[longest]) > own else network
        item = self._waiting[crowd].pop()
        self._count_off(crowd)
        return item

    def remove(self, network: str | None, item: T) -> None:
        """Remove an item, if the queue still contains it."""
        with contextlib.suppress(KeyError, ValueError):
            self._waiting[network].remove(item)
            self._count_off(network)

    def _count_off(self, network: str | None) -> None:
        self._length -= 1
        if not self._waiting[network]:
            del self._waiting[network]
