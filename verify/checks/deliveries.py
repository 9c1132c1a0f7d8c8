"""Checks of what arrives: each received history is the stream's, without hole or double."""

from collections.abc import Iterator
from itertools import pairwise

from verify.checks.excerpt import excerpt
from verify.checks.index import Index, is_gone, is_kick, is_of_another, is_ok
from verify.history import Event, Violation

#: Missed messages that a join must make up for, and bytes of them, about; see ``RECOVERABLE`` and
#: ``BYTES_MAX`` in chat/history.py.
MAX_RECOVERED, MAX_RECOVERED_BYTES = 1000, 1_000_000
#: The share of these bytes up to which they must be given, and that from which they must not.
MUST_SHARE, MUST_NOT_SHARE = 0.9, 1.1
#: Messages of a fresh page.
PAGE_MESSAGES = 50
#: How long a worker may be held up, in ms.
HELD_UP_MS = 20_000.0
#: Codes that a call may be refused with while things break, besides those of a race between people.
EXPECTED = {"unavailable", "not_joined", "token_expired", "unauthorized"}
RACES = {"edit": {"not_found"}, "delete": {"not_found"}, "react": {"not_found"}}


def shown_in_order(index: Index) -> Iterator[Violation]:
    """From a fresh page on, a client shows every number once and in order; of what was stored
    before that page, everything that was said."""
    for (client, room), events in index.shown.items():
        last: int | None = None
        page = 0
        for event in events:
            if event.kind == "fresh":
                last, page = None, event.what["seq"]
            elif event.kind == "shown":
                seq = event.what["seq"]
                if seq <= page:
                    problem = _step_in_page(index, room, last, seq, page)
                else:
                    before = last if last is None else max(last, page)
                    problem = _step(index, room, before, seq)
                if problem:
                    text = f"{client} shows {seq} after {last}: {problem}"
                    yield _violation(index, text, event, [last or 0, seq])
                last = seq


def received_in_order(index: Index) -> Iterator[Violation]:
    """Over one connection, from the join on, live messages come in order, none missing, none twice;
    and nothing of a room that one is not in."""
    for (link, room), events in index.by_link.items():
        if link and room:
            yield from _in_order(index, room, events)


def _in_order(index: Index, room: str, events: list[Event]) -> Iterator[Violation]:
    inside, last, page, joins = False, None, None, 0
    for event in events:
        name = event.what.get("event")
        if name == "join":
            joins += 1 if event.kind == "call" else -1
        if event.kind == "call" and name == "join":
            if not inside:
                inside, last, page = True, None, None
        elif event.kind == "answer" and name == "join":
            if not is_ok(event) and page is None:
                # Not in after all; what was received meanwhile was received by nobody.
                last = None
            elif is_ok(event):
                page = event.what["answer"]["seq"]
        elif event.kind == "answer" and name == "leave":
            inside = inside and not is_gone(event)
        elif is_kick(event):
            # A join that is under way comes after it.
            inside, last, page = joins > 0, None, None
        elif event.kind == "received" and not inside:
            text = f"{event.client} received {event.what['type']} in a room that it was not in"
            seqs = [event.what["seq"]] if "seq" in event.what else []
            yield _violation(index, text, event, seqs)
        elif event.kind == "received" and "seq" in event.what:
            seq = event.what["seq"]
            # The first one may be older than the page, if the worker was behind.
            known = page if last is None and page is not None and seq > page else last
            problem = _step(index, room, known, seq)
            if problem:
                text = f"{event.client} received {seq} after {known}: {problem}"
                yield _violation(index, text, event, [known or 0, seq])
            last = seq


def _step(index: Index, room: str, last: int | None, seq: int) -> str:
    if last is None:
        return ""
    if seq <= last:
        return "twice" if seq == last else "out of order"
    hole = index.hole(room, last, seq)
    return f"{hole} is missing" if hole else ""


def _step_in_page(index: Index, room: str, last: int | None, seq: int, top: int) -> str:
    if last is None:
        return ""
    if seq <= last:
        return "twice" if seq == last else "out of order"
    hole = index.hole_in_page(room, last, seq, top)
    return f"{hole} is missing" if hole else ""


def pages_are_whole(index: Index) -> Iterator[Violation]:
    """The answers to join and history hold exactly what they claim to."""
    for event in index.answers:
        if event.what["event"] in ("join", "history") and is_ok(event):
            problem = _of_page(index, event)
            if problem:
                seqs = [m["seq"] for m in event.what["answer"]["messages"]][-2:]
                text = f"{event.client} got a page that is wrong: {problem}"
                yield _violation(index, text, event, seqs)


def _of_page(index: Index, event: Event) -> str:
    what, answer, room = event.what, event.what["answer"], event.room
    seqs, top = [message["seq"] for message in answer["messages"]], answer["seq"]
    stored = index.history.stored.get(room)
    if stored and answer["epoch"] != stored.epoch:
        return f"its epoch is {answer['epoch']}, and the store's is {stored.epoch}"
    is_page = True
    if what["event"] == "join" and answer["recovered"]:
        missed = index.bytes_between(room, what["since"], top)
        if len(seqs) > 1 and missed > MAX_RECOVERED_BYTES * MUST_NOT_SHARE:
            return f"it has all since {what['since']}, of {missed} bytes"
        start, end, is_page = what["since"], top + 1, False
    elif what["event"] == "join":
        if what.get("epoch") == answer["epoch"] and _is_given(index, room, what["since"], top):
            return f"all since {what['since']} is there, but was not given"
        start = seqs[0] - 1 if len(seqs) >= PAGE_MESSAGES else 0
        end = top + 1
    else:
        start = what["after"]
        end = seqs[-1] + 1 if answer["more"] else top + 1
    kinds = {message["type"] for message in answer["messages"]}
    if is_page and not kinds <= {"TALK"}:
        return f"it has more than what was said: {kinds}"
    edges = [start, *seqs, end]
    for before, after in pairwise(edges):
        if after <= before:
            return f"{after} comes after {before}"
        if is_page:
            hole = index.hole_in_page(room, before, after, top)
        else:
            hole = _hole_in_resume(index, room, before, after, top)
        if hole:
            return f"{hole} is missing"
    return ""


def _is_given(index: Index, room: str, since: int, top: int) -> bool:
    """Must a join that misses what is after ``since`` be given all of it?"""
    if top - since > MAX_RECOVERED:
        return False
    return index.bytes_between(room, since, top) <= MAX_RECOVERED_BYTES * MUST_SHARE


def _hole_in_resume(index: Index, room: str, after: int, before: int, top: int) -> int | None:
    """What was erased by a later message than ``top`` should still be there."""
    erased_by = index.erased_by.get(room, {})
    late = (seq for seq, by in erased_by.items() if after < seq < before and by > top)
    return index.hole(room, after, before) or next(late, None)


def nothing_is_refused(index: Index) -> Iterator[Violation]:
    """A good call is only ever refused because something is away, and can be made again."""
    for event in index.answers:
        if not is_ok(event):
            code = event.what["answer"]["error"]["code"]
            name = event.what["event"]
            if code in ("not_found", "forbidden") and _was_out(index, event):
                continue
            if code == "forbidden" and is_of_another(index, event):
                # Whether rightly, is checked by roles.
                continue
            if code not in EXPECTED | RACES.get(name, set()):
                text = f"{name} of {event.client} was refused: {event.what['answer']['error']}"
                yield _violation(index, text, event, [])


def _was_out(index: Index, event: Event) -> bool:
    """Was this person no member of the room, or not long ago? Its worker may receive that late."""
    person = index.history.people[event.client]
    return any(
        (removal.person, removal.room) == (person, event.room)
        and removal.called < event.at < removal.back_answered + HELD_UP_MS
        for removal in index.history.removals
    )


def no_room_is_reset(index: Index) -> Iterator[Violation]:
    """The store loses nothing when its process is killed, so nobody has to begin anew."""
    for event in index.history.events:
        if event.kind == "notice" and event.what["code"] == "reset":
            yield _violation(index, f"{event.client} is reset", event, [])


def _violation(index: Index, text: str, event: Event, seqs: list[int]) -> Violation:
    about = excerpt(
        index.history, event.at, event.room, seqs, client=event.client, links=[event.link]
    )
    return Violation(text, about)


CHECKS = (
    shown_in_order,
    received_in_order,
    pages_are_whole,
    nothing_is_refused,
    no_room_is_reset,
)
