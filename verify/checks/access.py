"""Checks of who may be in a room: nothing of it for whoever was taken out."""

from collections import defaultdict, deque
from collections.abc import Iterator
from typing import Any

from verify.checks.excerpt import excerpt
from verify.checks.index import Index, is_ok
from verify.history import Event, Message, Removal, Violation

#: Calls that somebody who was taken out may see succeed: they change nothing and tell nothing.
HARMLESS = ("leave",)

Key = tuple[Any, ...]


def nothing_after_a_removal(index: Index) -> Iterator[Violation]:
    """From the answer to a removal on, until it is let in again, a person gets nothing of the room:
    receives nothing that is said after it, reads nothing of that, and has no call acknowledged."""
    removals: dict[tuple[str, str], list[Removal]] = defaultdict(list)
    for removal in index.history.removals:
        removals[removal.person, removal.room].append(removal)
    called: dict[Key, deque[float]] = defaultdict(deque)
    for event in index.history.events:
        person = index.history.people[event.client]
        at = event.at
        if event.kind == "call":
            called[_key(event)].append(at)
        elif event.kind == "answer" and called[_key(event)]:
            # Of equal calls the first one: so none is taken for later than it was.
            at = called[_key(event)].popleft()
        for removal in removals.get((person, event.room), ()):
            if event.at < removal.ends and (text := _problem(event, at, removal)):
                yield _violation(index, removal, event, f"{event.client} {text}")


def _problem(event: Event, called: float, removal: Removal) -> str:
    if event.kind == "received" and _is_later(dict(event.what), removal):
        return (
            f"received {event.what['type']} of {event.what.get('sender')}, said after its removal"
        )
    if event.kind == "answer" and is_ok(event) and event.what["event"] not in HARMLESS:
        answer = event.what["answer"]
        if called > removal.answered or _is_later(answer, removal):
            return f"had a call acknowledged after its removal: {event.what['event']}"
        if any(_is_later(message, removal) for message in answer.get("messages", ())):
            return "was given a page with what was said after its removal"
    return ""


def _is_later(told: Message, removal: Removal) -> bool:
    """The store has the same clock as the checker."""
    return bool(removal.answered < told.get("sentAt", 0) < removal.ends)


def _key(event: Event) -> Key:
    what = event.what
    fields = ("event", "clientId", "since", "after")
    return event.client, event.link, event.room, *(what.get(field) for field in fields)


def _violation(index: Index, removal: Removal, event: Event, text: str) -> Violation:
    seqs = [event.what["seq"]] if event.kind == "received" and "seq" in event.what else []
    lines = excerpt(
        index.history, event.at, event.room, seqs, person=removal.person, links=[event.link]
    )
    return Violation(text, lines)


CHECKS = (nothing_after_a_removal,)
