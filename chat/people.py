"""Accounts: people with a password and a role.

Where a password is hashed, ``RateLimited`` may be raised: see ``chat.passwords``.
"""

import functools
import time
from dataclasses import dataclass, replace
from itertools import chain

import orjson

from chat import keys, names, validation
from chat.errors import N_, Conflict, Forbidden, Invalid, NotFound, Unauthorized
from chat.passwords import Asker, Fit, Hasher
from chat.store.store import Argument, Question, Store, fields

ADMIN, USER, GUEST = "admin", "user", "guest"
ROLES = (ADMIN, USER, GUEST)
#: What ``REGISTRATION`` makes of newcomers, but the first; nothing where it is closed.
_ROLE_OF_NEWCOMERS = {"open": USER, "approval": GUEST, "closed": ""}
#: On whose behalf a password is hashed where there is no client: in a command.
NOBODY = Asker()


@dataclass(frozen=True)
class Person:
    """``generation`` counts the changes of password: logins of an earlier one have ended."""

    name: str
    role: str
    created_at: int
    generation: int = 0

    @functools.cached_property
    def folded(self) -> str:
        """The name as it is written in keys."""
        return validation.fold(self.name)

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
) -> Person:
    """A new account. Raises ``Invalid``, ``Conflict``, ``Forbidden`` (registration is closed).

    Without ``role``, the very first account is the admin, whatever ``registration`` says, and any
    other a user, or a guest where an admin has to approve it.
    """
    name = names.new_name(name)
    chosen = validation.password(password)
    if role is not None:
        check_role(role)
    others = role or _ROLE_OF_NEWCOMERS[registration]
    if not others and not nobody_yet(store):
        raise _closed()
    hashed = hasher.hash(chosen, asker)
    person = Person(name, role or ADMIN, time.time_ns() // 1_000_000)
    return replace(person, role=_claim(store, person, others, hashed))


def authenticate(
    store: Store, hasher: Hasher, name: object, password: object, asker: Asker = NOBODY
) -> Person:
    """The user with this name and password. Raises ``Unauthorized``, in the same time for all."""
    problem = Unauthorized(N_("The name or the password is not right."))
    if not isinstance(name, str) or not isinstance(password, str):
        raise problem
    try:
        validation.person_name(name)
        typed = validation.typed_password(password)
    except Invalid:
        # No account can look like that, but the time taken should not say so.
        name, typed = "", ""
    account = store.redis.hgetall(keys.account(validation.fold(name))) if name else {}
    hashed = account[b"password"].decode() if account else None
    fit = hasher.fits(hashed, typed, asker)
    if fit is Fit.NO:
        raise problem
    if fit is Fit.OUTDATED:
        anew = hasher.hash(validation.opaque(typed), asker)
        store.run("rehash", [keys.account(validation.fold(name))], [hashed or "", anew])
    return _user(account)


def get(store: Store, name: str) -> Person | None:
    """The account of that name, in any case."""
    return store.ask(reading(name))


def reading(name: str) -> Question[Person | None]:
    """The account of that name, in any case, if there is one."""
    return _reading(validation.fold(name))


def nobody_yet(store: Store) -> bool:
    """Will the next account be the first, and so the admin's?"""
    founder = store.redis.get(keys.FOUNDER)
    # A founder without any account never came to be: the server ended in between.
    return founder is None or not store.redis.exists(keys.account(founder.decode()), keys.USERS)


def everyone(store: Store) -> list[Person]:
    """All accounts, by name."""
    folded = [member.decode() for member in store.redis.smembers(keys.USERS)]
    found = store.ask_together(*map(_reading, folded))
    return sorted(filter(None, found), key=lambda person: person.name)


def set_role(store: Store, name: str, role: str) -> Person:
    """Give an account another role. Raises ``NotFound``, ``Invalid``; workers are told.

    Raises ``Conflict`` where nobody would be an admin any more.
    """
    check_role(role)
    folded = validation.fold(name)
    admins = (
        [person.folded for person in everyone(store) if person.is_admin] if role != ADMIN else []
    )
    others = [keys.account(admin) for admin in admins if admin != folded]
    done = store.run("set_role", [keys.account(folded), *others], [role])
    if done == b"NOBODY":
        raise NotFound(N_("There is nobody of that name."))
    if done == b"LAST":
        raise Conflict(N_("Somebody has to be an admin. Make another one first."))
    person = _user(store.redis.hgetall(keys.account(folded)))
    store.redis.publish(keys.CONTROL, orjson.dumps({"role": [person.name, role]}))
    return person


def change_password(
    store: Store,
    hasher: Hasher,
    person: Person,
    old: object,
    new: object,
    asker: Asker = NOBODY,
) -> Person:
    """The user with another password. All earlier logins and tokens end; workers are told.

    The places from which somebody has logged in are forgotten: a stranger may be among them.

    Raises ``Unauthorized`` when the old one is wrong, ``Invalid`` when the new one cannot be.
    """
    new = validation.password(new)
    try:
        authenticate(store, hasher, person.name, old, asker)
    except Unauthorized:
        raise Unauthorized(N_("The current password is not right.")) from None
    key = keys.account(validation.fold(person.name))
    _, generation, _ = store.batch(
        [
            ("HSET", key, "password", hasher.hash(new, asker)),
            ("HINCRBY", key, "generation", 1),
            ("DEL", keys.places(person.folded)),
        ]
    )
    store.redis.publish(keys.CONTROL, orjson.dumps({"person": person.name}))
    return replace(person, generation=generation)


def check_role(role: object) -> None:
    """Raises ``Invalid`` for anything that is no role."""
    if role not in ROLES:
        raise Invalid(N_("A role is admin, user or guest."))


def _closed() -> Forbidden:
    return Forbidden(N_("Registration is closed. Ask an admin for an account."))


def _claim(store: Store, person: Person, others: str, hashed: str) -> str:
    """Make the account; gives its role, which is ``others`` for any but the founder."""
    looks = names.skeletons(person.name)
    fields: list[Argument] = [
        "name",
        person.name,
        "password",
        hashed,
        "createdAt",
        person.created_at,
    ]
    while True:
        founder = (store.redis.get(keys.FOUNDER) or b"").decode()
        made: bytes = store.run(
            "create_user",
            [
                keys.account(person.folded),
                keys.USERS,
                keys.FOUNDER,
                keys.account(founder),
                keys.SKELETONS,
            ],
            [
                person.folded,
                founder,
                person.role,
                others,
                names.VERSION,
                len(looks),
                *looks,
                *fields,
            ],
        )
        if made == b"INDEX":
            _index_names(store)
        elif made != b"AGAIN":
            break
    if made == b"TAKEN":
        raise Conflict(N_("That name is taken."))
    if made == b"ALIKE":
        raise Conflict(N_("That name looks like one that is taken."))
    if made == b"CLOSED":
        raise _closed()
    return made.decode()


def _index_names(store: Store) -> None:
    """Note what the names look like of accounts that were made before that was noted."""
    looks = [(look, u.folded) for u in everyone(store) for look in names.skeletons(u.name)]
    store.run("index_names", [keys.SKELETONS], [names.VERSION, *chain.from_iterable(looks)])


def _reading(folded: str) -> Question[Person | None]:
    return Question(
        [("HGETALL", keys.account(folded))],
        lambda answers: _user(fields(answers[0])) if answers[0] else None,
    )


def _user(account: dict[bytes, bytes]) -> Person:
    return Person(
        account[b"name"].decode(),
        account[b"role"].decode(),
        int(account[b"createdAt"]),
        int(account.get(b"generation", 0)),
    )
