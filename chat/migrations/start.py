"""Makes a store ready for this version of Maru, before any worker serves from it.

The store says in ``version`` which shapes it holds. Without it, a store that holds anything is of
version 1. Several processes may do this at the same time: one carries over, the others wait.
"""

import logging
import time
from collections.abc import Callable
from typing import Protocol, TypeVar

from redis.exceptions import ConnectionError, RedisError, ResponseError

from chat import key_prefix, keys
from chat.migrations import to_2, to_3
from chat.migrations.lease import LEASE_MS, Lease, LostLease
from chat.store import error_replies
from chat.store.store import Store, StoreError, connect

log = logging.getLogger(__name__)

#: The version of the shapes that this code reads and writes.
VERSION = 3
#: Version -> what carries a store of it over to the next one.
STEPS = {1: to_2.steps.run, 2: to_3.steps.run}
#: Seconds between two tries, where the store does not take what is asked of it for now.
PAUSE_S = 0.5
#: Tries at which the embedded store may be found away: 15 seconds' worth.
LOST_TRIES = 30

#: Milliseconds since leases were looked at last, after which no worker serves any more.
SERVED_MS = 10_000

T = TypeVar("T")
#: Tells the operator a line.
Tell = Callable[[str], None]


class Settings(Protocol):
    """The settings that are read."""

    @property
    def embedded(self) -> bool: ...

    @property
    def key_prefix(self) -> str: ...

    @property
    def store_url(self) -> str: ...


def prepare(settings: Settings, tell: Tell) -> None:
    """Have the store in the shapes of ``VERSION``. Raises ``StoreError``.

    Waits for a store that answers nothing for now, as while it loads its data.
    """
    key_prefix.use(settings.key_prefix)
    store = connect(settings.store_url)
    try:
        Waiting(tell, settings.embedded).do(lambda: carry_over(store, tell))
    except RedisError as error:
        reason = error_replies.description(error, settings.embedded)
        raise StoreError(f"The store cannot be used: {reason}.") from error
    finally:
        store.redis.connection_pool.disconnect()


def carry_over(store: Store, tell: Tell, lease_ms: int = LEASE_MS) -> None:
    """Have the store in the shapes of ``VERSION``, whichever version it holds.

    May be ended at any moment, and goes on when it is called again. Raises ``StoreError`` for a
    store of a later version, which is not changed; and ``RedisError``.
    """
    told = is_checked = False
    if store.ask(("EXISTS", keys.RESTORING)):
        raise StoreError(
            "A backup is being restored into the store, or that was ended before its end: run"
            " flask restore again, with the same file."
        )
    while (held := version(store)) != VERSION:
        if held > VERSION:
            raise StoreError(
                f"The store holds data of a later Maru (version {held}; this one knows {VERSION}):"
                " start that one, or restore a backup."
            )
        if not held:
            _begin_empty(store)
            return
        # Once: what a step makes of the store is no earlier version that others could serve from.
        if not is_checked and _is_served_by_earlier(store, held):
            raise StoreError(
                "Workers of an earlier Maru still serve from this store: stop all of them first,"
                " and make a backup."
            )
        is_checked = True
        lease = Lease(store, lease_ms)
        if lease.take():
            try:
                STEPS[held](lease, tell)
            except LostLease:
                log.debug("Another process carries the store over.")
        elif not told:
            told = True
            tell("Waiting: another Maru carries the store over, or was ended while it did.")
        else:
            time.sleep(PAUSE_S)


def version(store: Store) -> int:
    """The version of the shapes that the store holds; 0 for a store that holds nothing.

    Raises ``StoreError`` for what is no version.
    """
    found, older = store.ask_all(
        [("GET", keys.VERSION), ("EXISTS", *to_2.keys.signs_of_1(), keys.FOUNDER)]
    )
    if found is None:
        return 1 if older else 0
    if not found.isdigit() or int(found) < 1:
        raise StoreError(f"{keys.VERSION} in the store is {found!r}, which is no version.")
    return int(found)


def _is_served_by_earlier(store: Store, held: int) -> bool:
    """Whether workers of an earlier version listen, and look for expired leases, at this moment."""
    sign = to_2.keys.old("users") if held == 1 else keys.VERSION
    reaped, is_held, (seconds, _) = store.ask_all(
        [("GET", keys.REAPED), ("EXISTS", sign), ("TIME",)]
    )
    if not is_held or int(seconds) * 1000 - int((reaped or b"0").split(b" ")[0]) > SERVED_MS:
        return False
    try:
        return bool(store.redis.pubsub_numsub(keys.CONTROL)[0][1])
    except ResponseError:
        return False  # The store's user has no permission to ask.


def _begin_empty(store: Store) -> None:
    try:
        store.ask(("SET", keys.VERSION, VERSION, "NX"))
    except RedisError as error:
        # It may take no writes for now. Without a version the next start looks again.
        if not error_replies.is_temporary(error):
            raise


class Waiting:
    """Tries again while the store does not take what is asked of it, and tells why, once."""

    def __init__(self, tell: Tell, is_kept: bool) -> None:
        self._tell = tell
        self._is_kept = is_kept
        self._told = ""
        #: The embedded store's supervisor starts a store that has died again.
        self._tries_left = LOST_TRIES if is_kept else 0

    def do(self, action: Callable[[], T]) -> T:
        """Raises what ``action`` raises, but for errors that pass by themselves."""
        while True:
            try:
                return action()
            except RedisError as error:
                if not error_replies.is_temporary(error):
                    if not isinstance(error, ConnectionError) or not self._tries_left:
                        raise
                    self._tries_left -= 1
                reason = error_replies.reason(error, self._is_kept)
                if reason != self._told:
                    self._told = reason
                    self._tell(f"Waiting for the store, and serving nobody until then: {reason}.")
                time.sleep(PAUSE_S)
