"""Checks of what is unread: it is counted exactly, whatever broke."""

from collections.abc import Iterator

from verify.checks.excerpt import excerpt
from verify.checks.index import Index
from verify.history import Violation


def unread_is_exact(index: Index) -> Iterator[Violation]:
    """Once everything has settled, the API tells of each person and room how many messages of
    others are there behind the number up to which the person has read."""
    for settled in index.history.settled_states:
        for person, own in settled.unread.items():
            for room, (read, unread) in own.items():
                if room not in settled.said:
                    continue
                left = [s for s, sender in settled.said[room] if s > read and sender != person]
                if unread != len(left):
                    text = f"{person} has read {room} up to {read} and is told of {unread} unread"
                    text += f" messages, and there are {len(left)}"
                    lines = excerpt(index.history, settled.at, room, person=person)
                    yield Violation(text, lines)


CHECKS = (unread_is_exact,)
