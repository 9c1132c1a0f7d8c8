"""Checks of announcements: those present receive each ENTER and QUIT once, in order."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from verify.checks import channel_log
from verify.checks.excerpt import excerpt
from verify.checks.index import Index, Stay
from verify.checks.presence import CLOCK_SLACK_MS, is_alone
from verify.history import Event, Message, Published, Violation

Key = tuple[Any, ...]

#: How long a worker may take to read what it is told, in ms: it first reads what it has missed.
READING_MS = 10_000.0


def announcements_are_received(index: Index) -> Iterator[Violation]:
    """Every announcement that a worker receives while a connection is in the room, it receives too:
    all that came before the last one it received. Its own ENTER too."""
    received_by: dict[tuple[int, str], list[Published]] = {}
    for worker, published in index.history.received_by.items():
        for item in published:
            received_by.setdefault((worker, item.room), []).append(item)
    handled = _handled(index)
    for stay in index.stays:
        if stay.worker and stay.joined is not None:
            published = received_by.get((stay.worker, stay.room), [])
            yield from _missed(index, stay, published, handled)


def _handled(index: Index) -> dict[int, float]:
    """By the link over which a worker was told: when the last one came that it passed on."""
    received: dict[int, set[Key]] = {}
    for stay in index.stays:
        received.setdefault(stay.worker, set()).update(_key(event.what) for event in stay.received)
    handled: dict[int, float] = {}
    for worker, published in index.history.received_by.items():
        for item in published:
            is_announcement = item.message["type"] in channel_log.ANNOUNCEMENTS
            if is_announcement and _key(item.message) in received.get(worker, ()):
                handled[id(item.link_state)] = item.at
    return handled


def _missed(
    index: Index, stay: Stay, published: list[Published], handled: dict[int, float]
) -> Iterator[Violation]:
    assert stay.joined is not None
    alone = is_alone(index, stay, stay.called, stay.joined)
    got = Counter(_key(event.what) for event in stay.received)
    # Not the stored ones: a worker that was cut off reads those first, ahead of what waits.
    published = [item for item in published if item.message["type"] in channel_log.ANNOUNCEMENTS]
    places = [place for place, item in enumerate(published) if _key(item.message) in got]
    for item in published[: max(places, default=-1) + 1]:
        message = item.message
        since = stay.joined + CLOCK_SLACK_MS
        if message["type"] == "ENTER" and message["senderId"] == stay.person:
            # A join that was refused may have been carried out, and told, before the next began.
            since = stay.called if alone and not stay.refused else since
        is_lost = message["sentAt"] > since and not got[_key(message)]
        if is_lost and not _was_cut_short(item, handled):
            text = f"{stay.client} did not receive {message['type']} of {message['sender']}"
            yield _violation(index, stay, text, message)


def _was_cut_short(item: Published, handled: dict[int, float]) -> bool:
    """Whether the worker's connection ended before the worker had read so far, and it lost this."""
    closed_at = item.link_state.closed_at if item.link_state else None
    if closed_at is None or handled.get(id(item.link_state), 0.0) >= item.at:
        return False
    return closed_at - item.at < READING_MS


def announcements_come_once(index: Index) -> Iterator[Violation]:
    """An ENTER or QUIT is received once, in the order in which it was told, and was told at all."""
    for room, moments in channel_log.rooms(index.history).items():
        places = {_key(m.published.message): i for i, m in enumerate(moments) if m.is_announcement}
        for stay in (m for m in index.stays if m.room == room):
            last = -1
            for event in stay.received:
                if "seq" in event.what:
                    continue
                place = places.get(_key(event.what))
                if place is None:
                    problem = "" if _unseen(index, event) else "which nobody told"
                else:
                    problem = "" if place > last else "twice, or out of order"
                    last = max(last, place)
                if problem:
                    text = f"{event.client} received {event.what['type']} of {event.what['sender']}"
                    yield _violation(index, stay, f"{text} {problem}", dict(event.what))


def _unseen(index: Index, event: Event) -> bool:
    at = event.what["sentAt"]
    return any(
        start - CLOCK_SLACK_MS <= at <= end + CLOCK_SLACK_MS for start, end in index.history.gaps
    )


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


CHECKS = (announcements_are_received, announcements_come_once)
