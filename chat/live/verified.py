"""Tokens that have been verified, remembered until they expire or are revoked.

Verifying takes a signature and a look at the store; a token comes with every call. What ends one
early (a revocation, a changed password, another role) is told to all workers, and forgets it here.
A worker that does not hear what it is told remembers nothing.
"""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from chat.users import User

Asking = Callable[[], AbstractContextManager[object]]

#: Tokens that are remembered at a time.
REMEMBERED = 50_000


class Caller(Protocol):
    """What a valid token says. ``expires_at`` is in ms."""

    @property
    def user(self) -> User: ...
    @property
    def jti(self) -> str: ...
    @property
    def session(self) -> str: ...
    @property
    def expires_at(self) -> int: ...


class Verified:
    """Call it with a token, as one would ``verify``, which it does where it has to.

    The store is asked within ``asking()``.
    """

    def __init__(self, verify: Callable[[object], Caller], hears: Callable[[], bool]) -> None:
        self._verify = verify
        self._hears = hears
        self._callers: dict[str, Caller] = {}
        self._forgotten = 0

    def __call__(self, token: object, asking: Asking = nullcontext) -> Caller:
        known = self._callers.get(token) if isinstance(token, str) else None
        if known is not None and known.expires_at > time.time() * 1000 and self._hears():
            return known
        forgotten = self._forgotten
        with asking():
            caller = self._verify(token)
        # Something may have been told while the store was asked: then who knows what it answered.
        if isinstance(token, str) and forgotten == self._forgotten:
            while len(self._callers) >= REMEMBERED:
                del self._callers[next(iter(self._callers))]
            self._callers[token] = caller
        return caller

    def forget_all(self) -> None:
        """As after a time in which nothing was heard."""
        self.forget(lambda caller: True)

    def forget(self, ended: Callable[[Caller], bool]) -> None:
        """Those tokens are to be verified anew."""
        self._forgotten += 1
        for token in [token for token, caller in self._callers.items() if ended(caller)]:
            del self._callers[token]
