"""Whom somebody means who types names into a form.

A display name can have spaces and commas, several people can have the same one, and it can look
like somebody's name. So the name, which is one person's alone, goes before it.
"""

import re
from collections.abc import Sequence

from chat import direct_rooms, people, people_search
from chat.errors import N_, Conflict, Invalid, NotFound
from chat.people import Person
from chat.store.store import Store

_COMMAS = re.compile(r"[,;、，\n]+")


def one(store: Store, typed: str) -> Person:
    """The person with this name, ``@name``, userId or display name.

    Raises ``NotFound``, ``TooLong``, and ``Conflict`` where several people are shown like that.
    """
    found = _find(store, typed)
    if found is None:
        raise NotFound(N_("There is nobody called %(name)s."), name=typed.strip())
    return found


def several(store: Store, typed: str) -> list[Person]:
    """People with commas between; names, which have no spaces, with spaces between as well.

    Raises as ``one``, and ``Invalid`` for more people than a direct room can have.
    """
    whole = people_search.shown_as(store, typed)
    if len(whole) == 1 and _COMMAS.search(typed):
        return whole
    parts = [part.strip() for part in _COMMAS.split(typed) if part.strip()]
    _check_number(parts)
    found: list[Person] = []
    for part in parts:
        person = _find(store, part)
        words = [] if person else part.split()
        _check_number([*found, *words])
        named = [people.find(store, word.removeprefix("@")) for word in words]
        if person is None and not all(named):
            raise NotFound(N_("There is nobody called %(name)s."), name=part)
        found += [each for each in (person, *named) if each is not None]
    return found


def _find(store: Store, typed: str) -> Person | None:
    name = typed.strip().removeprefix("@")
    found = people.find(store, name)
    if found is not None:
        return found
    shown = people_search.shown_as(store, typed)
    if len(shown) > 1:
        raise Conflict(
            N_("Several people are shown as %(name)s. Type the name behind the @ instead."),
            name=typed.strip(),
        )
    return shown[0] if shown else None


def _check_number(asked: Sequence[object]) -> None:
    if len(asked) >= direct_rooms.PEOPLE_MAX:
        raise Invalid(N_("A direct room is for one to eight others."))
