"""Limits log-in attempts, so that passwords cannot be guessed and no owner is locked out.

A wrong password counts against three limits: of the client's network, of the pair of account and
network, and (ten times as high) of the account. A known source is a browser or network from which
somebody has logged in to the account before; there only the attempts from that source count. So
others who guess at an account do not lock its owner out. Every attempt, right ones too, counts
against a limit of the network, since each costs the server a hash; known browsers have a reserve
there.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from chat import keys, rate_limit
from chat.errors import MaruError, RateLimited, Unauthorized
from chat.store.question import ScriptCall
from chat.store.store import Store

#: Wrong passwords for one account from all sources, as a multiple of ``rate``, the number that is
#: allowed from one source.
EVERYWHERE = 10
#: Attempts at one account from one source, and at all accounts from one network, right passwords
#: included, as multiples of ``rate``. An office of 300 people can log in at the same time.
WITH_RIGHT_ONES, IN_ALL = 5, 30
#: Further attempts of known browsers from one network when that is used up, likewise.
RESERVE = 10
#: Accounts that may be created from one network in a minute, and at once, likewise. An office of
#: 300 people has its accounts within a quarter of an hour.
REGISTRATIONS, REGISTRATIONS_AT_ONCE = 2, 6
#: Seconds in which somebody may change the name ``rate`` times, and changes of the display name and
#: the like in a minute, as a multiple of ``rate``.
RENAMINGS_IN_S, CHANGES = 24 * 3600, 3
#: Known sources of an account at most, and seconds after the last log-in until they are forgotten.
SOURCES, REMEMBER_S = 50, 90 * 24 * 3600


@dataclass(frozen=True)
class Source:
    """From where somebody logs in: the network of the address, and the browser's device ids.

    A browser has one id for each account that has logged in with it.
    """

    network: str
    devices: tuple[str, ...] = ()

    @property
    def by_network(self) -> str:
        """The network as it is stored among the sources of an account."""
        return f"network:{self.network}"


@dataclass(frozen=True)
class _Limit:
    kind: str
    subject: str
    rate: int
    gives_back: bool = True
    reserve: "_Limit | None" = None


def by_device(device: str) -> str:
    """A device id as it is stored: hashed."""
    # With a copy of the store nobody can pretend to be a known browser.
    return f"device:{hashlib.sha256(device.encode()).hexdigest()[:32]}"


def known_at(store: Store, user_id: str, source: Source) -> str:
    """What makes this a known source of the account: a ``device:…``, a ``network:…``, or ''.

    Of no account (the id is '') no source is known.
    """
    ways = [*map(by_device, source.devices), source.by_network]
    scores = store.ask_all([("ZSCORE", keys.login_sources(user_id), way) for way in ways])
    return next((way for way, score in zip(ways, scores, strict=True) if score is not None), "")


@contextmanager
def trying(
    store: Store, rate: int, source: Source, folded: str | None, known: str
) -> Iterator[None]:
    """Count one attempt to log in, made within this context. Raises ``RateLimited``.

    ``folded`` is the account's folded name, or ``None`` for a name that no account can have;
    ``known`` is what ``known_at`` returned. ``Unauthorized`` within means a wrong password; in any
    other case the limits for wrong passwords are counted back.
    """
    counted = []
    for limit in _limits(rate, source, folded, known):
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


def remember(store: Store, user_id: str, source: Source, device: str) -> None:
    """Note a log-in to this account from this source, in the browser with this device id."""
    now = int(store.ask(("TIME",))[0])
    store.ask(
        ScriptCall(
            "remember_source",
            [keys.account(user_id), keys.login_sources(user_id)],
            [now, SOURCES, REMEMBER_S, source.by_network, by_device(device)],
        )
    )


def register(store: Store, rate: int, network: str) -> None:
    """Count one attempt to create an account. Raises ``RateLimited``."""
    rate, burst = REGISTRATIONS * rate, REGISTRATIONS_AT_ONCE * rate
    rate_limit.throttle(store, "register-from", network, rate, 60, burst=burst)


def change_password(store: Store, rate: int, user_id: str) -> None:
    """Count one attempt to change a password, right or wrong. Raises ``RateLimited``."""
    rate_limit.throttle(store, "password-of", user_id, rate, 60, burst=rate)


def rename(store: Store, rate: int, user_id: str) -> None:
    """Count one change of name. Each keeps a name from others. Raises ``RateLimited``."""
    rate_limit.throttle(store, "rename", user_id, rate, RENAMINGS_IN_S, burst=rate)


def change_profile(store: Store, rate: int, user_id: str) -> None:
    """Count one change that others are told of. Raises ``RateLimited``."""
    rate_limit.throttle(store, "profile-of", user_id, CHANGES * rate, 60, burst=CHANGES * rate)


def _limits(rate: int, source: Source, folded: str | None, known: str) -> Iterator[_Limit]:
    """The limits to count, the network's first: beyond it no limit of an account is counted."""
    is_device = known.startswith("device:")
    reserve = _Limit("known-logins-from", source.network, RESERVE * rate) if is_device else None
    yield _Limit("logins-from", source.network, IN_ALL * rate, gives_back=False, reserve=reserve)
    if not is_device:
        yield _Limit("login-from", source.network, rate)
    if folded is not None:
        here = f"{folded}@{known or source.by_network}"
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
