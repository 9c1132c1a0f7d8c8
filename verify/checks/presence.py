"""Checks of ENTER and QUIT: one of each, in turn, and no QUIT of anybody who is here."""

from collections import defaultdict
from collections.abc import Iterator

from verify.checks import channel_log
from verify.checks.channel_log import Moment
from verify.checks.excerpt import excerpt
from verify.checks.index import Index, Stay
from verify.history import History, Violation

#: Two clocks, and the way in between, in ms.
CLOCK_SLACK_MS = 60.0
#: How long a worker may take to notice that a connection has ended, in ms.
END_NOTICED_MS = 3_000.0
#: How long a call may be on its way in a worker that waits for its store, in ms.
HELD_UP_MS = 20_000.0
#: How long a client may read nothing before it may be cut off, and how long after it has begun to
#: read again that can still be told, in ms.
STALL_MS, CUT_OFF_MS = 3_000.0, 5_000.0
#: Trouble of a worker shorter than this is no reason for a lease to end, in ms.
SHORTEST_TROUBLE_MS = 1_000.0


def enters_and_quits_alternate(index: Index) -> Iterator[Violation]:
    """Nobody enters twice without going, or goes twice without entering."""
    for moments in channel_log.rooms(index.history).values():
        for moment in moments:
            if moment.kind == "ENTER" and moment.sender in moment.present:
                yield _about(index, moment, "enters, and was there already")
            elif moment.kind == "QUIT" and moment.sender not in moment.present:
                yield _about(index, moment, "goes, and was not there")


def counts_are_exact(index: Index) -> Iterator[Violation]:
    """The userCount of everything told is the number of people who have come and not gone."""
    for moments in channel_log.rooms(index.history).values():
        for group in channel_log.together(moments):
            last = group[-1]
            present = set(last.present)
            if last.kind == "ENTER":
                present.add(last.sender)
            elif last.kind == "QUIT":
                present.discard(last.sender)
            count = last.published.message["userCount"]
            if count != len(present):
                text = f"has the count {count}, and {len(present)} are there"
                yield _about(index, last, text)


def joins_are_announced(index: Index) -> Iterator[Violation]:
    """A join is answered only when the person is in the room, and the room was told."""
    rooms = channel_log.rooms(index.history)
    for stay in index.stays:
        if stay.joined is None or not _is_known(index, 0, stay.joined):
            continue
        called, joined = stay.called - CLOCK_SLACK_MS, stay.joined + CLOCK_SLACK_MS
        there = False
        for moment in rooms.get(stay.room, []):
            if moment.sender != stay.person or not moment.is_announcement:
                continue
            if moment.at > joined:
                break
            # Whoever was there at any time of the call has been let in.
            there = moment.kind == "ENTER" or moment.at >= called
        if not there:
            text = f"{stay.person} joined, and the room was told of no ENTER"
            yield Violation(text, _lines(index, stay, joined))


def leaves_are_announced(index: Index) -> Iterator[Violation]:
    """A leave of somebody's only connection is answered when the room has been told of a QUIT."""
    rooms = channel_log.rooms(index.history)
    for stay in index.stays:
        if stay.left is None or stay.gone is None:
            continue
        if not is_alone(index, stay, stay.left, stay.gone):
            continue
        if not _is_known(index, stay.called, stay.gone):
            continue
        announcements = [
            m for m in rooms.get(stay.room, []) if m.is_announcement and m.sender == stay.person
        ]
        before = [m for m in announcements if m.at <= stay.gone + CLOCK_SLACK_MS]
        if before and before[-1].kind == "ENTER" and before[-1].at < stay.left:
            text = f"{stay.person} left, and the room was told of no QUIT"
            yield Violation(text, _lines(index, stay, stay.gone))


def is_alone(index: Index, stay: Stay, begin: float, end: float) -> bool:
    """Was there, at this time, no other connection of this person that held a lease, or got one?"""
    longest = index.history.lease + HELD_UP_MS
    return all(
        other is stay
        or other.called > end + CLOCK_SLACK_MS
        or (other.gone is not None and other.gone < begin)
        or (other.over is not None and other.over < begin - longest)
        for other in index.of(stay.person, stay.room)
    )


def enters_are_real(index: Index) -> Iterator[Violation]:
    """An ENTER has a join behind it, over a connection that had not ended long ago."""
    for room, moments in channel_log.rooms(index.history).items():
        for moment in moments:
            if moment.kind == "ENTER" and not any(
                _may_enter(index.history, stay, moment.at) for stay in index.of(moment.sender, room)
            ):
                yield _about(index, moment, "enters, and nobody did")


def _may_enter(history: History, stay: Stay, at: float) -> bool:
    if stay.called > at + CLOCK_SLACK_MS or (
        stay.gone is not None and stay.gone < at - CLOCK_SLACK_MS
    ):
        return False
    tolerance = HELD_UP_MS if stay.unanswered else END_NOTICED_MS
    return stay.over is None or stay.over >= at - tolerance or _excuse(history, stay, at)


def quits_are_real(index: Index) -> Iterator[Violation]:
    """Nobody is announced as gone who is there, or may still come back within the grace."""
    for room, moments in channel_log.rooms(index.history).items():
        leaves: dict[str, int] = defaultdict(int)
        for moment in moments:
            if moment.kind != "QUIT":
                continue
            stays = index.of(moment.sender, room)
            reason = moment.published.message["reason"]
            if reason == "kicked" and not _was_removed(index.history, moment, room):
                yield _about(index, moment, "is taken out, and nobody did that")
            if reason == "kicked" or _has_ended_it(index.history, moment, room):
                continue
            staying = [m for m in stays if _is_there(index.history, m, moment.at)]
            if staying:
                text = (
                    f"goes ({moment.published.message['reason']}), and is there: #{staying[0].link}"
                )
                yield _about(index, moment, text)
            if moment.published.message["reason"] == "left":
                leaves[moment.sender] += 1
                # One that was refused as unavailable may have been carried out after all.
                called = [at for m in stays for at in m.leaves if at <= moment.at + CLOCK_SLACK_MS]
                if len(called) < leaves[moment.sender]:
                    yield _about(index, moment, "left, without a leave")


def _was_removed(history: History, moment: Moment, room: str, *how: str) -> bool:
    return any(
        (removal.person, removal.room) == (moment.sender, room)
        and removal.how in (how or ("removed", "banned"))
        and removal.called - CLOCK_SLACK_MS <= moment.at <= removal.back_answered + HELD_UP_MS
        for removal in history.removals
    )


def _has_ended_it(history: History, moment: Moment, room: str) -> bool:
    """Has the person just ended the own membership?"""
    is_left = moment.published.message["reason"] == "left"
    return is_left and _was_removed(history, moment, room, "left")


def _is_there(history: History, stay: Stay, at: float) -> bool:
    if stay.joined is None or stay.joined >= at:
        return False
    if stay.left is not None and stay.left <= at + CLOCK_SLACK_MS:
        return False
    if stay.over is not None and stay.over <= at - history.grace + CLOCK_SLACK_MS:
        return False
    if any(b + STALL_MS + history.grace <= at <= e + CUT_OFF_MS for b, e in stay.stalls):
        return False
    return not _excuse(history, stay, at)


def _excuse(history: History, stay: Stay, at: float) -> bool:
    """Was its worker, and only that, kept from renewing its lease? Or the whole machine?"""
    return any(
        (stay.worker in fault.workers or (fault.workers and not stay.worker))
        and fault.kind != "worker-kill"
        and fault.ended - fault.began > SHORTEST_TROUBLE_MS
        and fault.began < at
        and fault.ended > at - 2 * history.lease
        for fault in history.faults
    ) or any(began < at and ended > at - 2 * history.lease for began, ended in history.slow)


def _is_known(index: Index, since: float, until: float) -> bool:
    """Whether the log has all that was published in this time.

    The first gap is the time before the log begins.
    """
    gaps = any(start < until and end > since for start, end in index.history.gaps[1:])
    return not gaps and until < index.history.complete_until


def _about(index: Index, moment: Moment, text: str) -> Violation:
    links = [m.link for m in index.of(moment.sender, moment.published.room)]
    room = moment.published.room
    lines = excerpt(index.history, moment.at, room, person=moment.sender, links=links)
    return Violation(f"{moment.kind} of {moment.sender}: {text}", lines)


def _lines(index: Index, stay: Stay, at: float) -> list[str]:
    person, links = stay.person, [stay.link]
    return excerpt(index.history, at, stay.room, person=person, links=links)


CHECKS = (
    enters_and_quits_alternate,
    counts_are_exact,
    joins_are_announced,
    leaves_are_announced,
    enters_are_real,
    quits_are_real,
)
