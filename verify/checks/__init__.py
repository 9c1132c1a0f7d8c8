"""The checks of a history: each looks for what breaks a promise of ``docs/guarantees.md``."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from verify.checks import (
    access,
    announcements,
    deliveries,
    messages,
    names,
    own_rooms,
    presence,
    quit_delay,
    roles,
    settled,
    unread,
)
from verify.checks.index import Index
from verify.history import History, Violation

Check = Callable[[Index], Iterable[Violation]]

CHECKS: tuple[Check, ...] = (
    *messages.CHECKS,
    *deliveries.CHECKS,
    *presence.CHECKS,
    *quit_delay.CHECKS,
    *access.CHECKS,
    *announcements.CHECKS,
    *names.CHECKS,
    *roles.CHECKS,
    *own_rooms.CHECKS,
    *settled.CHECKS,
    *unread.CHECKS,
)
#: Those that can be made before everything has settled: of what was told so far.
EARLY: tuple[Check, ...] = (
    *presence.CHECKS,
    *quit_delay.CHECKS,
    *access.CHECKS,
    *announcements.CHECKS,
)
_USER_ID = re.compile(r"\bu[a-z0-9]{12,31}\b")
#: Of one check, more violations than this only repeat each other.
MAX_REPORTED = 3


def run_checks(history: History, checks: Sequence[Check] = CHECKS) -> list[Violation]:
    """What does not hold, a few of each kind."""
    index = Index(history)
    found = []
    for check in checks:
        for number, violation in enumerate(check(index)):
            if number == MAX_REPORTED:
                break
            text = _with_names(history, violation.text)
            found.append(replace(violation, text=text, rule=check.__name__))
    return found


def _with_names(history: History, text: str) -> str:
    """With people's first names in place of their userIds."""
    first_names: dict[str, str] = {}
    for renaming in history.renamings:
        first_names.setdefault(renaming.person, renaming.name)
    return _USER_ID.sub(lambda found: first_names.get(found[0], found[0]), text)
