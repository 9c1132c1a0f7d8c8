"""A cache of verified tokens, each kept until it expires or is revoked.

Every call carries a token, and verifying one costs a signature check and a request to the store.
What ends a token early (a revocation, a changed password, another role) is published to all
workers, and each removes it from its cache. While a worker cannot hear what is published, its
cache is not used.
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
    def session(self) -> str: ...
    @property
    def expires_at(self) -> int: ...


class TokenCache:
    """Call it with a token: it answers as ``verify`` does, which it calls where it has to.

    It calls ``verify`` within the context ``asking()``. ``hears`` says whether this worker hears
    what is published now.
    """

    def __init__(self, verify: Callable[[object], Caller], hears: Callable[[], bool]) -> None:
        self._verify = verify
        self._hears = hears
        self._callers: dict[str, Caller] = {}
        #: Counts the calls of ``forget``.
        self._forgotten = 0

    def known(self, token: object) -> Caller | None:
        """Who has shown this token before, if that can be relied on."""
        known = self._callers.get(token) if isinstance(token, str) else None
        if known is not None and known.expires_at > time.time() * 1000 and self._hears():
            return known
        return None

    def __call__(self, token: object, asking: Asking = nullcontext) -> Caller:
        known = self.known(token)
        if known is not None:
            return known
        forgotten = self._forgotten
        with asking():
            caller = self._verify(token)
        # If something was forgotten during the check, its answer may be outdated: not kept.
        if isinstance(token, str) and forgotten == self._forgotten:
            while len(self._callers) >= SIZE:
                del self._callers[next(iter(self._callers))]
            self._callers[token] = caller
        return caller

    def forget_all(self) -> None:
        """Empty the cache, as after a time in which this worker heard nothing."""
        self.forget(lambda caller: True)

    def forget(self, ended: Callable[[Caller], bool]) -> None:
        """Remove the tokens of which ``ended`` says so: they are verified anew."""
        self._forgotten += 1
        for token in [token for token, caller in self._callers.items() if ended(caller)]:
            del self._callers[token]
