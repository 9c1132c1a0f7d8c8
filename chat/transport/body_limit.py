"""Limits the bytes of request bodies that a worker holds, in all and for each client address.

Only bytes that have arrived count. A ``Content-Length`` costs nothing to send: if announced bytes
counted, one client could use up the limit for all.
"""

from collections import Counter

from chat.transport.http_refusal import RETRY_AFTER_S, Refused

#: Bytes of request bodies that are held, in all and for one address.
BODIES, BODIES_PER_ADDRESS = 128 * 2**20, 16 * 2**20
#: Bytes of one body that are read even if the total is used up: enough for a log-in.
SMALL = 16 * 1024


class BodyLimit:
    """Counts the bytes of each body, from the time it is read until its request has ended."""

    def __init__(self) -> None:
        self.size = 0
        self._by_network: Counter[str] = Counter()

    def begin(self, network: str | None) -> "CountedBody":
        """Begin to count a body. For the network ``None`` only the total is limited."""
        return CountedBody(self, network)

    def add(self, network: str | None, had: int, size: int) -> None:
        """Count ``size`` more bytes of a body of ``had`` bytes. Raises ``Refused``."""
        of_address = 0 if network is None else self._by_network[network] + size
        is_full = self.size + size > BODIES and had + size > SMALL
        if is_full or of_address > BODIES_PER_ADDRESS:
            raise Refused(503, "Too much is being sent to this server at once.", RETRY_AFTER_S)
        self.size += size
        if network is not None:
            self._by_network[network] = of_address

    def remove(self, network: str | None, size: int) -> None:
        """Count off these bytes."""
        self.size -= size
        if network is not None:
            self._by_network[network] -= size
            if not self._by_network[network]:
                del self._by_network[network]


class CountedBody:
    """Counts the bytes of one body."""

    __slots__ = ("_limit", "_network", "_size")

    def __init__(self, limit: BodyLimit, network: str | None) -> None:
        self._limit = limit
        self._network = network
        self._size = 0

    def add(self, size: int) -> None:
        """Count ``size`` more bytes. Raises ``Refused``."""
        self._limit.add(self._network, self._size, size)
        self._size += size

    def end(self) -> None:
        """Count the body off: it is not needed any more. May be called again."""
        if self._size:
            self._limit.remove(self._network, self._size)
            self._size = 0
