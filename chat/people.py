"""People: who they are, found by id or by name.

``get…`` raises ``NotFound`` where there is nobody, and ``find…`` gives ``None`` or leaves it out.
"""

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from chat import keys, person_ids, validation
from chat.errors import N_, Invalid, NotFound
from chat.store.question import Question
from chat.store.store import Store

ADMIN, USER, GUEST = "admin", "user", "guest"
ROLES = (ADMIN, USER, GUEST)
#: The fields of an account that make a ``Person``, as ``_person`` takes them.
_FIELDS = (
    *("name", "displayName", "role", "createdAt", "generation"),
    *("deactivatedAt", "deletedAt", "status", "timeZone", "language"),
)


@dataclass(frozen=True)
class Person:
    """Somebody with an account, as it was when read.

    ``user_id`` never changes; ``name`` is what one logs in with and is mentioned by. ``generation``
    counts the changes of password and the deactivations: log-ins of an earlier one have ended.
    ``deleted`` accounts are ``deactivated`` too, and stay as the sender of what they said.
    """

    user_id: str
    name: str
    display_name: str
    role: str
    created_at: int
    generation: int = 0
    deactivated: bool = False
    deleted: bool = False
    status: str = ""
    time_zone: str = ""
    language: str = ""

    @functools.cached_property
    def folded(self) -> str:
        """The name in the form in which names are compared."""
        return validation.fold(self.name)

    @property
    def shown(self) -> str:
        """What is shown: the display name, or the name where there is none."""
        return self.display_name or self.name

    @property
    def gone(self) -> str:
        """``deleted`` or ``deactivated``, where nobody can log in to the account; else ``""``."""
        return "deleted" if self.deleted else "deactivated" if self.deactivated else ""

    @property
    def is_admin(self) -> bool:
        """Whether the person may do what admins may."""
        return self.role == ADMIN and not self.deactivated

    @property
    def may_chat(self) -> bool:
        """A guest may log in, and wait there until an admin gives it a role."""
        return self.role in (ADMIN, USER) and not self.deactivated

    def wire(self) -> dict[str, object]:
        """The person as others see it: a ``Person`` of docs/protocol.md."""
        person: dict[str, object] = {
            "userId": self.user_id,
            "name": self.name,
            "displayName": self.shown,
            "role": self.role,
        }
        optional = {
            "status": self.status,
            "timeZone": self.time_zone,
            "deactivated": self.deactivated,
            "deleted": self.deleted,
        }
        return {**person, **{field: value for field, value in optional.items() if value}}


def person_question(user_id: str) -> Question[Person | None]:
    """The person with this id, also a deleted one; ``None`` where there never was one."""
    command = ("HMGET", keys.account(user_id), *_FIELDS)
    return Question([command], lambda answers: _person(user_id, answers[0]))


def reading_with_hash(user_id: str) -> Question[tuple[str | None, Person | None]]:
    """The hash of the password, and the person as he or she was at the moment when it was read."""
    command = ("HMGET", keys.account(user_id), "password", *_FIELDS)

    def read(answers: list[Any]) -> tuple[str | None, Person | None]:
        hashed, *values = answers[0]
        return (hashed.decode() if hashed else None), _person(user_id, values)

    return Question([command], read)


def get_by_id(store: Store, user_id: str) -> Person:
    """The person with this id, also a deleted one. Raises ``NotFound``."""
    person = store.ask(person_question(user_id))
    if person is None:
        raise NotFound(N_("There is nobody of that name."))
    return person


def find_by_ids(store: Store, user_ids: Iterable[str]) -> dict[str, Person]:
    """The people with these ids, by id, in one write to the store.

    Deleted ones are among them; ids that nobody has are left out.
    """
    asked = list(dict.fromkeys(user_ids))
    found = store.ask_all(map(person_question, asked))
    return {person.user_id: person for person in found if person is not None}


def find(store: Store, id_or_name: str) -> Person | None:
    """The person with this id, or else with this name; ``None`` where there is nobody.

    By id a deleted one is found too. Raises ``TooLong``.
    """
    person = store.ask(person_question(id_or_name)) if person_ids.is_id(id_or_name) else None
    return person or find_by_name(store, id_or_name)


def get(store: Store, id_or_name: str) -> Person:
    """As ``find``. Raises ``NotFound`` where there is nobody, and ``TooLong``."""
    person = find(store, id_or_name)
    if person is None:
        raise NotFound(N_("There is nobody of that name."))
    return person


def find_by_name(store: Store, name: str) -> Person | None:
    """The person of that name, in any case; ``None`` where there is nobody. Raises ``TooLong``."""
    user_id = id_of_name(store, name)
    return store.ask(person_question(user_id)) if user_id else None


def id_of_name(store: Store, name: str) -> str:
    """The id of the person with that name, in any case; ``""`` for nobody. Raises ``TooLong``."""
    found: bytes | None = store.ask(("HGET", keys.NAMES, validation.fold(name)))
    return found.decode() if found else ""


def id_of_former(store: Store, name: str) -> str:
    """The id of who had that name when people got their ids; ``""`` for nobody.

    For cookies and tokens from before. Raises ``TooLong``.
    """
    found: bytes | None = store.ask(("HGET", keys.LEGACY, validation.fold(name)))
    return found.decode() if found else ""


def everyone(store: Store) -> list[Person]:
    """All accounts but deleted ones, by name."""
    found = find_by_ids(store, (member.decode() for member in store.ask(("SMEMBERS", keys.PEOPLE))))
    return sorted(found.values(), key=lambda person: person.name)


def check_role(role: object) -> None:
    """Raises ``Invalid`` for anything that is no role."""
    if role not in ROLES:
        raise Invalid(N_("A role is admin, user or guest."))


def _person(user_id: str, values: Sequence[Any]) -> Person | None:
    name, shown, role, created_at, generation, deactivated, deleted, *settings = values
    if name is None or role is None:
        return None
    status, time_zone, language = ((value or b"").decode() for value in settings)
    return Person(
        user_id,
        name.decode(),
        (shown or b"").decode(),
        role.decode(),
        int(created_at or 0),
        int(generation or 0),
        deactivated is not None or deleted is not None,
        deleted is not None,
        status,
        time_zone,
        language,
    )
