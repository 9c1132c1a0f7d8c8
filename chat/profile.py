"""How a person is shown: name, display name, status and other things one may change oneself."""

import functools
import zoneinfo
from collections.abc import Mapping
from dataclasses import replace
from itertools import chain

from chat import (
    display_names,
    keys,
    lookalike_index,
    names,
    people,
    people_search,
    person_events,
    renaming,
)
from chat.errors import N_, Invalid, NotFound
from chat.people import Person
from chat.store.question import Argument, ScriptCall
from chat.store.store import Store

#: Milliseconds for which a name that was given up is kept for who had it: 30 days.
NAME_KEPT_MS = 30 * 24 * 3600 * 1000
LANGUAGES = ("en", "ko")
#: Characters of the name of a time zone.
_ZONE_MAX = 64


def change(store: Store, user_id: str, wanted: Mapping[str, object]) -> Person:
    """The person with what ``wanted`` says; what it does not name stays as it is.

    ``wanted`` may hold ``name``, ``displayName``, ``status``, ``timeZone``, ``language``; ``None``
    or ``""`` takes away what is not the name. All changes or nothing. Workers are told.

    Raises ``Invalid``, ``TooLong``, ``Conflict`` for a name that is taken, ``NotFound`` for an
    account that is not there any more.
    """
    while True:
        person = people.get_by_id(store, user_id)
        if person.deleted:
            raise NotFound(N_("There is nobody of that name."))
        changed = _changed(person, wanted)
        if changed == person:
            return person
        answer = _write(store, person, changed)
        if answer == b"INDEX":
            lookalike_index.build(store)
        elif answer != b"AGAIN":
            break
    lookalike_index.check(answer)
    if changed.name != person.name:
        return renaming.finish(store, user_id, int(answer))
    if changed.wire() != person.wire():
        renaming.tell(store, changed)
    if changed.language != person.language:
        settings = {"language": changed.language or None}
        person_events.tell(store, [([user_id], {"type": "settings", **settings})])
    return changed


def _changed(person: Person, wanted: Mapping[str, object]) -> Person:
    """The person as wanted. Raises ``Invalid``, ``TooLong``."""
    # A name from before there were rules may stay; and a form sends the name in any case.
    if "name" in wanted and wanted["name"] != person.name:
        person = replace(person, name=names.new_name(wanted["name"]))
    if "displayName" in wanted:
        shown = display_names.display_name(wanted["displayName"])
        # Stored only where it is another than the name: so it follows when the name changes.
        person = replace(person, display_name="" if shown == person.name else shown)
    if "status" in wanted:
        person = replace(person, status=display_names.status(wanted["status"]))
    if "timeZone" in wanted:
        person = replace(person, time_zone=time_zone(wanted["timeZone"]))
    if "language" in wanted:
        person = replace(person, language=language(wanted["language"]))
    return person


def time_zone(value: object) -> str:
    """The name of a time zone, such as ``Asia/Seoul``, or ``""``. Raises ``Invalid``."""
    if value is None or value == "":
        return ""
    if not isinstance(value, str) or len(value) > _ZONE_MAX or value not in _zones():
        raise Invalid(N_("A time zone is a name such as Asia/Seoul or Europe/Berlin."))
    return value


def language(value: object) -> str:
    """``en``, ``ko``, or ``""`` for that of the browser. Raises ``Invalid``."""
    if value is None or value == "":
        return ""
    if value not in LANGUAGES:
        raise Invalid(N_("A language is en or ko."))
    return str(value)


@functools.cache
def _zones() -> frozenset[str]:
    # Files of this machine's, which stand beside the names but are none that others know.
    return frozenset(zoneinfo.available_timezones() - {"localtime", "Factory"})


def _write(store: Store, person: Person, changed: Person) -> bytes | int:
    """What the script ``change_person`` answers."""
    before, after = people_search.terms(person), people_search.terms(changed)
    old, new = sorted({*before} - {*after}), sorted({*after} - {*before})
    looks = names.skeletons(changed.name) if changed.name != person.name else []
    fields: dict[str, Argument] = {
        "displayName": changed.display_name,
        "status": changed.status,
        "timeZone": changed.time_zone,
        "language": changed.language,
    }
    answer: bytes | int = store.ask(
        ScriptCall(
            "change_person",
            [
                *(keys.account(person.user_id), keys.SKELETONS, keys.NAMES, keys.FORMER),
                *(keys.RENAMING, keys.TERMS),
            ],
            [
                *("", person.user_id, person.name, person.display_name, changed.name),
                *(person.folded, changed.folded, NAME_KEPT_MS, names.VERSION),
                *(
                    len(looks),
                    len(old),
                    len(new),
                    *looks,
                    *old,
                    *new,
                    *chain.from_iterable(fields.items()),
                ),
            ],
        )
    )
    return answer
