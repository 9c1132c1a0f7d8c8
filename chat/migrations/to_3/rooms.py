"""One room: whose its TALKs are, which are deleted, and how far its members have read.

All of this follows from the stream. Of what is trimmed nothing is known but how much it was, and no
page shows it: ``forgotten`` is the ordinal of the last of it, and nobody is told that it is unread.
"""

import bisect
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from chat import keys
from chat.migrations.lease import TOGETHER, Lease, chunks
from chat.store.question import Command, fields
from chat.store.store import Store

#: Entries that are read at a time.
READ = 500
#: How the scripts of version 2 begin a TALK: its ordinal, and its sender behind the room.
_TALK = re.compile(
    rb'\{"type":"TALK","userCount":-?\d+,"sentAt":\d+,"n":(\d+),.*?"senderId":"([^"\\]*)"'
)


@dataclass
class Talks:
    """The TALKs of a stream, in order: their numbers, ordinals and senders."""

    numbers: list[int] = field(default_factory=list)
    ordinals: list[int] = field(default_factory=list)
    senders: list[bytes] = field(default_factory=list)


def of(room_id: str, what: str = "") -> str:
    """A room, or something of it."""
    return f"{keys.PREFIX}room:{{{room_id}}}{what and ':' + what}"


def id_in(key: str) -> str:
    """The room id in the key of a room."""
    return key.removeprefix(of("").removesuffix("}")).removesuffix("}")


def old_marks(user_id: str) -> str:
    """Rooms to how far a person has read, of version 2: ``<epoch> <seq>``."""
    return f"{keys.PREFIX}person:{user_id}:read"


def carry_over(lease: Lease, room_id: str) -> bool:
    """False for a room that is carried over already; the last transaction says so."""
    store = lease.store
    asked = ("epoch", "seq", "said", "forgotten")
    epoch, seq, said, forgotten = store.ask(("HMGET", of(room_id), *asked))
    if epoch is None or forgotten is not None:
        return False
    talks = _talks(lease, room_id)
    top, newest = int(said or 0), int(seq or 0)
    first = talks.ordinals[0] if talks.ordinals else top + 1
    deleted = sorted({*range(first, top + 1)} - {*talks.ordinals})
    made = [of(room_id, what) for what in ("deleted", "spoken", "marks")]
    lease.commit([("DEL", *made)])
    lease.commit_in_parts(("ZADD", made[0], n, n) for n in deleted)
    spoken = Counter(talks.senders)
    lease.commit_in_parts(("HSET", made[1], who, number) for who, number in spoken.items())
    members = list(fields(store.ask(("HGETALL", of(room_id, "members")))))
    for part in chunks(members, TOGETHER):
        old = store.ask_all([("HGET", old_marks(who.decode()), room_id) for who in part])
        marks: list[Command] = []
        for who, stored in zip(part, old, strict=True):
            marked_in, _, number = (stored or b"").partition(b" ")
            # In another epoch the same number was another message. Who has none reads on from here.
            read = int(number) if number and marked_in == epoch else newest
            all_own = spoken[who]
            mark = _mark(talks, who, read, first) if read < newest else f"{newest} {top} {all_own}"
            marks.append(("HSET", made[2], who, mark))
        lease.commit(marks)
    lease.commit([("HSET", of(room_id), "forgotten", first - 1)])
    return True


def _mark(talks: Talks, who: bytes, read: int, first: int) -> str:
    """A mark of version 3, ``<seq> <n> <own>``, behind which there may be entries."""
    at = bisect.bisect_right(talks.numbers, read)
    n = talks.ordinals[at - 1] if at else first - 1
    return f"{read} {n} {talks.senders[:at].count(who)}"


def _talks(lease: Lease, room_id: str) -> Talks:
    found = Talks()
    for entries in _chunks(lease.store, of(room_id, "stream")):
        lease.keep()
        for entry_id, stored in entries:
            talk = _TALK.match(stored[1])
            if talk:
                found.numbers.append(int(entry_id.partition(b"-")[2]))
                found.ordinals.append(int(talk[1]))
                found.senders.append(talk[2])
    return found


def _chunks(store: Store, stream: str) -> Iterator[list[tuple[bytes, list[bytes]]]]:
    start = "-"
    while True:
        entries = store.ask(("XRANGE", stream, start, "+", "COUNT", READ))
        if entries:
            yield entries
        if len(entries) < READ:
            return
        start = "(" + entries[-1][0].decode()
