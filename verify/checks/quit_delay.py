"""Check of how soon a QUIT follows the loss of a person's last connection."""

import math
from collections.abc import Iterator

from verify.checks import channel_log
from verify.checks.channel_log import Moment
from verify.checks.excerpt import excerpt
from verify.checks.index import Index, Stay
from verify.checks.presence import CLOCK_SLACK_MS
from verify.history import History, Violation

#: How much later than the grace a QUIT may be, in ms: the workers reap each second.
LATEST_QUIT_MS = 5_000.0
#: Faults of the clients' own network, which hinder neither worker nor store.
HARMLESS = ("net-reset", "net-refuse", "net-away")


def quits_are_soon(index: Index) -> Iterator[Violation]:
    """If a person has lost the last connection and does not come back, a QUIT follows soon after
    the grace: provided that worker and store have had no fault for the time of two leases."""
    history = index.history
    for room, moments in channel_log.rooms(history).items():
        announcements: dict[str, list[Moment]] = {}
        for moment in moments:
            if moment.is_announcement:
                announcements.setdefault(moment.sender, []).append(moment)
        for person, published in announcements.items():
            for lost in _losses(index, person, room):
                due = lost + history.grace + LATEST_QUIT_MS
                since = lost - 2 * history.lease
                if due < history.complete_until and _is_well(history, since, due):
                    before = [moment for moment in published if moment.at <= due + CLOCK_SLACK_MS]
                    if before and before[-1].kind == "ENTER":
                        text = f"{person} lost the last connection, and was not gone by the grace"
                        text += f" and {LATEST_QUIT_MS / 1000:.0f} s"
                        yield Violation(text, excerpt(history, due, room, person=person))


def _losses(index: Index, person: str, room: str) -> Iterator[float]:
    """When this person lost the last connection in the room, and did not come back soon."""
    stays = index.of(person, room)
    ends = [(stay, _end(index, stay)) for stay in stays]
    for stay, lost in ends:
        due = lost + index.history.grace + LATEST_QUIT_MS
        others = [(other, end) for other, end in ends if other is not stay]
        is_last = all(other.called > due + CLOCK_SLACK_MS or end <= lost for other, end in others)
        if stay.gone is None and lost < math.inf and is_last:
            yield lost


def _end(index: Index, stay: Stay) -> float:
    """When the server knew that the connection had ended; infinity if that is not known."""
    link_state = index.history.link_states.get(stay.link)
    closed_at = link_state.closed_at if link_state and not link_state.silent_at else None
    if stay.gone is not None:
        return stay.gone
    if stay.was_kicked and stay.left is not None:
        return stay.left
    return closed_at or math.inf


def _is_well(history: History, since: float, until: float) -> bool:
    broken = [(f.began, f.ended) for f in history.faults if f.kind not in HARMLESS]
    spans = [*broken, *history.slow, *history.gaps[1:]]
    return all(began > until or ended < since for began, ended in spans)


CHECKS = (quits_are_soon,)
