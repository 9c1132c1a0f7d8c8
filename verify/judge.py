"""All judgements of a history. ``docs/guarantees.md`` has each rule, and what it rests on."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from verify import calm, deliveries, departures, membership, messages, notices, presence
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
    *calm.JUDGEMENTS,
)
#: Those that need no quiet moment: of what was told so far.
EARLY: tuple[Judgement, ...] = (
    *presence.JUDGEMENTS,
    *departures.JUDGEMENTS,
    *membership.JUDGEMENTS,
    *notices.JUDGEMENTS,
)
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
            found.append(replace(violation, rule=judgement.__name__))
    return found
