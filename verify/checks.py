"""All checks of a history. ``docs/guarantees.md`` has each rule, and what it rests on."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from verify import (
    calm,
    deliveries,
    departures,
    membership,
    messages,
    naming,
    notices,
    presence,
    rails,
    roles,
)
from verify.history import History, Violation
from verify.index import Index

Check = Callable[[Index], Iterable[Violation]]

CHECKS: tuple[Check, ...] = (
    *messages.CHECKS,
    *deliveries.CHECKS,
    *presence.CHECKS,
    *departures.CHECKS,
    *membership.CHECKS,
    *notices.CHECKS,
    *naming.CHECKS,
    *roles.CHECKS,
    *rails.CHECKS,
    *calm.CHECKS,
)
#: Those that need no quiet moment: of what was told so far.
EARLY: tuple[Check, ...] = (
    *presence.CHECKS,
    *departures.CHECKS,
    *membership.CHECKS,
    *notices.CHECKS,
)
_USER_ID = re.compile(r"\bu[a-z0-9]{12,31}\b")
#: Of one check, more violations than this only repeat each other.
REPORTED_MAX = 3


def run_checks(history: History, checks: Sequence[Check] = CHECKS) -> list[Violation]:
    """What does not hold, a few of each kind."""
    index = Index(history)
    found = []
    for check in checks:
        for number, violation in enumerate(check(index)):
            if number == REPORTED_MAX:
                break
            text = _with_names(history, violation.text)
            found.append(replace(violation, text=text, rule=check.__name__))
    return found


def _with_names(history: History, text: str) -> str:
    """With people's first names in place of their userIds."""
    names: dict[str, str] = {}
    for renaming in history.renamings:
        names.setdefault(renaming.person, renaming.name)
    return _USER_ID.sub(lambda found: names.get(found[0], found[0]), text)
