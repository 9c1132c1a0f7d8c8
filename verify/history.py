"""What happened, as it was seen: everything that the checks are made from.

All of it is plain data, so that a test can write a history by hand. Times are in ms since 1970, by
the clock of the one machine that all of it runs on; the store's ``sentAt`` is by the same clock.
"""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

Message = dict[str, Any]

#: How much later than a client the recorder may receive something, in ms.
RECORDER_LAG_MS = 1_500.0


def now() -> float:
    return time.time() * 1000


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a client did or saw. ``link`` numbers the connections of all clients.

    | kind     | what                                                                     |
    | -------- | ------------------------------------------------------------------------ |
    | open     | {}: a connection is up                                                   |
    | end      | {why}                                                                    |
    | fresh    | {why, seq}: what the client had of the room it forgets, as a new page does; |
    |          | of what is stored up to ``seq`` the new page shows what was said         |
    | call     | {event, ...fields}: a call is sent                                       |
    | answer   | {event, ...fields, answer}: and answered                                 |
    | received | a Message, live                                                          |
    | shown    | a Message that the person gets to see: in order, once                    |
    | notice   | {code, message}                                                          |
    | conflict | a Message whose number another one had                                   |
    """

    at: float
    client: str
    kind: str
    link: int = 0
    room: str = ""
    what: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Who was in the room by the store, with how many connections, at this place of the log.

    A subscription that begins anew, after the store was away, begins with one of every room.
    """

    at: float
    room: str
    people: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class InjectedFault:
    """A fault that was carried out. ``workers`` are the process ids that it hit."""

    kind: str
    began: float
    ended: float
    workers: frozenset[int] = frozenset()


@dataclass(slots=True)
class Removal:
    """A person was taken out of a room: when that was asked for and when it was answered, and the
    same of letting it in again.

    ``how`` is ``removed``, ``banned``, or ``left`` for one who has ended the own membership.
    ``lapses`` is when the person may come back in any case. ``is_member_again`` says that letting
    it in made it a member, and not only allowed it to enter.
    """

    room: str
    person: str
    called: float
    answered: float = math.inf
    back_called: float = math.inf
    back_answered: float = math.inf
    how: str = "removed"
    lapses: float = math.inf
    is_member_again: bool = True

    @property
    def ends(self) -> float:
        """From when on the person may be in the room again."""
        return min(self.back_called, self.lapses)


@dataclass(slots=True)
class Renaming:
    """A person took another name: when that was asked for, and when it was answered."""

    person: str
    name: str
    called: float
    answered: float = math.inf


@dataclass(slots=True)
class RoleChange:
    """A member was given another role: when that was asked for, and when it was answered."""

    room: str
    person: str
    role: str
    called: float
    answered: float = math.inf


@dataclass(slots=True)
class DirectCall:
    """Somebody asked for the direct room of a group of people, and was told of this one."""

    group: frozenset[str]
    called: float
    answered: float = math.inf
    room: str = ""


@dataclass(slots=True)
class LinkState:
    """What the proxy knows of a link.

    ``worker`` is the process that served it. ``closed_at``: when the server closed it.
    ``silent_at``: since when nothing passes, if that lasts so long that the server may take it for
    lost. ``held``: the times in which nothing passed for a while.
    """

    worker: int = 0
    closed_at: float | None = None
    silent_at: float | None = None
    held: list[tuple[float, float]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Published:
    """Something published on a room's channel, in the store's own order; ``link_state`` is that of
    the connection over which a worker was told."""

    at: float
    room: str
    message: Message
    link_state: LinkState | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """A room's stream as it stands in the store; ``served`` are its TALKs as the API gives them.

    ``archived`` are those that the archive has, once the follower has caught up.
    """

    room: str
    epoch: str
    top: int
    messages: Sequence[Message]
    erased: frozenset[int] = frozenset()
    served: Sequence[Message] = ()
    archived: Sequence[Message] = ()


@dataclass(frozen=True, slots=True)
class Count:
    """One way to ask how many are in a room, and the answer."""

    room: str
    source: str
    value: int


@dataclass(frozen=True, slots=True)
class SettledState:
    """The state at a time when nothing happens and everything should have settled.

    ``truth`` and ``present`` are, by room, people with the number of their connections: by the
    clients' own account, and as the API tells it. ``leases`` is how many connections hold one.
    ``names`` are, by room and person, the names that the API tells of those who are there.
    ``own_rooms`` are, by person, the rooms that the API says this one belongs to, with its role.
    ``unread`` are, by person and room, the number up to which the API says this one has read, and
    how much it says is unread; ``said`` are, by room, the numbers and senders of all messages that
    it gives.
    ``tops`` are, by client and room, the newest message shown. ``problems`` says in words what did
    not settle in time.
    """

    at: float
    truth: Mapping[str, Mapping[str, int]]
    present: Mapping[str, Mapping[str, int]]
    leases: Mapping[str, int]
    counts: Sequence[Count]
    tops: Mapping[tuple[str, str], int]
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    own_rooms: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    unread: Mapping[str, Mapping[str, tuple[int, int]]] = field(default_factory=dict)
    said: Mapping[str, Sequence[tuple[int, str]]] = field(default_factory=dict)
    problems: Sequence[str] = ()


@dataclass(slots=True)
class History:
    """All of it.

    ``people`` maps a client to its person (a userId), ``kinds`` a room to its kind, and
    ``admitted`` are those people who were made members of a room before it began, each with the
    room and the role. ``link_states`` maps a link to its state, ``received_by`` a worker's process
    id to what the store sent on its subscribed connection. ``gaps`` are the times in which
    published messages could not be recorded in the log; ``slow`` those in which the checker itself
    was slow, and with it its proxies. ``log_errors`` are lines of Maru's log. Up to
    ``complete_until`` everything has been recorded.
    """

    lease: float = 12_000
    grace: float = 2_000
    people: dict[str, str] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    channel_log: list[Published | Snapshot] = field(default_factory=list)
    received_by: dict[int, list[Published]] = field(default_factory=dict)
    link_states: dict[int, LinkState] = field(default_factory=dict)
    faults: list[InjectedFault] = field(default_factory=list)
    removals: list[Removal] = field(default_factory=list)
    renamings: list[Renaming] = field(default_factory=list)
    role_changes: list[RoleChange] = field(default_factory=list)
    direct_calls: list[DirectCall] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)
    admitted: dict[tuple[str, str], str] = field(default_factory=dict)
    stored: dict[str, Stored] = field(default_factory=dict)
    settled_states: list[SettledState] = field(default_factory=list)
    gaps: list[tuple[float, float]] = field(default_factory=list)
    slow: list[tuple[float, float]] = field(default_factory=list)
    log_errors: list[str] = field(default_factory=list)
    complete_until: float = math.inf

    def note(self, client: str, kind: str, link: int = 0, room: str = "", **what: Any) -> None:
        self.events.append(Event(now(), client, kind, link, room, what))

    def so_far(self) -> "History":
        """As it is now, while it goes on. What was answered last may not be in the log yet."""
        return replace(
            self,
            people=dict(self.people),
            events=list(self.events),
            channel_log=list(self.channel_log),
            received_by={worker: list(told) for worker, told in self.received_by.items()},
            link_states={
                link: replace(link_state) for link, link_state in self.link_states.items()
            },
            faults=list(self.faults),
            removals=[replace(removal) for removal in self.removals],
            renamings=[replace(renaming) for renaming in self.renamings],
            role_changes=[replace(change) for change in self.role_changes],
            direct_calls=[replace(call) for call in self.direct_calls],
            gaps=list(self.gaps),
            slow=list(self.slow),
            complete_until=now() - RECORDER_LAG_MS,
        )

    def answers(self) -> list[Event]:
        return [event for event in self.events if event.kind == "answer"]


@dataclass(frozen=True, slots=True)
class Violation:
    """A property that does not hold, and what shows it. ``rule`` is the name of the check."""

    text: str
    excerpt: Sequence[str] = ()
    rule: str = ""
