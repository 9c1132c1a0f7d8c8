"""Checks of who is named: everything carries its sender, by a name of that moment."""

import math
from collections import defaultdict
from collections.abc import Iterator

from chat.message import REMOVED
from verify.checks.excerpt import excerpt
from verify.checks.index import Index
from verify.checks.presence import CLOCK_SLACK_MS
from verify.history import History, Renaming, Violation

#: How long after a renaming a worker may still use the old name, in ms.
OLD_NAME_MS = 3_000.0
#: The same after something was broken: until a worker looks, or another finishes what one began.
OLD_NAME_AFTER_FAULT_MS = 25_000.0


def senders_are_named_as_of_then(index: Index) -> Iterator[Violation]:
    """Whatever was told carries a name that its sender had when it was said, or just before."""
    history = index.history
    known = _names(history)
    for room, messages in _told(index).items():
        for message in messages:
            person, at = message.get("senderId", ""), message["sentAt"]
            if person in known and not _had(history, known[person], message["sender"], at):
                names = [renaming.name for renaming in known[person]]
                text = f"{message['type']} of {message['sender']}, and {person} is one of {names}"
                seqs = [message["seq"]] if "seq" in message else []
                yield Violation(text, excerpt(history, at, room, seqs, person=person))


def names_are_true(index: Index) -> Iterator[Violation]:
    """Once everything has settled, the API names those who are in a room as they are called now."""
    known = _names(index.history)
    for settled in index.history.settled_states:
        for room, names in settled.names.items():
            for person, name in names.items():
                taken = [r for r in known.get(person, ()) if r.answered < settled.at]
                if taken and name != taken[-1].name:
                    text = f"{name} is told to be in {room}, and is called {taken[-1].name}"
                    yield Violation(text, excerpt(index.history, settled.at, room, person=person))


def _names(history: History) -> dict[str, list[Renaming]]:
    """Of each person, the names in the order in which they were taken."""
    known: dict[str, list[Renaming]] = defaultdict(list)
    for renaming in history.renamings:
        known[renaming.person].append(renaming)
    return known


def _told(index: Index) -> dict[str, list[dict]]:
    """By room, what people are told: a REMOVED is for workers, which go by its ``senderId``."""
    told = {room: list(messages.values()) for room, messages in index.seen.items()}
    for item in index.history.channel_log:
        message = getattr(item, "message", None)
        if message and "seq" not in message and message["type"] != REMOVED:
            told.setdefault(item.room, []).append(message)
    return told


def _had(history: History, names: list[Renaming], name: str, at: float) -> bool:
    for number, renaming in enumerate(names):
        if renaming.name == name and renaming.called - CLOCK_SLACK_MS <= at:
            following = names[number + 1].answered if number + 1 < len(names) else math.inf
            if at <= _used_until(history, following):
                return True
    return False


def _used_until(history: History, given_up: float) -> float:
    """Until when a name that was given up then may still be used."""
    until = given_up + OLD_NAME_MS
    broken = [(fault.began, fault.ended) for fault in history.faults]
    for began, ended in sorted([*broken, *history.slow, *history.gaps[1:]]):
        # What was broken shortly before may still keep a worker from receiving.
        if began <= until and ended >= given_up - OLD_NAME_AFTER_FAULT_MS:
            until = max(until, ended + OLD_NAME_AFTER_FAULT_MS)
    return until


CHECKS = (senders_are_named_as_of_then, names_are_true)
