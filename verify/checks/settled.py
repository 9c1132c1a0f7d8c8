"""Checks of what has settled: the state has converged, and all counts agree."""

from collections.abc import Iterator

from verify.checks.excerpt import excerpt
from verify.checks.index import Index
from verify.history import SettledState, Violation


def everything_settles(index: Index) -> Iterator[Violation]:
    """Each client is in the rooms that it wants, has nothing to send, and receives messages."""
    for settled in index.history.settled_states:
        for text in settled.problems:
            yield Violation(text, excerpt(index.history, settled.at))


def who_is_here_is_true(index: Index) -> Iterator[Violation]:
    """The API names exactly the people who are present, with the numbers of their connections."""
    for settled in index.history.settled_states:
        for room, truth in settled.truth.items():
            present = settled.present[room]
            for person in truth.keys() | present.keys():
                if truth.get(person, 0) != present.get(person, 0):
                    text = f"{person} has {truth.get(person, 0)} connections in {room},"
                    text += f" and Maru tells {present.get(person, 0)}"
                    yield _violation(index, settled, room, person, text)
            if settled.leases[room] != sum(truth.values()):
                text = f"{settled.leases[room]} connections hold a lease in {room}"
                yield _violation(index, settled, room, "", f"{text}, and there are {truth}")


def counts_agree(index: Index) -> Iterator[Violation]:
    """Every way to ask how many people are in a room gives the true number."""
    for settled in index.history.settled_states:
        for count in settled.counts:
            truth = len(settled.truth.get(count.room, {}))
            if count.value != truth:
                text = f"{truth} are in {count.room}, and there are {count.value}: {count.source}"
                yield _violation(index, settled, count.room, "", text)


def no_count_is_negative(index: Index) -> Iterator[Violation]:
    """No client ever receives a negative count."""
    for event in index.history.events:
        told = event.what.get("answer", event.what)
        if event.kind in ("received", "answer") and told.get("userCount", 0) < 0:
            lines = excerpt(index.history, event.at, event.room, client=event.client)
            text = f"{event.client} was told of {told['userCount']} people"
            yield Violation(text, lines)


def everybody_has_everything(index: Index) -> Iterator[Violation]:
    """Every client in a room has all messages of the room."""
    tops = {room: stored.top for room, stored in index.history.stored.items()}
    for settled in index.history.settled_states[-1:]:
        for (client, room), top in settled.tops.items():
            if top != tops[room]:
                text = f"{client} has {room} up to {top}, and {tops[room]} was said"
                lines = excerpt(index.history, settled.at, room, [tops[room]], client=client)
                yield Violation(text, lines)


def nothing_breaks(index: Index) -> Iterator[Violation]:
    """Maru's log contains no error."""
    for line in index.history.log_errors:
        yield Violation(line)


def _violation(index: Index, settled: SettledState, room: str, person: str, text: str) -> Violation:
    lines = excerpt(index.history, settled.at, room, person=person)
    return Violation(text, lines)


CHECKS = (
    everything_settles,
    who_is_here_is_true,
    counts_agree,
    no_count_is_negative,
    everybody_has_everything,
    nothing_breaks,
)
