"""What happened, as it was seen: everything that the judgements are made from.

All of it is plain data, so that a test can write a history by hand. Times are in ms since 1970, by
the clock of the one machine that all of it runs on; the store's ``sentAt`` is by the same clock.
"""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

Message = dict[str, Any]

#: How much later than a client the witness may hear of something, in ms.
LAG = 1_500.0


def now() -> float:
    return time.time() * 1000


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a client did or saw. ``link`` numbers the connections of all clients.

    | kind     | what                                                                     |
    | -------- | ------------------------------------------------------------------------ |
    | open     | {}: a connection is up                                                   |
    | end      | {why}                                                                    |
    | fresh    | {why}: what the client had of the room it forgets, as a new page does    |
    | call     | {event, ...fields}: a call is sent                                       |
    | answer   | {event, ...fields, answer}: and answered                                 |
    | heard    | a Message, live                                                          |
    | shown    | a Message that the person gets to see: in order, once                    |
    | notice   | {code, message}                                                          |
    | doubt    | a Message whose number another one had                                   |
    """

    at: float
    client: str
    kind: str
    link: int = 0
    room: str = ""
    what: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Who was in the room by the store, with how many connections, at this place of the tape.

    Whoever listens anew, after the store was away, begins with one of every room.
    """

    at: float
    room: str
    people: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Broken:
    """A fault that was carried out. ``workers`` are the process ids that it hit."""

    kind: str
    began: float
    ended: float
    workers: frozenset[int] = frozenset()


@dataclass(slots=True)
class Removal:
    """A person was taken out of a private room: when the owner asked for it and when that was
    answered, and the same of letting it in again."""

    room: str
    person: str
    called: float
    answered: float = math.inf
    back_called: float = math.inf
    back_answered: float = math.inf


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
class Told:
    """Something published on a room's channel, in the store's own order; ``link_state`` is that of
    the connection over which a worker was told."""

    at: float
    room: str
    message: Message
    link_state: LinkState | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """A room's stream as it stands in the store; ``served`` is the same as the API gives it."""

    room: str
    epoch: str
    top: int
    messages: Sequence[Message]
    erased: frozenset[int] = frozenset()
    served: Sequence[Message] = ()


@dataclass(frozen=True, slots=True)
class Count:
    """One way to ask how many are in a room, and the answer."""

    room: str
    source: str
    value: int


@dataclass(frozen=True, slots=True)
class Quiet:
    """A moment at which nothing happens and everything should have come right.

    ``truth`` and ``present`` are, by room, people with the number of their connections: by the
    clients' own account, and as the API tells it. ``leases`` is how many connections hold one.
    ``tops`` are, by client and room, the newest message shown. ``stuck`` says in words what did not
    come right in time.
    """

    at: float
    truth: Mapping[str, Mapping[str, int]]
    present: Mapping[str, Mapping[str, int]]
    leases: Mapping[str, int]
    counts: Sequence[Count]
    tops: Mapping[tuple[str, str], int]
    stuck: Sequence[str] = ()


@dataclass(slots=True)
class History:
    """All of it.

    ``people`` maps a client to its person, ``link_states`` a link to its state, ``heard_by`` a
    worker's process id to what the store sent on its subscribed connection. ``blind`` are the times
    in which published messages could not be recorded on the tape; ``slow`` those in which the
    checker itself was slow, and with it its proxies. ``trouble`` are lines of Maru's log. Up to
    ``complete_until`` everything has been recorded.
    """

    lease: float = 12_000
    grace: float = 2_000
    people: dict[str, str] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    tape: list[Told | Snapshot] = field(default_factory=list)
    heard_by: dict[int, list[Told]] = field(default_factory=dict)
    link_states: dict[int, LinkState] = field(default_factory=dict)
    faults: list[Broken] = field(default_factory=list)
    removals: list[Removal] = field(default_factory=list)
    stored: dict[str, Stored] = field(default_factory=dict)
    quiets: list[Quiet] = field(default_factory=list)
    blind: list[tuple[float, float]] = field(default_factory=list)
    slow: list[tuple[float, float]] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)
    complete_until: float = math.inf

    def note(self, client: str, kind: str, link: int = 0, room: str = "", **what: Any) -> None:
        self.events.append(Event(now(), client, kind, link, room, what))

    def so_far(self) -> "History":
        """As it is now, while it goes on. What was answered last may not be on the tape yet."""
        return replace(
            self,
            people=dict(self.people),
            events=list(self.events),
            tape=list(self.tape),
            heard_by={worker: list(told) for worker, told in self.heard_by.items()},
            link_states={
                link: replace(link_state) for link, link_state in self.link_states.items()
            },
            faults=list(self.faults),
            removals=[replace(removal) for removal in self.removals],
            blind=list(self.blind),
            slow=list(self.slow),
            complete_until=now() - LAG,
        )

    def answers(self) -> list[Event]:
        return [event for event in self.events if event.kind == "answer"]


@dataclass(frozen=True, slots=True)
class Violation:
    """A property that does not hold, and what shows it. ``rule`` is the judgement's name."""

    text: str
    excerpt: Sequence[str] = ()
    rule: str = ""
