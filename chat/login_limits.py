"""How often somebody may try to log in, so that passwords cannot be guessed and nobody is shut out.

Wrong passwords count for the network that they come from, for the account as seen from there, and,
ten times as many, for the account as a whole. Where somebody has logged in to an account before
(the same browser, or the same network), only the tries from there count: others who guess at that
account do not shut its owner out. All log-ins, right ones too, count for the network: what is known
only raises that limit, since each log-in costs the server a hash.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from chat import keys, rate_limit
from chat.errors import MaruError, RateLimited, Unauthorized
from chat.store import Store

#: Wrong passwords for one account from everywhere, for each that is allowed from one place.
EVERYWHERE = 10
#: Tries of one account from one place, and of all accounts from one network, right ones included,
#: for each wrong one that is allowed. An office of 300 people may come in at one time.
WITH_RIGHT_ONES, IN_ALL = 5, 30
#: As many more of all accounts from one network that known browsers may try when it is used up.
RESERVE = 10
#: Accounts that may be made from one network a minute, and at once, for each wrong password that is
#: allowed. An office of 300 people has its accounts within a quarter of an hour.
REGISTRATIONS, REGISTRATIONS_AT_ONCE = 2, 6
#: Places that are remembered of an account, and for how many seconds after the last log-in.
PLACES, REMEMBER = 50, 90 * 24 * 3600


@dataclass(frozen=True)
class Place:
    """Where somebody logs in: the network of the address, and the ids that the browser has.

    Each id is known to one account: the one that was logged in to when the server made it.
    """

    network: str
    devices: tuple[str, ...] = ()

    @property
    def by_network(self) -> str:
        return f"network:{self.network}"


@dataclass(frozen=True)
class _Limit:
    kind: str
    subject: str
    rate: int
    gives_back: bool = True
    reserve: "_Limit | None" = None


def by_device(device: str) -> str:
    """The id of a browser as it is stored."""
    # A copy of the store must not be good for pretending to be a known browser.
    return f"device:{hashlib.sha256(device.encode()).hexdigest()[:32]}"


def known_at(store: Store, folded: str, place: Place) -> str:
    """By what this account is known to have logged in here before: network, device, or neither."""
    ways = [*map(by_device, place.devices), place.by_network]
    scores = store.batch([("ZSCORE", keys.places(folded), way) for way in ways])
    return next((way for way, score in zip(ways, scores, strict=True) if score is not None), "")


@contextmanager
def trying(store: Store, rate: int, place: Place, folded: str | None, known: str) -> Iterator[None]:
    """Count one try to log in. Raises ``RateLimited``.

    ``folded`` is the account's, ``None`` for a name that none can have; ``known`` what ``known_at``
    gave. Only an ``Unauthorized`` within is a wrong password; anything else is taken off again.
    """
    counted = []
    for limit in _limits(rate, place, folded, known):
        _count(store, limit)
        if limit.gives_back:
            counted.append(limit)
    try:
        yield
    except Unauthorized:
        raise
    except MaruError:
        _give_back(store, counted)
        raise
    _give_back(store, counted)


def remember(store: Store, folded: str, place: Place, device: str) -> None:
    """Somebody has logged in to this account here, in the browser with this id."""
    key = keys.places(folded)
    now = store.redis.time()[0]
    store.batch(
        [
            ("ZADD", key, now, place.by_network, now, by_device(device)),
            ("ZREMRANGEBYRANK", key, 0, -PLACES - 1),
            ("EXPIRE", key, REMEMBER),
        ]
    )


def register(store: Store, rate: int, network: str) -> None:
    """Count one try to make an account. Raises ``RateLimited``."""
    rate, burst = REGISTRATIONS * rate, REGISTRATIONS_AT_ONCE * rate
    rate_limit.throttle(store, "register-from", network, rate, 60, burst=burst)


def change_password(store: Store, rate: int, folded: str) -> None:
    """Count one try to change a password, right or wrong. Raises ``RateLimited``."""
    rate_limit.throttle(store, "password-of", folded, rate, 60, burst=rate)


def _limits(rate: int, place: Place, folded: str | None, known: str) -> Iterator[_Limit]:
    """What counts, the address first: who is over its limit adds nothing to that of an account."""
    is_device = known.startswith("device:")
    reserve = _Limit("known-logins-from", place.network, RESERVE * rate) if is_device else None
    yield _Limit("logins-from", place.network, IN_ALL * rate, gives_back=False, reserve=reserve)
    if not is_device:
        yield _Limit("login-from", place.network, rate)
    if folded is not None:
        here = f"{folded}@{known or place.by_network}"
        yield _Limit("login-here", here, rate)
        yield _Limit("logins-here", here, WITH_RIGHT_ONES * rate, gives_back=False)
        if not known:
            yield _Limit("login-to", folded, EVERYWHERE * rate)


def _count(store: Store, limit: _Limit) -> None:
    try:
        rate_limit.throttle(store, limit.kind, limit.subject, limit.rate, 60, burst=limit.rate)
    except RateLimited:
        if limit.reserve is None:
            raise
        _count(store, limit.reserve)


def _give_back(store: Store, counted: list[_Limit]) -> None:
    for limit in counted:
        rate_limit.give_back(store, limit.kind, limit.subject, limit.rate, 60)
