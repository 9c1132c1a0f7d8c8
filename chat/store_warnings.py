"""Checks the store at the start, and warns of settings that lose data or mix two Marus."""

import hashlib
from typing import Protocol

from redis.exceptions import RedisError

from chat import key_prefix, keys
from chat.store import clock, error_replies
from chat.store.settings import StoreSettings
from chat.store.store import Store, StoreError, connect

#: Milliseconds since a Maru last looked for expired leases, after which it counts as stopped.
RECENT_MS = 10_000


class Settings(StoreSettings, Protocol):
    """The settings that are checked."""

    @property
    def key_prefix(self) -> str: ...

    @property
    def store_url(self) -> str: ...

    @property
    def secret_key(self) -> str: ...

    @property
    def jwt_secret_key(self) -> str: ...


def checked(settings: Settings) -> list[str]:
    """The warnings, a line each. Raises ``StoreError`` when the store cannot be used.

    Stores a hash of the secrets, to recognise a Maru with other secrets on the same store.
    """
    key_prefix.use(settings.key_prefix)
    store = connect(settings.store_url)
    try:
        store.check()
        # Another Maru can have the embedded store's socket as its REDIS_URL.
        others = _others(store, (settings.secret_key, settings.jwt_secret_key))
        return others if settings.embedded else _setup(store) + others
    except RedisError as error:
        if not error_replies.is_temporary(error):
            raise StoreError(
                f"The store cannot be used: {error_replies.description(error, settings.embedded)}."
            ) from error
        # The error may pass: Maru starts, and ``/readyz`` says why it is not ready.
        reason = error_replies.reason(error, settings.embedded)
        return [f"Calls will be answered unavailable for now: {reason}."]
    finally:
        store.redis.connection_pool.disconnect()


def _setup(store: Store) -> list[str]:
    """Warnings about how the store is set up."""
    info = store.redis.info()
    lines = []
    if not info.get("aof_enabled", 1):
        lines.append(
            "The store has no append-only file (appendonly no): a restart of it loses messages."
        )
    policy = info.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        lines.append(
            f"The store's maxmemory-policy is {policy}: short of memory it throws away rooms and"
            " logins. Maru needs noeviction."
        )
    return lines


def _others(store: Store, secrets: tuple[str, ...]) -> list[str]:
    """Warnings about another Maru on the same server.

    Channels are common to all databases of a server, so another Maru's subscribers are counted.
    """
    trace = hashlib.sha256("\0".join(("maru", *secrets)).encode()).hexdigest()
    before = store.ask(("GET", keys.SECRETS))
    store.ask(("SET", keys.SECRETS, trace))
    try:
        listening = store.redis.pubsub_numsub(keys.CONTROL)[0][1]
    except RedisError:
        return []  # The store's user has no permission to ask.
    if not listening:
        return []
    apart = f"Give one of them a KEY_PREFIX of its own, other than {keys.PREFIX}"
    if not _is_served(store):
        return [f"Another Maru uses this store's server, in another database: they mix. {apart}"]
    if before and before.decode() != trace:
        return [f"Another Maru uses this store with other secrets: nobody stays logged in. {apart}"]
    return []


def _is_served(store: Store) -> bool:
    """Whether a Maru reaps leases in this database now."""
    asked = (store.ask(("GET", keys.REAPED)) or b"0").split(b" ")[0]
    return store.ask(clock.NOW) - int(asked) < RECENT_MS
