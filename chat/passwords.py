"""Hashes and verifies passwords.

Passwords are compared in a normal form (RFC 8265, OpaqueString), since keyboards of macOS and
Windows send different code points for the same letters. The hashing itself runs in a function that
the caller of ``Hasher`` provides, such as a queue.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import argon2

from chat import validation


@dataclass(frozen=True)
class Asker:
    """For whom a password is hashed.

    ``network`` is the network of the client's address. ``known``: this account has logged in from
    this source before. ``client`` is the client's socket, if any: work for a closed one is skipped.
    """

    network: str = ""
    known: bool = False
    client: Any = None


#: ``run(asker, function, *args)`` calls the function and returns its result, perhaps later and in
#: another thread. Raises ``RateLimited`` where too many calls wait already.
Run = Callable[..., Any]


def _at_once(asker: Asker, function: Callable[..., Any], *args: object) -> Any:
    return function(*args)


_ARGON2 = argon2.PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


@functools.cache
def _hash_of_nobody() -> str:
    """What is typed for an account that is not there is compared with this."""
    return _ARGON2.hash("nobody has this password")


class Fit(Enum):
    """Whether a password fits a hash. ``OUTDATED``: it fits, but a new hash should be stored."""

    NO = 0
    YES = 1
    OUTDATED = 2


class Hasher:
    """argon2id with the first set of parameters that OWASP's password storage guide names.

    Hashing takes tens of milliseconds of one core and 19 MB of memory. ``run`` calls the hashing
    functions; the methods also raise what ``run`` raises.
    """

    def __init__(self, run: Run = _at_once) -> None:
        self._run = run
        self._nobody = _hash_of_nobody()

    def hash(self, password: str, asker: Asker) -> str:
        """The hash of a password in its normal form."""
        hashed: str = self._run(asker, _ARGON2.hash, password)
        return hashed

    def fits(self, hashed: str | None, typed: str, asker: Asker) -> Fit:
        """Whether the typed password fits. Nothing fits ``None`` (no account), in the same time."""
        fit: Fit = self._run(asker, self._fits, hashed or self._nobody, typed)
        return Fit.NO if hashed is None else fit

    def _fits(self, hashed: str, typed: str) -> Fit:
        normal = validation.opaque(typed)
        if self._verify(hashed, normal):
            return Fit.OUTDATED if _ARGON2.check_needs_rehash(hashed) else Fit.YES
        # Older hashes were made of the password as typed, without the normal form.
        if normal != typed and self._verify(hashed, typed):
            return Fit.OUTDATED
        return Fit.NO

    def _verify(self, hashed: str, password: str) -> bool:
        try:
            return _ARGON2.verify(hashed, password)
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False
