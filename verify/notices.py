"""Judgements of who is told: those present hear each ENTER and QUIT once, in order."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from verify import tape
from verify.excerpt import excerpt
from verify.history import Event, Message, Told, Violation
from verify.index import Index, Membership
from verify.presence import SLACK, is_alone

Key = tuple[Any, ...]

#: How long a worker may take to read what it is told, in ms.
LAST_WORDS = 1_000.0


def those_present_are_told(index: Index) -> Iterator[Violation]:
    """Every notice that a worker hears while a connection is in the room, that connection hears:
    all that came before the last one it heard. Its own ENTER too."""
    heard_by: dict[tuple[int, str], list[Told]] = {}
    for worker, told in index.history.heard_by.items():
        for item in told:
            heard_by.setdefault((worker, item.room), []).append(item)
    for membership in index.memberships:
        if membership.worker and membership.joined is not None:
            told = heard_by.get((membership.worker, membership.room), [])
            yield from _missed(index, membership, told)


def _missed(index: Index, membership: Membership, told: list[Told]) -> Iterator[Violation]:
    assert membership.joined is not None
    alone = is_alone(index, membership, membership.called, membership.joined)
    got = Counter(_key(event.what) for event in membership.heard)
    # Not the stored ones: a worker that was cut off reads those first, ahead of what waits.
    told = [item for item in told if item.message["type"] in tape.NOTICES]
    places = [place for place, item in enumerate(told) if _key(item.message) in got]
    for item in told[: max(places, default=-1) + 1]:
        message = item.message
        since = membership.joined + SLACK
        if message["type"] == "ENTER" and message["senderId"] == membership.person:
            # A join that was refused may have been carried out, and told, before the next began.
            since = membership.called if alone and not membership.refused else since
        if message["sentAt"] > since and not got[_key(message)] and not _was_cut_short(item):
            text = f"{membership.client} did not hear {message['type']} of {message['sender']}"
            yield _violation(index, membership, text, message)


def _was_cut_short(told: Told) -> bool:
    """Whether the worker's connection ended just then: what it has not read by then it loses."""
    closed_at = told.link_state.closed_at if told.link_state else None
    return closed_at is not None and closed_at - told.at < LAST_WORDS


def nobody_is_told_twice(index: Index) -> Iterator[Violation]:
    """An ENTER or QUIT is heard once, in the order in which it was told, and was told at all."""
    for room, moments in tape.rooms(index.history).items():
        places = {_key(m.told.message): i for i, m in enumerate(moments) if m.is_notice}
        for membership in (m for m in index.memberships if m.room == room):
            last = -1
            for event in membership.heard:
                if "seq" in event.what:
                    continue
                place = places.get(_key(event.what))
                if place is None:
                    problem = "" if _unseen(index, event) else "which nobody told"
                else:
                    problem = "" if place > last else "twice, or out of order"
                    last = max(last, place)
                if problem:
                    text = f"{event.client} heard {event.what['type']} of {event.what['sender']}"
                    yield _violation(index, membership, f"{text} {problem}", dict(event.what))


def _unseen(index: Index, event: Event) -> bool:
    at = event.what["sentAt"]
    return any(start - SLACK <= at <= end + SLACK for start, end in index.history.blind)


def _key(message: Any) -> Key:
    return message["type"], message["senderId"], message["sentAt"], message.get("seq")


def _violation(index: Index, membership: Membership, text: str, message: Message) -> Violation:
    lines = excerpt(
        index.history,
        message["sentAt"],
        membership.room,
        person=message["senderId"],
        client=membership.client,
        links=[membership.link],
    )
    return Violation(text, lines)


JUDGEMENTS = (those_present_are_told, nobody_is_told_twice)
