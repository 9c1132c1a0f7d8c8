"""Passwords: hashed, compared, and how the work of that is given away.

A password is compared in one normal form (RFC 8265, OpaqueString): a keyboard of macOS and one of
Windows send different code points for the same letters.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import argon2

from chat import text


@dataclass(frozen=True)
class Asker:
    """For whom a password is hashed.

    ``network`` is what its address is counted as. ``known`` says that this account has logged in
    from there before. ``client`` is the socket on which the answer is awaited, where there is one.
    """

    network: str = ""
    known: bool = False
    client: Any = None


#: Calls a function with arguments, on somebody's behalf, and gives what it gives. Raises
#: ``RateLimited`` instead where too many wait for that already.
Run = Callable[..., Any]


def _at_once(asker: Asker, function: Callable[..., Any], *args: object) -> Any:
    return function(*args)


class Fit(Enum):
    """How well a password fits a hash. ``OUTDATED``: it does, but the hash should be made anew."""

    NO = 0
    YES = 1
    OUTDATED = 2


class Hasher:
    """argon2id with the first set of parameters that OWASP's password storage guide names.

    Hashing takes tens of milliseconds of one core and 19 MB; ``run`` says where and when. Its
    methods raise what that does.
    """

    def __init__(self, run: Run = _at_once) -> None:
        self._run = run
        self._argon2 = argon2.PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
        self._nobody = self._argon2.hash("nobody has this password")

    def hash(self, password: str, asker: Asker) -> str:
        """The hash of a password in its normal form."""
        hashed: str = self._run(asker, self._argon2.hash, password)
        return hashed

    def fits(self, hashed: str | None, typed: str, asker: Asker) -> Fit:
        """Does what was typed fit? To ``None`` (nobody) nothing does, after as much work."""
        fit: Fit = self._run(asker, self._fits, hashed or self._nobody, typed)
        return Fit.NO if hashed is None else fit

    def _fits(self, hashed: str, typed: str) -> Fit:
        normal = text.opaque(typed)
        if self._verify(hashed, normal):
            return Fit.OUTDATED if self._argon2.check_needs_rehash(hashed) else Fit.YES
        # A hash from before passwords had a normal form was made of what was typed then.
        if normal != typed and self._verify(hashed, typed):
            return Fit.OUTDATED
        return Fit.NO

    def _verify(self, hashed: str, password: str) -> bool:
        try:
            return self._argon2.verify(hashed, password)
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False
