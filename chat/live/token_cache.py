"""A cache of verified tokens, each kept until it expires or is revoked.

Every call carries a token, and verifying one costs a signature check and a request to the store.
What ends a token early (a revocation, a changed password, another role) is published to all
workers, and each removes it from its cache. While a worker does not receive what is
published, its cache is not used.
"""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from chat.people import Person

Asking = Callable[[], AbstractContextManager[object]]

#: Tokens in the cache at most.
SIZE = 50_000


class Caller(Protocol):
    """What a valid token says. ``expires_at`` is in ms."""

    @property
    def person(self) -> Person: ...
    @property
    def jti(self) -> str: ...
    @property
    def login_id(self) -> str: ...
    @property
    def expires_at(self) -> int: ...


class TokenCache:
    """Call it with a token: it returns and raises what ``verify`` does, from the cache if it can.

    It calls ``verify`` within the context ``asking()``. ``check_receiving`` looks whether this
    worker receives what is published now.
    """

    def __init__(
        self, verify: Callable[[object], Caller], check_receiving: Callable[[], bool]
    ) -> None:
        self._verify = verify
        self._check_receiving = check_receiving
        self._callers: dict[str, Caller] = {}
        #: Number of calls of ``invalidate``.
        self._invalidations = 0

    def cached(self, token: object) -> Caller | None:
        """The caller of a token in the cache; ``None`` if it has to be verified."""
        cached = self._callers.get(token) if isinstance(token, str) else None
        if (
            cached is not None
            and cached.expires_at > time.time() * 1000
            and self._check_receiving()
        ):
            return cached
        return None

    def __call__(self, token: object, asking: Asking = nullcontext) -> Caller:
        cached = self.cached(token)
        if cached is not None:
            return cached
        invalidations = self._invalidations
        with asking():
            caller = self._verify(token)
        # If a token was invalidated during the check, its result may be outdated: it is not kept.
        if isinstance(token, str) and invalidations == self._invalidations:
            while len(self._callers) >= SIZE:
                del self._callers[next(iter(self._callers))]
            self._callers[token] = caller
        return caller

    def clear(self) -> None:
        """Empty the cache, as after a time in which this worker received nothing."""
        self.invalidate(lambda caller: True)

    def invalidate(self, ended: Callable[[Caller], bool]) -> None:
        """Remove the tokens for which ``ended`` returns true: they are verified anew."""
        self._invalidations += 1
        for token in [token for token, caller in self._callers.items() if ended(caller)]:
            del self._callers[token]
