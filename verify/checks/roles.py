"""Checks of what roles allow."""

import math
from collections.abc import Iterator

from verify.checks.excerpt import excerpt
from verify.checks.index import Index, is_of_another, is_ok
from verify.checks.presence import CLOCK_SLACK_MS
from verify.history import Event, History, Violation

#: Until when, and since when, a person was a moderator at the most and at the least, in ms.
Span = tuple[float, float]


def roles_allow_what_they_should(index: Index) -> Iterator[Violation]:
    """Others' messages are deleted by those who are moderators at that moment, and by nobody else;
    to moderators that is not refused."""
    first: dict[tuple[str, str], float] = {}
    for event in index.calls:
        first.setdefault((event.client, event.what.get("clientId", "")), event.at)
    for event in index.answers:
        if not is_of_another(index, event):
            continue
        called = first.get((event.client, event.what.get("clientId", "")), event.at)
        text = ""
        if is_ok(event) and not _could_be_moderator(index.history, event, called):
            text = "has deleted what somebody else has said, and was no moderator"
        elif _is_forbidden(event) and not _could_be_member(index.history, event, called):
            text = "is a moderator, and may not delete what somebody else has said"
        if text:
            seqs = [event.what["seq"]]
            lines = excerpt(index.history, event.at, event.room, seqs, client=event.client)
            yield Violation(f"{event.client} {text}: {seqs[0]}", lines)


def _is_forbidden(event: Event) -> bool:
    return not is_ok(event) and event.what["answer"]["error"]["code"] == "forbidden"


def _could_be_moderator(history: History, event: Event, called: float) -> bool:
    """Was the person a moderator at any time of the call, perhaps?"""
    return any(
        began - CLOCK_SLACK_MS <= event.at and called <= ended + CLOCK_SLACK_MS
        for began, ended in _spans(history, event, widest=True)
    )


def _could_be_member(history: History, event: Event, called: float) -> bool:
    """Was the person no moderator at any time of the call, perhaps?"""
    return not any(
        began + CLOCK_SLACK_MS <= called and event.at <= ended - CLOCK_SLACK_MS
        for began, ended in _spans(history, event, widest=False)
    )


def _spans(history: History, event: Event, widest: bool) -> list[Span]:
    """When the person was a moderator of the room: as long as it may have been, or at least."""
    key = event.room, history.people[event.client]
    changes = [
        (change.called, change.answered, change.role == "moderator")
        for change in history.role_changes
        if (change.room, change.person) == key
    ]
    changes += [
        (r.called, r.answered, False) for r in history.removals if (r.room, r.person) == key
    ]
    spans, began = [], math.inf
    for called, answered, is_moderator in sorted(changes):
        if is_moderator and began == math.inf:
            began = called if widest else answered
        elif not is_moderator and began < math.inf:
            spans.append((began, answered if widest else called))
            began = math.inf
    return [*spans, (began, math.inf)] if began < math.inf else spans


CHECKS = (roles_allow_what_they_should,)
