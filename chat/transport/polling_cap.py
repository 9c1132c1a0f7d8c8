"""Limits the number of long-polling sessions of a worker, in all and for each client address.

Between two polls a session has no connection, so the limits of connections do not count it. Yet it
stays in memory for some seconds, even if the client never polls again.
"""

from collections import Counter
from collections.abc import Iterable

from chat.transport.address import network_of
from chat.transport.http_refusal import RETRY, Refused


class PollingCap:
    """Counts sessions against ``places`` in all and ``per_address``, where 0 means no limit."""

    def __init__(self, places: int, per_address: int) -> None:
        self._places = places
        self._per_address = per_address
        self._of: Counter[str] = Counter()
        self._all = 0

    def enter(self, address: str) -> str:
        """Count a new session; gives the network for which it counts. Raises ``Refused``."""
        network = network_of(address)
        if self._all >= self._places:
            raise Refused(503, "This server has as many sessions as it can hold.", RETRY)
        if 0 < self._per_address <= self._of[network]:
            raise Refused(429, "Your address has too many sessions on this server.", RETRY)
        self._of[network] += 1
        self._all += 1
        return network

    def recount(self, networks: Iterable[str]) -> None:
        """Count anew; ``networks`` has one entry for each session that there is."""
        self._of = Counter(networks)
        self._all = self._of.total()
