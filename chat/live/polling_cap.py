"""How many sessions over long-polling there may be, in all and of one address.

Between two polls a session has no connection, so that the caps on those do not count it. It lasts
for seconds all the same, also where nobody comes back to it.
"""

from collections import Counter
from collections.abc import Iterable

from chat.address import network_of
from chat.live.http_refusal import Refused

#: Seconds after which a refused client may try again.
RETRY = 5


class PollingCap:
    """Counts sessions against ``places`` and ``per_address``; 0 means no cap for the latter."""

    def __init__(self, places: int, per_address: int) -> None:
        self._places = places
        self._per_address = per_address
        self._of: Counter[str] = Counter()
        self._all = 0

    def enter(self, address: str) -> str:
        """Count one more of this address, and give whom it counts for. Raises ``Refused``."""
        network = network_of(address)
        if self._all >= self._places:
            raise Refused(503, "This server has as many sessions as it can hold.", RETRY)
        if 0 < self._per_address <= self._of[network]:
            raise Refused(429, "Your address has too many sessions on this server.", RETRY)
        self._of[network] += 1
        self._all += 1
        return network

    def recount(self, networks: Iterable[str]) -> None:
        """These are the sessions that there are, by whom they count for."""
        self._of = Counter(networks)
        self._all = self._of.total()
