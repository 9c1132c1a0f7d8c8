"""Checks of who belongs to which rooms: everybody's own list is true, and direct rooms are one
for each group of people."""

from collections import defaultdict
from collections.abc import Iterator

from verify.checks.excerpt import excerpt
from verify.checks.index import Index, is_ok
from verify.history import History, Removal, SettledState, Violation

OWNER, MEMBER = "owner", "member"


def own_rooms_are_true(index: Index) -> Iterator[Violation]:
    """Once everything has settled, everybody is told of exactly the rooms that he or she belongs
    to, with the role that was given last."""
    history = index.history
    for settled in history.settled_states:
        direct = _direct_rooms(history, settled)
        for person, own in settled.own_rooms.items():
            for room in sorted(own.keys() | history.kinds.keys() | direct.keys()):
                belongs = _belongs(index, settled, person, room, direct.get(room))
                role = _role(history, person, room, settled.at)
                if belongs is True and room not in own:
                    text = f"{person} belongs to {room}, and is not told so"
                elif belongs is False and room in own:
                    text = f"{person} is told to belong to {room}, and does not"
                elif room in own and own[room] != role:
                    text = f"{person} is told to be {own[room]} in {room}, and is {role}"
                else:
                    continue
                yield Violation(text, excerpt(history, settled.at, room, person=person))


def direct_rooms_are_one(index: Index) -> Iterator[Violation]:
    """However often and by whomever it is asked for, a group of people has one direct room."""
    rooms: dict[frozenset[str], set[str]] = defaultdict(set)
    groups: dict[str, set[frozenset[str]]] = defaultdict(set)
    for call in index.history.direct_calls:
        if call.room:
            rooms[call.group].add(call.room)
            groups[call.room].add(call.group)
    for group, told in rooms.items():
        if len(told) > 1:
            yield Violation(f"{sorted(group)} have the direct rooms {sorted(told)}")
    for room, of in groups.items():
        if len(of) > 1:
            yield Violation(f"the direct room {room} is that of {len(of)} groups")


def _direct_rooms(history: History, settled: SettledState) -> dict[str, frozenset[str]]:
    """The direct rooms that were made in the course of it, which nobody leaves."""
    return {
        call.room: call.group
        for call in history.direct_calls
        if call.room and call.answered < settled.at and call.room not in history.kinds
    }


def _belongs(
    index: Index, settled: SettledState, person: str, room: str, group: frozenset[str] | None
) -> bool | None:
    """Is the person a member of the room then? ``None`` where that cannot be known.

    ``group`` are the people of a direct room that nobody leaves.
    """
    history = index.history
    if group is not None:
        return person in group
    if person in settled.truth.get(room, {}):
        return True
    removal = _last_removal(history, person, room, settled.at)
    since = 0.0
    if removal:
        if removal.back_answered > settled.at:
            is_out = removal.ends > settled.at and removal.answered < settled.at
            return False if is_out else None
        if removal.is_member_again:
            return True
        since = removal.back_called
    elif (person, room) in history.admitted:
        return True
    if any(
        (change.person, change.room) == (person, room) and since < change.called < settled.at
        for change in history.role_changes
    ):
        return True
    return _has_joined(index, person, room, since, settled.at)


def _has_joined(index: Index, person: str, room: str, since: float, until: float) -> bool | None:
    """Whoever has joined an open room belongs to it. A call may be carried out unanswered."""
    if index.history.kinds.get(room) != "open":
        return False
    perhaps: bool | None = False
    for stay in index.of(person, room):
        joins: list[float] = []
        for event in index.by_link[stay.link, room]:
            if event.what.get("event") != "join" or event.at > until:
                continue
            if event.kind == "call":
                joins.append(event.at)
                # Also one that was called before: it may have been carried out late.
                perhaps = None
            elif joins and joins.pop(0) > since and is_ok(event):
                return True
    return perhaps


def _role(history: History, person: str, room: str, at: float) -> str:
    given = history.admitted.get((person, room), MEMBER)
    if given == OWNER:
        return OWNER
    removal = _last_removal(history, person, room, at)
    since = removal.called if removal else 0.0
    changes = [
        change.role
        for change in history.role_changes
        if (change.person, change.room) == (person, room) and since < change.called < at
    ]
    return changes[-1] if changes else MEMBER


def _last_removal(history: History, person: str, room: str, at: float) -> Removal | None:
    found = [
        removal
        for removal in history.removals
        if (removal.person, removal.room) == (person, room) and removal.called < at
    ]
    return found[-1] if found else None


CHECKS = (own_rooms_are_true, direct_rooms_are_one)
