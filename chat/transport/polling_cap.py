"""Limits the number of long-polling sessions of a worker, in all and for each client address.

Between two polls a session has no connection, so the limits of connections do not count it. But it
stays in memory for some seconds, even if the client never polls again.
"""

from collections import Counter
from collections.abc import Iterable

from chat.transport.address import network_of
from chat.transport.http_refusal import RETRY_AFTER_S, Refused


class PollingCap:
    """Counts sessions: at most ``max_sessions``, and ``per_address`` unless that is 0."""

    def __init__(self, max_sessions: int, per_address: int) -> None:
        self._max_sessions = max_sessions
        self._per_address = per_address
        self._by_network: Counter[str] = Counter()
        self._total = 0

    def enter(self, address: str) -> str:
        """Count a new session; returns the network for which it is counted. Raises ``Refused``."""
        network = network_of(address)
        if self._total >= self._max_sessions:
            raise Refused(503, "This server has as many sessions as it can hold.", RETRY_AFTER_S)
        if 0 < self._per_address <= self._by_network[network]:
            raise Refused(429, "Your address has too many sessions on this server.", RETRY_AFTER_S)
        self._by_network[network] += 1
        self._total += 1
        return network

    def recount(self, networks: Iterable[str]) -> None:
        """Count all sessions again; ``networks`` has one entry for each of them."""
        self._by_network = Counter(networks)
        self._total = self._by_network.total()
