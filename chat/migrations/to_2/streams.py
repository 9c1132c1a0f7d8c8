"""A room's messages: each entry gets the sender's id, and each TALK its ordinal.

The new stream is written beside the old one, in the same order and with the same numbers, since
nothing can be put into a stream but at its end. What is noted of edits and reactions is made anew
from the entries: the earliest versions of Maru noted less.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from chat.migrations.lease import Lease
from chat.migrations.to_2 import keys
from chat.migrations.to_2.ids import Ids
from chat.store.question import Argument, Command
from chat.store.store import Store

#: Entries that are read and written at a time.
TOGETHER = 500
#: What is written beside the room, and takes the place of the old at the end.
BESIDE = {"stream": "stream:2", "edited": "edited:2", "reactions": "reactions:2"}

#: How the scripts of version 1 begin what they store. No name holds a character that JSON escapes.
_HEAD = re.compile(
    rb'(\{"type":"([A-Z]+)","userCount":-?\d+,"sentAt":\d+,)(.*?"sender":"([^"\\]*)",)', re.DOTALL
)

Entry = tuple[bytes, list[bytes]]


@dataclass
class Carried:
    """What a stream shows of its room.

    ``said`` is the ordinal of its newest TALK. ``talks`` is the number of those not deleted, as far
    as deletions are known: those that were trimmed are not.
    """

    said: int = 0
    talks: int = 0
    said_by: str = ""
    speakers: set[str] = field(default_factory=set)
    #: Commands that put the new stream, and what is noted of it, into the place of the old.
    replacing: list[Command] = field(default_factory=list)


def carry_over(lease: Lease, ids: Ids, room_id: str, said: int) -> Carried:
    """Write the new stream beside the old one. ``said`` is how many TALKs the room has counted.

    An interrupted run is begun anew, since only ``replacing`` ends it.
    """
    lease.commit([("UNLINK", *(keys.room(room_id, beside) for beside in BESIDE.values()))])
    stream = keys.room(room_id, "stream")
    if not lease.store.ask(("EXISTS", stream)):
        return Carried(said, said, replacing=_replace(lease.store, room_id))
    first, talks, deleted = _look_through(lease, stream)
    # The earliest versions did not count, so there may be more TALKs than were counted.
    all_said = max(said, talks + len(deleted))
    room = _Room(ids, room_id, first, deleted, all_said - talks - len(deleted))
    for entries in _chunks(lease.store, stream):
        lease.commit(list(room.rewritten(entries)))
    lease.commit_in_parts(_different_emoji(lease.store, keys.room(room_id, BESIDE["reactions"])))
    _give_last_number(lease, room_id)
    left = all_said - len(deleted)
    return Carried(all_said, left, room.said_by, room.speakers, _replace(lease.store, room_id))


class _Room:
    """Rewrites a room's entries in order. ``deleted`` are the numbers of deleted TALKs."""

    def __init__(
        self, ids: Ids, room_id: str, first: int, deleted: set[int], said_before: int
    ) -> None:
        self._ids = ids
        self._first = first
        self._deleted = sorted(deleted, reverse=True)
        self._is_deleted = deleted
        self._ordinal = said_before
        self._stream, self._edited, self._reactions = (
            keys.room(room_id, beside) for beside in BESIDE.values()
        )
        self.said_by = ""
        self.speakers: set[str] = set()

    def rewritten(self, entries: list[Entry]) -> Iterator[Command]:
        """The commands that write these entries with ids beside the names."""
        for entry_id, (name, stored, *others) in entries:
            seq = int(entry_id.partition(b"-")[2])
            anew, kind, sender = self._with_ids(seq, stored)
            yield "XADD", self._stream, entry_id, name, anew, *others
            if kind == b"TALK":
                self.said_by = sender
                self.speakers.add(sender)
            elif kind == b"EDIT":
                yield from self._note_edit(seq, orjson.loads(stored))
            elif kind == b"REACT":
                yield from self._note_reaction(orjson.loads(stored), self._ids.of(sender))

    def _with_ids(self, seq: int, stored: bytes) -> tuple[bytes, bytes, str]:
        """The entry in its new form, its type and its sender."""
        head = _HEAD.match(stored)
        if head is None:
            # Not written by Maru.
            return stored, b"", ""
        kind, sender = head[2], head[4].decode()
        ordinal = b""
        if kind == b"TALK":
            while self._deleted and self._deleted[-1] < seq:
                self._deleted.pop()
                self._ordinal += 1
            self._ordinal += 1
            ordinal = b'"n":%d,' % self._ordinal
        sender_id = b'"senderId":"%b",' % self._ids.of(sender).encode()
        return head[1] + ordinal + head[3] + sender_id + stored[head.end() :], kind, sender

    def _note_edit(self, seq: int, edit: dict[str, Any]) -> Iterator[Command]:
        if self._is_there(edit["ref"]):
            yield "ZADD", self._edited, edit["ref"], seq

    def _note_reaction(self, reaction: dict[str, Any], user_id: str) -> Iterator[Command]:
        """By message and person, and by message and emoji, as ``alter.lua`` notes it."""
        if self._is_there(reaction["ref"]):
            ref, emoji = f"{reaction['ref']:016d}", reaction["emoji"]
            noted = f"{ref}p{user_id}\0{emoji}", f"{ref}e{emoji}\0{user_id}"
            if reaction["on"]:
                yield "ZADD", self._reactions, 0, noted[0], 0, noted[1]
            else:
                yield "ZREM", self._reactions, *noted

    def _is_there(self, ref: int) -> bool:
        """Whether the message that was changed has been neither trimmed nor deleted."""
        return ref >= self._first and ref not in self._is_deleted


def _look_through(lease: Lease, stream: str) -> tuple[int, int, set[int]]:
    """The number of the first entry, how many TALKs there are, and which were deleted."""
    first, talks, deleted = 0, 0, set()
    for entries in _chunks(lease.store, stream):
        lease.keep()
        first = first or int(entries[0][0].partition(b"-")[2])
        for _, (_, stored, *_others) in entries:
            if stored.startswith(b'{"type":"TALK"'):
                talks += 1
            elif stored.startswith(b'{"type":"DELETE"'):
                deleted.add(int(orjson.loads(stored)["ref"]))
    return first, talks, deleted


def _chunks(store: Store, stream: str) -> Iterator[list[Entry]]:
    start = "-"
    while True:
        entries = store.ask(("XRANGE", stream, start, "+", "COUNT", TOGETHER))
        if entries:
            yield entries
        if len(entries) < TOGETHER:
            return
        start = "(" + entries[-1][0].decode()


def _different_emoji(store: Store, reactions: str) -> Iterator[Command]:
    """One entry more for each different emoji under a message."""
    start: Argument = "-"
    seen = b""
    while True:
        found = store.ask(("ZRANGEBYLEX", reactions, start, "+", "LIMIT", 0, TOGETHER))
        for noted in found:
            ref, what = noted[:16], noted[16:]
            emoji = ref + b"d" + what[1:].split(b"\0")[0]
            if what.startswith(b"e") and emoji != seen:
                seen = emoji
                yield "ZADD", reactions, 0, emoji
        if len(found) < TOGETHER:
            return
        start = b"(" + found[-1]


def _give_last_number(lease: Lease, room_id: str) -> None:
    """Let the new stream go on where the old one does, also where that ends with a deletion."""
    old, new = keys.room(room_id, "stream"), keys.room(room_id, BESIDE["stream"])
    told = lease.store.redis.xinfo_stream(old)
    last = told["last-generated-id"].decode()
    if last == "0-0":
        return
    commands: list[Command] = []
    if not lease.store.ask(("EXISTS", new)):
        commands = [("XADD", new, last, "m", ""), ("XDEL", new, last)]
    added, gone = int(told["entries-added"]), told["max-deleted-entry-id"].decode()
    commands.append(("XSETID", new, last, "ENTRIESADDED", added, "MAXDELETEDID", gone))
    lease.commit(commands)


def _replace(store: Store, room_id: str) -> list[Command]:
    replacing: list[Command] = [("DEL", *(keys.room(room_id, what) for what in (*BESIDE, "edits")))]
    for what, beside in BESIDE.items():
        if store.ask(("EXISTS", keys.room(room_id, beside))):
            replacing.append(("RENAME", keys.room(room_id, beside), keys.room(room_id, what)))
    return replacing
