"""How many connections a worker holds, in all and of one address."""

import functools
import logging
import time
from collections import Counter

from chat.address import forwarded_for, network_of
from chat.live.bodies import Bodies
from chat.live.http_queue import RequestQueue
from chat.live.http_refusal import Refused

log = logging.getLogger(__name__)

#: Being full has passed once this share of the places is taken, so that it is not told twice.
PASSED = 0.9
#: Seconds after which a refused client may try again.
RETRY = 5
#: Addresses over their cap that the log names in one minute.
NAMED = 5

#: Most connections come from addresses that have been here just before.
_network_of = functools.lru_cache(1024)(network_of)


class Admission:
    """Counts connections against ``places`` and ``per_address``; 0 means no cap for the latter.

    ``bodies`` counts what requests carry, of each address whether there is a cap or not;
    ``requests`` says when each of them may begin.

    Behind ``proxies`` trusted ones the peer is a proxy, which is never counted as an address: its
    requests are, by the address that it gives for each. What is not under a known address is only
    counted in all.
    """

    def __init__(self, places: int, per_address: int, proxies: int) -> None:
        self.places = places
        self.taken = 0
        self._per_address = per_address
        self._proxies = proxies
        self._of: Counter[str] = Counter()
        self.bodies = Bodies()
        self.requests = RequestQueue()
        self._is_full = False
        self._over: set[str] = set()
        self._named: list[float] = []

    def peer(self, address: str) -> str | None:
        """Whom a connection from this address counts for."""
        return None if self._proxies else _network_of(address)

    def requester(self, forwarded: str) -> str | None:
        """Whom a request counts for while it lasts, by its ``X-Forwarded-For``."""
        if not self._proxies:
            return None
        address = forwarded_for(forwarded, self._proxies)
        return None if address is None else network_of(address)

    def enter(self, network: str | None) -> Refused | None:
        """Take a place for a connection; gives the refusal if there is none."""
        if self.taken >= self.places:
            if not self._is_full:
                self._is_full = True
                log.warning(
                    "All %d places for connections are taken (MAX_CONNECTIONS): others get 503.",
                    self.places,
                )
            return Refused(503, "This server has as many connections as it can hold.", RETRY)
        refusal = self.add(network)
        if refusal is None:
            self.taken += 1
        return refusal

    def leave(self, network: str | None) -> None:
        """A connection that had entered is gone."""
        self.taken -= 1
        self.remove(network)
        if self._is_full and self.taken <= self.places * PASSED:
            self._is_full = False
            log.warning("There are places for connections again.")

    def add(self, network: str | None) -> Refused | None:
        """Count one more of this address; gives the refusal if it has too many."""
        if network is None or not self._per_address:
            return None
        if self._of[network] >= self._per_address:
            self._name(network)
            return Refused(429, "Your address has too many connections to this server.", RETRY)
        self._of[network] += 1
        return None

    def remove(self, network: str | None) -> None:
        """Count one less."""
        if network is None or not self._per_address:
            return
        self._of[network] -= 1
        if self._of[network] <= self._per_address * PASSED and network in self._over:
            self._over.discard(network)
            log.warning("%s is under its number of connections again.", network)
        if not self._of[network]:
            del self._of[network]

    def _name(self, network: str) -> None:
        if network in self._over:
            return
        now = time.monotonic()
        self._named = [then for then in self._named if now - then < 60]
        if len(self._named) < NAMED:
            self._named.append(now)
            self._over.add(network)
            log.warning(
                "%s has as many connections as an address may (CONNECTIONS_PER_ADDRESS).", network
            )
