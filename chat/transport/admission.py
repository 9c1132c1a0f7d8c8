"""Limits the number of connections of a worker, in all and for each client address."""

import functools
import logging
import time
from collections import Counter

from chat.transport.address import forwarded_for, network_of
from chat.transport.bodies import Bodies
from chat.transport.http_queue import RequestQueue
from chat.transport.http_refusal import RETRY, Refused

log = logging.getLogger(__name__)

#: After a limit was reached, the log says that it is over only when no more than this share of it
#: is used: so a number that moves up and down at the limit does not fill the log.
PASSED = 0.9
#: Addresses over their limit that the log names in one minute.
NAMED = 5
#: Seconds after which the log may say again that all places are taken.
FULL_AGAIN = 60.0

# Most connections come from addresses that have connected shortly before.
_network_of = functools.lru_cache(1024)(network_of)


class Admission:
    """Counts connections: at most ``max_connections``, and ``per_address`` unless that is 0.

    An address is counted by its network (``address.network_of``). Behind ``proxies`` trusted
    ones the peer is a proxy, and its address is not counted: instead each request counts, while it
    lasts, for the client address that the proxy names. ``None`` for a network means that there is
    no such address: then only the total counts.

    ``bodies`` limits the bytes of request bodies, whatever ``per_address`` is; ``requests`` says
    when each request may begin.
    """

    def __init__(self, max_connections: int, per_address: int, proxies: int) -> None:
        self.max_connections = max_connections
        self.taken = 0
        self._per_address = per_address
        self._proxies = proxies
        self._of: Counter[str] = Counter()
        self.bodies = Bodies()
        self.requests = RequestQueue()
        #: Whether the log says that all places are taken, and when it may say so again.
        self._is_full = False
        self._full_again_at = 0.0
        self._over: set[str] = set()
        self._named: list[float] = []

    def peer(self, address: str) -> str | None:
        """The network for which a connection from this address counts, if any."""
        return None if self._proxies else _network_of(address)

    def requester(self, forwarded: str) -> str | None:
        """The network for which a request counts, by its ``X-Forwarded-For``, if any."""
        if not self._proxies:
            return None
        address = forwarded_for(forwarded, self._proxies)
        return None if address is None else network_of(address)

    def enter(self, network: str | None) -> Refused | None:
        """Count a new connection; gives the refusal if there is no place for it."""
        if self.taken >= self.max_connections:
            self._log_full()
            return Refused(503, "This server has as many connections as it can hold.", RETRY)
        refusal = self.add(network)
        if refusal is None:
            self.taken += 1
        return refusal

    def leave(self, network: str | None) -> None:
        """Count off a connection for which ``enter`` gave no refusal."""
        self.taken -= 1
        self.remove(network)
        if self._is_full and self.taken <= self.max_connections * PASSED:
            self._is_full = False
            log.warning("There are places for connections again.")

    def add(self, network: str | None) -> Refused | None:
        """Count one more for this network; gives the refusal if it has too many."""
        if network is None or not self._per_address:
            return None
        if self._of[network] >= self._per_address:
            self._log_over(network)
            return Refused(429, "Your address has too many connections to this server.", RETRY)
        self._of[network] += 1
        return None

    def remove(self, network: str | None) -> None:
        """Count one less for this network."""
        if network is None or not self._per_address:
            return
        self._of[network] -= 1
        if self._of[network] <= self._per_address * PASSED and network in self._over:
            self._over.discard(network)
            log.warning("%s is under its number of connections again.", network)
        if not self._of[network]:
            del self._of[network]

    def _log_full(self) -> None:
        now = time.monotonic()
        if not self._is_full and now >= self._full_again_at:
            self._is_full, self._full_again_at = True, now + FULL_AGAIN
            log.warning(
                "All %d places for connections are taken (MAX_CONNECTIONS): others get 503.",
                self.max_connections,
            )

    def _log_over(self, network: str) -> None:
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
