"""The history, sorted for the checks: who was in which room when, and what each number was."""

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from verify.history import Event, History, LinkState, Message, Stored

#: Calls that store something.
SAYING = {"message": "TALK", "edit": "EDIT", "delete": "DELETE", "react": "REACT"}


@dataclass(slots=True)
class Stay:
    """A connection's stay in a room, from the call of its join to that of its leave.

    ``refused`` says that a join was refused before one was granted. ``stalls`` are the times in
    which the client did not read, or could not. ``left`` is when a leave was first called, or the
    person ``was_kicked``; ``gone`` is when a leave was answered. ``over`` is when the connection
    ended, wherever that was noticed first. ``unanswered`` calls may still be carried out after
    that, by a worker that was held up.
    """

    link: int
    client: str
    person: str
    room: str
    called: float
    refused: bool = False
    joined: float | None = None
    left: float | None = None
    leaves: list[float] = field(default_factory=list)
    gone: float | None = None
    was_kicked: bool = False
    over: float | None = None
    worker: int = 0
    unanswered: int = 0
    stalls: list[tuple[float, float]] = field(default_factory=list)
    received: list[Event] = field(default_factory=list)


@dataclass
class Index:
    history: History
    stays: list[Stay] = field(default_factory=list)
    by_link: dict[tuple[int, str], list[Event]] = field(default_factory=dict)
    shown: dict[tuple[str, str], list[Event]] = field(default_factory=dict)
    answers: list[Event] = field(default_factory=list)
    calls: list[Event] = field(default_factory=list)
    #: By room and number, what anybody has ever seen under it; the store's word first.
    seen: dict[str, dict[int, Message]] = field(default_factory=dict)
    #: By room and number, the number of the DELETE that erased it.
    erased_by: dict[str, dict[int, int]] = field(default_factory=dict)

    def is_erased(self, room: str, seq: int) -> bool:
        stored = self.history.stored.get(room)
        return bool(stored and seq in stored.erased)

    def hole(self, room: str, after: int, before: int) -> int | None:
        """A number between these two that should be there, if any."""
        for seq in range(after + 1, before):
            if not self.is_erased(room, seq):
                return seq
        return None

    def hole_in_page(self, room: str, after: int, before: int, top: int) -> int | None:
        """A TALK between these two that should be in a page, if any.

        What was erased by a later message than ``top`` should still be there.
        """
        # Not every number between them: where a new epoch began, they go on far above.
        for seq in sorted(seq for seq in self.seen.get(room, {}) if after < seq < before):
            erased_by = self.erased_by.get(room, {}).get(seq)
            is_there = not self.is_erased(room, seq) or (erased_by and erased_by > top)
            if self.seen[room][seq]["type"] == "TALK" and is_there:
                return seq
        return None

    def bytes_between(self, room: str, after: int, top: int) -> int:
        """How long the entries after a number are as JSON, at the time when ``top`` was the newest.

        An entry that nobody has seen counts nothing.
        """
        seen, erased_by = self.seen.get(room, {}), self.erased_by.get(room, {})
        there = (seq for seq in seen if after < seq <= top < erased_by.get(seq, top + 1))
        return sum(len(orjson.dumps(seen[seq])) for seq in there)

    def of(self, person: str, room: str) -> list[Stay]:
        return self._by_person.get((person, room), [])

    def __post_init__(self) -> None:
        self._sort_events()
        self._find_stays()
        self._collect_messages()

    def _sort_events(self) -> None:
        by_link, shown = defaultdict(list), defaultdict(list)
        self._ends: dict[int, float] = {}
        self._stalls: dict[int, list[tuple[float, float]]] = defaultdict(list)
        stalled: dict[int, float] = {}
        for event in self.history.events:
            if event.kind in ("call", "answer", "received", "notice"):
                by_link[event.link, event.room].append(event)
            if event.kind in ("shown", "fresh", "conflict"):
                shown[event.client, event.room].append(event)
            elif event.kind == "answer":
                self.answers.append(event)
            elif event.kind == "call":
                self.calls.append(event)
            elif event.kind == "end":
                self._ends[event.link] = event.at
            elif event.kind == "stalls":
                stalled.setdefault(event.link, event.at)
            elif event.kind == "reads" and event.link in stalled:
                self._stalls[event.link].append((stalled.pop(event.link), event.at))
        for link, at in stalled.items():
            self._stalls[link].append((at, math.inf))
        self.by_link, self.shown = dict(by_link), dict(shown)

    def _find_stays(self) -> None:
        self._by_person: dict[tuple[str, str], list[Stay]] = defaultdict(list)
        for (link, room), events in self.by_link.items():
            if link and room:
                for stay in self._stays(link, room, events):
                    self.stays.append(stay)
                    self._by_person[stay.person, room].append(stay)

    def _stays(self, link: int, room: str, events: list[Event]) -> Iterator[Stay]:
        link_state = self.history.link_states.get(link, LinkState())
        ends = [
            at for at in (self._ends.get(link), link_state.closed_at, link_state.silent_at) if at
        ]
        now: Stay | None = None
        joins: list[Event] = []

        def begin(event: Event) -> Stay:
            person = self.history.people[event.client]
            begun = Stay(link, event.client, person, room, event.at)
            begun.over, begun.worker = min(ends, default=None), link_state.worker
            begun.stalls = [*self._stalls[link], *link_state.held]
            return begun

        for event in events:
            name = event.what.get("event") if event.kind in ("call", "answer") else event.kind
            if name == "join":
                joins = [*joins, event] if event.kind == "call" else joins[1:]
            if event.kind == "call" and name == "join" and (now is None or now.left):
                if now:
                    yield now
                now = begin(event)
            if now is None:
                continue
            if is_kick(event):
                now.left, now.was_kicked = now.left or event.at, True
                if joins:
                    # The join that is under way comes after it.
                    yield now
                    now = begin(joins[0])
            now.unanswered += {"call": 1, "answer": -1}.get(event.kind, 0)
            if event.kind == "answer" and name == "join":
                if is_ok(event):
                    now.joined = now.joined or event.at
                elif now.joined is None:
                    now.refused = True
            elif event.kind == "call" and name == "leave":
                now.left = now.left or event.at
                now.leaves.append(event.at)
            elif event.kind == "answer" and name == "leave" and is_gone(event):
                now.gone = event.at
            elif event.kind == "received":
                now.received.append(event)
        if now:
            yield now

    def _collect_messages(self) -> None:
        for room, stored in self.history.stored.items():
            self.seen[room] = {message["seq"]: message for message in stored.messages}
        for published in self.history.channel_log:
            message = getattr(published, "message", {})
            if "seq" in message:
                self.seen.setdefault(published.room, {}).setdefault(message["seq"], message)
        for event in self.history.events:
            if event.kind == "received" and "seq" in event.what:
                seen = self.seen.setdefault(event.room, {})
                seen.setdefault(event.what["seq"], dict(event.what))
        for room, messages in self.seen.items():
            self.erased_by[room] = _erased_by(messages)


def _erased_by(messages: dict[int, Message]) -> dict[int, int]:
    deletes = {m["ref"]: seq for seq, m in sorted(messages.items()) if m["type"] == "DELETE"}
    erased = dict(deletes)
    for seq, message in messages.items():
        if message["type"] == "EDIT" and deletes.get(message["ref"], 0) > seq:
            erased[seq] = deletes[message["ref"]]
    return erased


def known(stored: Stored | None) -> dict[int, Message]:
    return {message["seq"]: message for message in stored.messages} if stored else {}


def sayings(events: list[Event]) -> Iterator[tuple[Event, str, str]]:
    """Calls or answers that say something under a clientId: the event, its type, the clientId."""
    for event in events:
        kind = SAYING.get(event.what.get("event", ""))
        if kind and event.what.get("clientId"):
            yield event, kind, event.what["clientId"]


def is_ok(event: Event) -> bool:
    answer: dict[str, Any] = event.what["answer"]
    return bool(answer["ok"])


def is_of_another(index: Index, event: Event) -> bool:
    """Is this the deletion of a message that somebody else has said?"""
    message = index.seen.get(event.room, {}).get(event.what.get("seq", 0))
    if event.what["event"] != "delete" or message is None:
        return False
    return bool(message["senderId"] != index.history.people[event.client])


def is_kick(event: Event) -> bool:
    """Is the client told that its person is no member any more?"""
    return event.kind == "notice" and event.what["code"] == "kicked"


def is_gone(event: Event) -> bool:
    """Does this answer to a leave say that the connection is not in the room any more?"""
    return is_ok(event) or event.what["answer"]["error"]["code"] == "not_joined"
