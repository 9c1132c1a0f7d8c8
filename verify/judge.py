"""All judgements of a history. ``docs/guarantees.md`` has each rule, and what it rests on."""

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

Judgement = Callable[[Index], Iterable[Violation]]

JUDGEMENTS: tuple[Judgement, ...] = (
    *messages.JUDGEMENTS,
    *deliveries.JUDGEMENTS,
    *presence.JUDGEMENTS,
    *departures.JUDGEMENTS,
    *membership.JUDGEMENTS,
    *notices.JUDGEMENTS,
    *naming.JUDGEMENTS,
    *roles.JUDGEMENTS,
    *rails.JUDGEMENTS,
    *calm.JUDGEMENTS,
)
#: Those that need no quiet moment: of what was told so far.
EARLY: tuple[Judgement, ...] = (
    *presence.JUDGEMENTS,
    *departures.JUDGEMENTS,
    *membership.JUDGEMENTS,
    *notices.JUDGEMENTS,
)
_USER_ID = re.compile(r"\bu[a-z0-9]{12,31}\b")
#: Of one judgement, more than this only repeat each other.
ENOUGH = 3


def judge(history: History, judgements: Sequence[Judgement] = JUDGEMENTS) -> list[Violation]:
    """What does not hold, a few of each kind."""
    index = Index(history)
    found = []
    for judgement in judgements:
        for number, violation in enumerate(judgement(index)):
            if number == ENOUGH:
                break
            text = _with_names(history, violation.text)
            found.append(replace(violation, text=text, rule=judgement.__name__))
    return found


def _with_names(history: History, text: str) -> str:
    """With people's first names in place of their userIds."""
    names: dict[str, str] = {}
    for renaming in history.renamings:
        names.setdefault(renaming.person, renaming.name)
    return _USER_ID.sub(lambda found: names.get(found[0], found[0]), text)
