"""Histories written by hand: a room in which everything goes well, until a test changes that.

A person's userId is the person's first name.
"""

from collections.abc import Callable
from typing import Any

from verify.checks import run_checks
from verify.history import (
    Count,
    Event,
    History,
    LinkState,
    Message,
    Published,
    Removal,
    Renaming,
    RoleChange,
    SettledState,
    Snapshot,
    Stored,
)

ROOM, EPOCH, WORKER = "hall", "e1", 7


class Story:
    """Told in steps of a second. Clients are ``ann.0``; all of them are on one worker."""

    def __init__(self) -> None:
        self.at = 1_000_000.0
        self.history = History(lease=12_000, grace=2_000)
        self.history.kinds[ROOM] = "open"
        self.names: dict[str, str] = {}
        self.history.gaps.append((0.0, self.at))
        self.history.channel_log.append(Snapshot(self.at, ROOM, {}))
        self.history.received_by[WORKER] = []
        self.links: dict[str, int] = {}
        self.tops: dict[str, int] = {}
        self.stream: dict[int, Message] = {}
        self.erased: set[int] = set()
        self.present: dict[str, int] = {}
        self.members: list[str] = []

    def wait(self, seconds: float = 1) -> None:
        self.at += seconds * 1000

    def note(self, client: str, kind: str, room: str = ROOM, **what: Any) -> None:
        person = self.history.people[client] = client.split(".")[0]
        if person not in self.names:
            self.names[person] = person
            self.history.renamings.append(Renaming(person, person, 0.0, 0.0))
        link = self.links.get(client, 0)
        self.history.events.append(Event(self.at, client, kind, link, room, what))

    def connect(self, client: str) -> None:
        self.links[client] = len(self.history.link_states) + 1
        self.history.link_states[self.links[client]] = LinkState(WORKER)
        self.note(client, "open", "")

    def join(self, client: str, **changed: Any) -> None:
        """Over a new connection, unless it has one; ``changed`` are fields of the answer."""
        self.wait()
        if client not in self.links:
            self.connect(client)
        since = self.tops.get(client)
        seen = {} if since is None else {"since": since, "epoch": EPOCH}
        self.note(client, "call", event="join", **seen)
        self.enter(client)
        numbers = [
            seq
            for seq, message in self.stream.items()
            if seq > (since or 0) and (seen or message["type"] == "TALK")
        ]
        answer = {
            "ok": True,
            "userCount": len(self.present),
            "epoch": EPOCH,
            "seq": self.top,
            "recovered": bool(seen),
            "messages": [self.stream[seq] for seq in numbers],
            **changed,
        }
        self.note(client, "answer", event="join", **seen, answer=answer)
        if not answer["recovered"]:
            self.note(client, "fresh", why="opened", seq=self.top)
        for message in answer["messages"]:
            self.note(client, "shown", **message)
        self.tops[client] = self.top

    def enter(self, client: str) -> None:
        person = client.split(".")[0]
        self.present[person] = self.present.get(person, 0) + 1
        self.members.append(client)
        if self.present[person] == 1:
            self.tell("ENTER", person)

    def leave(self, client: str) -> None:
        self.wait()
        self.note(client, "call", event="leave")
        self.members.remove(client)
        self.go(client.split(".")[0], "left")
        answer = {"ok": True, "userCount": len(self.present)}
        self.note(client, "answer", event="leave", answer=answer)

    def lose(self, client: str) -> None:
        """The connection ends; nobody comes back."""
        self.wait()
        self.note(client, "end", "", why="vanished")
        self.members.remove(client)
        self.history.link_states[self.links.pop(client)].closed_at = self.at

    def be_away(self, client: str, missed: list[int]) -> None:
        """The person is lost, and misses messages of so many bytes that Ann says."""
        self.lose(client)
        self.wait(2.5)
        self.go(client.split(".")[0], "lost")
        for size in missed:
            self.say("ann.0", "x" * size)

    def take_out(self, person: str, how: str = "banned", reason: str = "kicked") -> Removal:
        """The owner takes somebody out, with all connections, and gets the answer."""
        self.wait()
        removal = Removal(ROOM, person, self.at, how=how)
        self.history.removals.append(removal)
        self.members = [client for client in self.members if client.split(".")[0] != person]
        if person in self.present:
            self.present[person] = 1
            self.go(person, reason)
        self.wait(0.1)
        removal.answered = self.at
        return removal

    def let_in(self, removal: Removal) -> None:
        """The owner adds the person again."""
        self.wait()
        removal.back_called = self.at
        self.wait(0.1)
        removal.back_answered = self.at

    def rename(self, person: str, name: str) -> None:
        """The person takes another name, and gets the answer."""
        self.wait()
        renaming = Renaming(person, name, self.at)
        self.history.renamings.append(renaming)
        self.names[person] = name
        self.wait(0.1)
        renaming.answered = self.at

    def give_role(self, person: str, role: str) -> None:
        """The owner gives a member a role, and gets the answer."""
        self.wait()
        change = RoleChange(ROOM, person, role, self.at)
        self.history.role_changes.append(change)
        self.wait(0.1)
        change.answered = self.at

    def go(self, person: str, reason: str) -> None:
        self.present[person] -= 1
        if not self.present[person]:
            del self.present[person]
            self.tell("QUIT", person, reason=reason)

    def say(self, client: str, words: str = "hello", **fields: Any) -> int:
        """Gives the number; ``fields`` are of the call, ``seq`` another number than the next."""
        self.wait()
        seq = fields.pop("seq", self.top + 1)
        client_id = fields.pop("clientId", f"c{seq}")
        call = {"event": "message", "message": words, "clientId": client_id}
        self.note(client, "call", **call)
        said = {"message": words, "clientId": client_id, "seq": seq}
        message = self.tell("TALK", client.split(".")[0], **said)
        answer = {"ok": True, **{f: message[f] for f in ("seq", "sentAt", "userCount")}}
        self.note(client, "answer", **call, answer=answer)
        return seq

    def delete(self, client: str, ref: int) -> None:
        self.wait()
        call = {"event": "delete", "seq": ref, "clientId": f"d{ref}"}
        self.note(client, "call", **call)
        said = {"message": "", "clientId": f"d{ref}", "ref": ref, "seq": self.top + 1}
        answer = self.tell("DELETE", client.split(".")[0], **said)
        self.note(client, "answer", **call, answer={"ok": True, "seq": answer["seq"]})
        del self.stream[ref]
        self.erased.add(ref)

    def edit(self, client: str, ref: int, words: str) -> None:
        self.wait()
        call = {"event": "edit", "seq": ref, "message": words, "clientId": f"e{self.top + 1}"}
        self.note(client, "call", **call)
        said = {"message": words, "clientId": call["clientId"], "ref": ref, "seq": self.top + 1}
        answer = self.tell("EDIT", client.split(".")[0], **said)
        self.note(client, "answer", **call, answer={"ok": True, "seq": answer["seq"]})

    def refuse_deletion(self, client: str, ref: int) -> None:
        self.wait()
        call = {"event": "delete", "seq": ref, "clientId": f"d{ref}"}
        self.note(client, "call", **call)
        refusal = {"ok": False, "error": {"code": "forbidden"}}
        self.note(client, "answer", **call, answer=refusal)

    def tell(self, kind: str, sender: str, **more: Any) -> Message:
        """The store tells the room, and all who are there receive it."""
        self.at += 200
        who = {"sender": self.names.get(sender, sender), "senderId": sender}
        message = {"type": kind, "roomId": ROOM, **who, "sentAt": int(self.at), **more}
        message["userCount"] = len(self.present)
        published = Published(self.at, ROOM, message)
        self.history.channel_log.append(published)
        self.history.received_by[WORKER].append(published)
        for client in self.members:
            self.note(client, "received", **message)
            if "seq" in message:
                self.note(client, "shown", **message)
                self.tops[client] = message["seq"]
        if "seq" in message:
            self.stream[message["seq"]] = message
        return message

    @property
    def top(self) -> int:
        return max(self.stream, default=0)

    def settle(self, read: dict[int, Message] | None = None, **changed: Any) -> None:
        """Everybody is asked, and all is as it should be but for what is ``changed``.

        ``read`` are messages that the API gives otherwise than they were said.
        """
        self.wait()
        self.store(read or {})
        truth = {ROOM: dict(self.present)}
        counts = [Count(ROOM, source, len(self.present)) for source in ("api", "join of ann.0")]
        tops = {(client, ROOM): self.tops[client] for client in self.members}
        held = {ROOM: sum(self.present.values())}
        names = {ROOM: {person: self.names.get(person, person) for person in self.present}}
        own_rooms = {person: {ROOM: "member"} for person in self.present}
        usual: dict[str, Any] = {"truth": truth, "present": truth, "leases": held}
        usual = {**usual, "counts": counts, "tops": tops, "names": names, "own_rooms": own_rooms}
        self.history.settled_states.append(SettledState(self.at, **{**usual, **changed}))

    def store(self, read: dict[int, Message]) -> None:
        held = [self.stream[seq] for seq in sorted(self.stream)]
        erased = frozenset(self.erased)
        said = [read.get(m["seq"], m) for m in held if m["type"] == "TALK"]
        self.history.stored[ROOM] = Stored(ROOM, EPOCH, self.top, held, erased, said, said)

    def drop(self, forgotten: Callable[[Event], bool]) -> None:
        """This was never seen."""
        events = self.history.events
        found = [event for event in events if forgotten(event)]
        assert found
        self.history.events = [event for event in events if event not in found]

    def double(self, seen: Callable[[Event], bool]) -> None:
        """This was seen twice."""
        events = self.history.events
        assert any(seen(event) for event in events)
        self.history.events = [e for event in events for e in [event] * (1 + seen(event))]

    def violated(self) -> set[str]:
        """The names of the checks that find something."""
        found = run_checks(self.history)
        assert all(violation.text for violation in found)
        return {violation.rule for violation in found}


def shown(client: str, seq: int) -> Callable[[Event], bool]:
    return lambda e: e.kind == "shown" and e.client == client and e.what["seq"] == seq


def received(client: str, **fields: Any) -> Callable[[Event], bool]:
    return lambda event: (
        event.kind == "received"
        and event.client == client
        and fields.items() <= dict(event.what).items()
    )
