"""Accounts: people with a password and a role.

Where a password is hashed, ``RateLimited`` may be raised: see ``chat.passwords``.
"""

import functools
import time
from dataclasses import dataclass, replace

import orjson

from chat import keys, text
from chat.errors import N_, Conflict, Forbidden, Invalid, NotFound, Unauthorized
from chat.passwords import Asker, Fit, Hasher
from chat.store import Question, Store, fields

ADMIN, USER, GUEST = "admin", "user", "guest"
ROLES = (ADMIN, USER, GUEST)
#: On whose behalf a password is hashed where there is no client: in a command.
NOBODY = Asker()


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


def create(
    store: Store,
    hasher: Hasher,
    name: object,
    password: object,
    role: str | None = None,
    registration: str = "open",
    asker: Asker = NOBODY,
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
        _claim(store, folded, user, hasher.hash(hashed_later, asker))
    except BaseException:
        if is_first:
            store.redis.delete(keys.FOUNDER)
        raise
    store.redis.sadd(keys.USERS, folded)
    return user


def authenticate(
    store: Store, hasher: Hasher, name: object, password: object, asker: Asker = NOBODY
) -> User:
    """The user with this name and password. Raises ``Unauthorized``, in the same time for all."""
    problem = Unauthorized(N_("The name or the password is not right."))
    if not isinstance(name, str) or not isinstance(password, str):
        raise problem
    try:
        text.person_name(name)
        typed = text.typed_password(password)
    except Invalid:
        # No account can look like that, but the time taken should not say so.
        name, typed = "", ""
    account = store.redis.hgetall(keys.user(text.fold(name))) if name else {}
    hashed = account[b"password"].decode() if account else None
    fit = hasher.fits(hashed, typed, asker)
    if fit is Fit.NO:
        raise problem
    if fit is Fit.OUTDATED:
        anew = hasher.hash(text.opaque(typed), asker)
        store.run("rehash", [keys.user(text.fold(name))], [hashed or "", anew])
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


def change_password(
    store: Store,
    hasher: Hasher,
    user: User,
    old: object,
    new: object,
    asker: Asker = NOBODY,
) -> User:
    """The user with another password. All earlier logins and tokens end; workers are told.

    Raises ``Unauthorized`` when the old one is wrong, ``Invalid`` when the new one cannot be.
    """
    new = text.password(new)
    try:
        authenticate(store, hasher, user.name, old, asker)
    except Unauthorized:
        raise Unauthorized(N_("The current password is not right.")) from None
    key = keys.user(text.fold(user.name))
    _, generation = store.batch(
        [("HSET", key, "password", hasher.hash(new, asker)), ("HINCRBY", key, "generation", 1)]
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
