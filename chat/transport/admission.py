"""Limits the number of connections of a worker, in all and for each client address."""

import functools
import logging
import time
from collections import Counter

from chat.transport.address import forwarded_for, network_of
from chat.transport.body_limit import BodyLimit
from chat.transport.http_queue import RequestQueue
from chat.transport.http_refusal import RETRY_AFTER_S, Refused

log = logging.getLogger(__name__)

#: The log says that a number is below its limit again when it is at most this share of the limit:
#: so a number that moves up and down at the limit does not fill the log.
RELIEVED = 0.9
#: Addresses over their limit that the log names in one minute, at most.
LOGGED_A_MINUTE = 5
#: Seconds after which the log may say again that all places are taken.
LOG_AGAIN_S = 60.0

# Most connections come from addresses that have connected shortly before.
_network_of = functools.lru_cache(1024)(network_of)


class Admission:
    """Counts connections: at most ``max_connections``, and ``per_address`` unless that is 0.

    An address is counted by its network (``address.network_of``). Behind ``proxies`` trusted
    proxies the peer's address is a proxy's, and is not counted. Instead each request is counted,
    until it ends, for the client address that the proxy names. The network ``None`` means that
    there is no such address: then only the total is limited.

    ``bodies`` limits the bytes of request bodies, whatever ``per_address`` is; ``requests`` says
    when each request may begin.
    """

    def __init__(self, max_connections: int, per_address: int, proxies: int) -> None:
        self.max_connections = max_connections
        self.open_connections = 0
        self._per_address = per_address
        self._proxies = proxies
        self._by_network: Counter[str] = Counter()
        self.bodies = BodyLimit()
        self.requests = RequestQueue()
        #: Whether the log says that all places are taken, and when it may say so again.
        self._is_full = False
        self._log_again_at = 0.0
        self._logged_networks: set[str] = set()
        self._logged_at: list[float] = []

    def peer_network(self, address: str) -> str | None:
        """The network for which a connection from this address counts, if any."""
        return None if self._proxies else _network_of(address)

    def request_network(self, forwarded: str) -> str | None:
        """The network for which a request counts, by its ``X-Forwarded-For``, if any."""
        if not self._proxies:
            return None
        address = forwarded_for(forwarded, self._proxies)
        return None if address is None else network_of(address)

    def enter(self, network: str | None) -> Refused | None:
        """Count a new connection; returns a refusal instead if a limit is reached."""
        if self.open_connections >= self.max_connections:
            self._log_full()
            return Refused(
                503, "This server has as many connections as it can hold.", RETRY_AFTER_S
            )
        refusal = self.add(network)
        if refusal is None:
            self.open_connections += 1
        return refusal

    def leave(self, network: str | None) -> None:
        """Count off a connection that ``enter`` has counted."""
        self.open_connections -= 1
        self.remove(network)
        if self._is_full and self.open_connections <= self.max_connections * RELIEVED:
            self._is_full = False
            log.warning("There are places for connections again.")

    def add(self, network: str | None) -> Refused | None:
        """Count one more for this network; returns a refusal instead if its limit is reached."""
        if network is None or not self._per_address:
            return None
        if self._by_network[network] >= self._per_address:
            self._log_over(network)
            return Refused(
                429, "Your address has too many connections to this server.", RETRY_AFTER_S
            )
        self._by_network[network] += 1
        return None

    def remove(self, network: str | None) -> None:
        """Count one less for this network."""
        if network is None or not self._per_address:
            return
        self._by_network[network] -= 1
        if (
            self._by_network[network] <= self._per_address * RELIEVED
            and network in self._logged_networks
        ):
            self._logged_networks.discard(network)
            log.warning("%s is under its number of connections again.", network)
        if not self._by_network[network]:
            del self._by_network[network]

    def _log_full(self) -> None:
        now = time.monotonic()
        if not self._is_full and now >= self._log_again_at:
            self._is_full, self._log_again_at = True, now + LOG_AGAIN_S
            log.warning(
                "All %d places for connections are taken (MAX_CONNECTIONS): others get 503.",
                self.max_connections,
            )

    def _log_over(self, network: str) -> None:
        if network in self._logged_networks:
            return
        now = time.monotonic()
        self._logged_at = [then for then in self._logged_at if now - then < 60]
        if len(self._logged_at) < LOGGED_A_MINUTE:
            self._logged_at.append(now)
            self._logged_networks.add(network)
            log.warning(
                "%s has as many connections as an address may (CONNECTIONS_PER_ADDRESS).", network
            )
