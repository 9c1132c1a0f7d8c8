"""Accounts: people with a password and a role."""

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import argon2
import orjson

from chat import keys, text
from chat.errors import N_, Conflict, Forbidden, Invalid, NotFound, Unauthorized
from chat.store import Question, Store, fields

ADMIN, USER, GUEST = "admin", "user", "guest"
ROLES = (ADMIN, USER, GUEST)


@dataclass(frozen=True)
class User:
    """``generation`` counts the changes of password: logins of an earlier one have ended."""

    name: str
    role: str
    created_at: int
    generation: int = 0

    @functools.cached_property
    def folded(self) -> str:
        """The name as it is written in keys."""
        return text.fold(self.name)

    @property
    def is_admin(self) -> bool:
        return self.role == ADMIN

    @property
    def may_chat(self) -> bool:
        """A guest may log in, and wait there until an admin gives it a role."""
        return self.role in (ADMIN, USER)


class Hasher:
    """argon2id with the first set of parameters that OWASP's password storage guide names.

    Hashing takes tens of milliseconds of one core; ``run`` runs it where that stops nobody else.
    """

    def __init__(self, run: Callable[..., Any] = lambda function, *args: function(*args)) -> None:
        self._run = run
        self._argon2 = argon2.PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
        self._nobody = self._argon2.hash("nobody has this password")

    def hash(self, password: str) -> str:
        hashed: str = self._run(self._argon2.hash, password)
        return hashed

    def matches(self, hashed: str | None, password: str) -> bool:
        """Does the password fit? For ``None`` (nobody), after as much work as for somebody, no."""
        try:
            self._run(self._argon2.verify, hashed or self._nobody, password)
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False
        return hashed is not None


def create(
    store: Store,
    hasher: Hasher,
    name: object,
    password: object,
    role: str | None = None,
    registration: str = "open",
) -> User:
    """A new account. Raises ``Invalid``, ``Conflict``, ``Forbidden`` (registration is closed).

    Without ``role``, the very first account is the admin, whatever ``registration`` says, and any
    other a user, or a guest where an admin has to approve it.
    """
    name = text.person_name(name)
    hashed_later = text.password(password)
    if role is not None:
        check_role(role)
    folded = text.fold(name)
    is_first = bool(store.redis.set(keys.FOUNDER, folded, nx=True))
    try:
        if role is None:
            role = ADMIN if is_first else _role_of_newcomers(registration)
        user = User(name, role, time.time_ns() // 1_000_000)
        _claim(store, folded, user, hasher.hash(hashed_later))
    except BaseException:
        if is_first:
            store.redis.delete(keys.FOUNDER)
        raise
    store.redis.sadd(keys.USERS, folded)
    return user


def authenticate(store: Store, hasher: Hasher, name: object, password: object) -> User:
    """The user with this name and password. Raises ``Unauthorized``, in the same time for all."""
    problem = Unauthorized(N_("The name or the password is not right."))
    if not isinstance(name, str) or not isinstance(password, str):
        raise problem
    try:
        text.person_name(name)
        secret = text.password(password)
    except Invalid:
        # No account can look like that, but the time taken should not say so.
        name, secret = "", ""
    account = store.redis.hgetall(keys.user(text.fold(name))) if name else {}
    hashed = account.get(b"password")
    if not hasher.matches(hashed.decode() if hashed else None, secret):
        raise problem
    return _user(account)


def get(store: Store, name: str) -> User | None:
    """The account of that name, in any case."""
    return store.ask(reading(name))


def reading(name: str) -> Question[User | None]:
    """The account of that name, in any case, if there is one."""
    return _reading(text.fold(name))


def nobody_yet(store: Store) -> bool:
    """Will the next account be the first, and so the admin's?"""
    return not store.redis.exists(keys.FOUNDER)


def everyone(store: Store) -> list[User]:
    """All accounts, by name."""
    folded = [member.decode() for member in store.redis.smembers(keys.USERS)]
    found = store.ask_together(*map(_reading, folded))
    return sorted(filter(None, found), key=lambda user: user.name)


def set_role(store: Store, name: str, role: str) -> User:
    """Give an account another role. Raises ``NotFound``, ``Invalid``. Workers are told."""
    check_role(role)
    key = keys.user(text.fold(name))
    if not store.redis.exists(key):
        raise NotFound(N_("There is nobody of that name."))
    store.redis.hset(key, "role", role)
    user = _user(store.redis.hgetall(key))
    store.redis.publish(keys.CONTROL, orjson.dumps({"role": [user.name, role]}))
    return user


def change_password(store: Store, hasher: Hasher, user: User, old: object, new: object) -> User:
    """The user with another password. All earlier logins and tokens end; workers are told.

    Raises ``Unauthorized`` when the old one is wrong, ``Invalid`` when the new one cannot be.
    """
    new = text.password(new)
    try:
        authenticate(store, hasher, user.name, old)
    except Unauthorized:
        raise Unauthorized(N_("The current password is not right.")) from None
    key = keys.user(text.fold(user.name))
    _, generation = store.batch(
        [("HSET", key, "password", hasher.hash(new)), ("HINCRBY", key, "generation", 1)]
    )
    store.redis.publish(keys.CONTROL, orjson.dumps({"person": user.name}))
    return replace(user, generation=generation)


def check_role(role: object) -> None:
    """Raises ``Invalid`` for anything that is no role."""
    if role not in ROLES:
        raise Invalid(N_("A role is admin, user or guest."))


def _role_of_newcomers(registration: str) -> str:
    if registration == "closed":
        raise Forbidden(N_("Registration is closed. Ask an admin for an account."))
    return GUEST if registration == "approval" else USER


def _claim(store: Store, folded: str, user: User, hashed: str) -> None:
    created = store.run(
        "create_user",
        [keys.user(folded)],
        ["name", user.name, "password", hashed, "role", user.role, "createdAt", user.created_at],
    )
    if not created:
        raise Conflict(N_("That name is taken."))


def _reading(folded: str) -> Question[User | None]:
    return Question(
        [("HGETALL", keys.user(folded))],
        lambda answers: _user(fields(answers[0])) if answers[0] else None,
    )


def _user(account: dict[bytes, bytes]) -> User:
    return User(
        account[b"name"].decode(),
        account[b"role"].decode(),
        int(account[b"createdAt"]),
        int(account.get(b"generation", 0)),
    )
