"""Checks of who is told: those present hear each ENTER and QUIT once, in order."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from verify import channel_log
from verify.excerpt import excerpt
from verify.history import Event, Message, Published, Violation
from verify.index import Index, Stay
from verify.presence import SLACK, is_alone

Key = tuple[Any, ...]

#: How long a worker may take to read what it is told, in ms.
LAST_WORDS = 1_000.0


def those_present_are_told(index: Index) -> Iterator[Violation]:
    """Every notice that a worker hears while a connection is in the room, that connection hears:
    all that came before the last one it heard. Its own ENTER too."""
    received_by: dict[tuple[int, str], list[Published]] = {}
    for worker, published in index.history.received_by.items():
        for item in published:
            received_by.setdefault((worker, item.room), []).append(item)
    for stay in index.stays:
        if stay.worker and stay.joined is not None:
            published = received_by.get((stay.worker, stay.room), [])
            yield from _missed(index, stay, published)


def _missed(index: Index, stay: Stay, published: list[Published]) -> Iterator[Violation]:
    assert stay.joined is not None
    alone = is_alone(index, stay, stay.called, stay.joined)
    got = Counter(_key(event.what) for event in stay.heard)
    # Not the stored ones: a worker that was cut off reads those first, ahead of what waits.
    published = [item for item in published if item.message["type"] in channel_log.NOTICES]
    places = [place for place, item in enumerate(published) if _key(item.message) in got]
    for item in published[: max(places, default=-1) + 1]:
        message = item.message
        since = stay.joined + SLACK
        if message["type"] == "ENTER" and message["senderId"] == stay.person:
            # A join that was refused may have been carried out, and told, before the next began.
            since = stay.called if alone and not stay.refused else since
        if message["sentAt"] > since and not got[_key(message)] and not _was_cut_short(item):
            text = f"{stay.client} did not hear {message['type']} of {message['sender']}"
            yield _violation(index, stay, text, message)


def _was_cut_short(published: Published) -> bool:
    """Whether the worker's connection ended just then: what it has not read by then it loses."""
    closed_at = published.link_state.closed_at if published.link_state else None
    return closed_at is not None and closed_at - published.at < LAST_WORDS


def nobody_is_told_twice(index: Index) -> Iterator[Violation]:
    """An ENTER or QUIT is heard once, in the order in which it was told, and was told at all."""
    for room, moments in channel_log.rooms(index.history).items():
        places = {_key(m.published.message): i for i, m in enumerate(moments) if m.is_notice}
        for stay in (m for m in index.stays if m.room == room):
            last = -1
            for event in stay.heard:
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
                    yield _violation(index, stay, f"{text} {problem}", dict(event.what))


def _unseen(index: Index, event: Event) -> bool:
    at = event.what["sentAt"]
    return any(start - SLACK <= at <= end + SLACK for start, end in index.history.gaps)


def _key(message: Any) -> Key:
    return message["type"], message["senderId"], message["sentAt"], message.get("seq")


def _violation(index: Index, stay: Stay, text: str, message: Message) -> Violation:
    lines = excerpt(
        index.history,
        message["sentAt"],
        stay.room,
        person=message["senderId"],
        client=stay.client,
        links=[stay.link],
    )
    return Violation(text, lines)


CHECKS = (those_present_are_told, nobody_is_told_twice)
