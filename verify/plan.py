"""What is going to happen: a plan made from a seed, as plain data.

The same seed and measures give the same plan. How it goes is the machine's business: who answers
first, and on which worker a client lands, is not in the plan.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

T = TypeVar("T")

#: Seconds of a round, in which things break, and of its end, in which all of it settles.
ROUND_S, SETTLING_S = 26.0, 10.0
#: Seconds at the end of a round in which people still act, but nothing is broken any more.
PAUSE_S = 2.0
#: Of so many clients, how many are another page of a person who has one already.
SECOND_PAGES_SHARE = 0.25

#: Of so many rooms, how many are private; never the first one, which most share.
PRIVATE_ROOMS_SHARE = 0.3
#: For so many rooms there is one direct room besides, in which people talk. As many groups as there
#: are rooms get theirs while things break. In a group are at most so many people.
ROOMS_PER_DIRECT, MAX_GROUP_PEOPLE = 3, 4

#: What clients do, and how often.
ACTIONS = {
    "say": 58,
    "say twice": 8,
    "say over HTTP": 4,
    "edit": 5,
    "delete": 3,
    "react": 6,
    "moderate": 3,
    "look back": 3,
    "read": 4,
    "leave": 5,
    "enter": 6,
    "reload": 4,
    "vanish": 3,
    "away": 3,
    "close": 2,
    "open": 3,
    "stall": 2,
    "join again": 2,
    "remove": 5,
    "give role": 3,
    "rename": 2,
    "direct": 2,
}
#: Seconds that a step takes at the most.
MAX_STEP_S = 6.0
#: Faults after which it takes long to settle: once in a round, and not in a short run.
LONG_FAULTS = ("net-silence", "flood")
#: Seconds of a run that is short.
SHORT_RUN_S = 50
#: What is broken: how often, and for how many seconds at the least and at the most.
FAULTS = {
    "worker-kill": (5, 0, 0),
    "worker-stop": (5, 0.5, 11),
    "reload": (2, 0, 0),
    "store-kill": (4, 0, 0),
    "store-pause": (4, 0.5, 11),
    "follower-kill": (3, 0, 0),
    "follower-stop": (2, 0.5, 11),
    "archive-lock": (2, 0.5, 11),
    "archive-away": (2, 0.5, 6),
    "disk-full": (3, 0.5, 6),
    "store-cut": (3, 0.2, 8),
    "store-cut-one": (4, 0.2, 11),
    "store-hold": (2, 0.5, 8),
    "store-hold-one": (3, 0.5, 11),
    "store-unsubscribe": (4, 0.5, 6),
    "net-reset": (5, 0, 0),
    "net-hold": (4, 0.5, 8),
    "net-refuse": (3, 0.5, 4),
    "net-slow": (3, 1, 6),
    "net-away": (2, 8, 11),
    "net-silence": (1, 0, 0),
    "flood": (1, 13, 13),
}


@dataclass(frozen=True)
class Seat:
    """A client: whose page it is, and the rooms (by number) that it has open at first."""

    person: int
    rooms: tuple[int, ...]


@dataclass(frozen=True)
class Step:
    """At so many seconds of its round, a client does something.

    ``pick``, from 0 to 1, chooses among those who are there; ``seconds`` is for what takes time.
    All other choices follow from ``seconds``: so a seed keeps its meaning when one is added.
    """

    at: float
    seat: int
    action: str
    pick: float
    seconds: float

    @property
    def is_on(self) -> bool:
        """Whether a reaction is added, and not removed."""
        return self.seconds < 4

    @property
    def times(self) -> int:
        """How often a change is sent at once."""
        return 2 if self.seconds > 5 else 1

    @property
    def depth(self) -> float:
        """How far back a page is read: 0 is the beginning of the room, 1 its newest message."""
        return self.seconds / MAX_STEP_S

    def choose(self, among: Sequence[T]) -> T:
        """One of these, whatever ``pick`` has chosen."""
        return among[int(self.seconds * 100) % len(among)]

    def coin(self, side: int) -> bool:
        """One of several coins, by its power of two: 1, 2 or 4."""
        return bool(int(self.seconds * 100_000) & side)


@dataclass(frozen=True)
class Fault:
    """``pick``, from 0 to 1, chooses among those who are there; ``share`` is how many of them."""

    at: float
    kind: str
    seconds: float
    pick: float
    share: float = 0.0


@dataclass(frozen=True)
class Round:
    seconds: float
    steps: tuple[Step, ...]
    faults: tuple[Fault, ...]


@dataclass(frozen=True)
class Plan:
    """``direct`` are the groups of people (by number) who talk in a direct room, ``groups`` those
    whose direct room is made in the course of it."""

    seed: int
    rooms: int
    seats: tuple[Seat, ...]
    direct: tuple[tuple[int, ...], ...]
    groups: tuple[tuple[int, ...], ...]
    rounds: tuple[Round, ...]


@dataclass(frozen=True)
class Workload:
    """How much of everything. ``rate`` is what all clients together do in a second."""

    seconds: float = 60
    clients: int = 60
    rooms: int = 8
    rate: float = 25
    faults: Sequence[str] = tuple(FAULTS)


def private_rooms(rooms: int) -> range:
    """The numbers of those of so many rooms that are private."""
    return range(rooms - min(rooms - 1, max(1, round(rooms * PRIVATE_ROOMS_SHARE))), rooms)


def make(seed: int, workload: Workload) -> Plan:
    random = Random(seed)
    seats = _seats(random, workload)
    direct = _groups(random, seats, max(1, workload.rooms // ROOMS_PER_DIRECT))
    groups = _groups(random, seats, workload.rooms)
    count = max(1, math.floor(workload.seconds / ROUND_S))
    active = max(4.0, workload.seconds / count - SETTLING_S)
    rounds = tuple(_round(random, workload, len(seats), active) for _ in range(count))
    groups = tuple(group for group in groups if group not in direct)
    return Plan(seed, workload.rooms, seats, direct, groups, rounds)


def _seats(random: Random, workload: Workload) -> tuple[Seat, ...]:
    people = max(1, round(workload.clients * (1 - SECOND_PAGES_SHARE)))
    seats = []
    for number in range(workload.clients):
        person = number if number < people else random.randrange(people)
        # Most of them share the first room, as in a company.
        rooms = {0} if random.random() < 0.6 else set()
        rooms |= set(random.sample(range(workload.rooms), random.randint(1, 2)))
        seats.append(Seat(person, tuple(sorted(rooms))))
    return tuple(seats)


def _groups(random: Random, seats: tuple[Seat, ...], count: int) -> tuple[tuple[int, ...], ...]:
    people = sorted({seat.person for seat in seats})
    if len(people) < 2:
        return ()
    most = min(MAX_GROUP_PEOPLE, len(people))
    groups = [random.sample(people, random.randint(2, most)) for _ in range(count)]
    return tuple(sorted({tuple(sorted(group)) for group in groups}))


def _round(random: Random, workload: Workload, seats: int, seconds: float) -> Round:
    steps = []
    at = random.expovariate(workload.rate)
    while at < seconds:
        action = random.choices(list(ACTIONS), list(ACTIONS.values()))[0]
        length = random.uniform(0.2, MAX_STEP_S)
        steps.append(Step(at, random.randrange(seats), action, random.random(), length))
        at += random.expovariate(workload.rate)
    return Round(seconds, tuple(steps), _faults(random, workload, seconds - PAUSE_S))


def _faults(random: Random, workload: Workload, seconds: float) -> tuple[Fault, ...]:
    long = LONG_FAULTS if workload.seconds < SHORT_RUN_S else ()
    allowed = {
        kind: FAULTS[kind] for kind in FAULTS if kind in workload.faults and kind not in long
    }
    faults: list[Fault] = []
    at = random.uniform(0.5, 2.0)
    while at < seconds and allowed:
        kind = random.choices(list(allowed), [often for often, _, _ in allowed.values()])[0]
        _, least, most = allowed.pop(kind) if kind in LONG_FAULTS else allowed[kind]
        # Short ones are the more frequent: most of what happens, happens at the edges.
        length = min(least + (most - least) * random.random() ** 2, seconds - at)
        share = random.choice((0.1, 0.3, 1.0))
        faults.append(Fault(at, kind, max(length, least), random.random(), share))
        # Several at the same time, now and then.
        at += random.uniform(0.1, 3.5)
    return tuple(faults)
