"""What is left: remembered answers to a ``clientId``, and keys that nothing needs any more."""

import re
from collections.abc import Iterator

from chat.migrations.lease import Lease, chunks
from chat.migrations.to_2 import keys
from chat.migrations.to_2.ids import Ids
from chat.store.question import Command

#: Keys that one SCAN looks at, and that are changed in one transaction.
SCANNED, TOGETHER = 1000, 500
#: What a room may have in version 1 that version 2 has not, or has in another shape.
_OF_NO_ROOM = ("conns", "people", "members", "edits")
_SENDER = re.compile(rb'"sender":"([^"\\]*)",(?!"senderId")')


def carry_over(lease: Lease, ids: Ids) -> None:
    """Carry over what is neither of an account nor of a room, and delete what nothing needs."""
    redis = lease.store.redis
    # What accounts had that are no more: all others are carried over.
    of_nobody = redis.scan_iter(match=keys.user("*", "*"), count=SCANNED)
    lease.commit_in_parts(("UNLINK", key) for key in of_nobody)
    names = (key.decode() for key in redis.scan_iter(match=keys.room("*") + "*", count=SCANNED))
    for part in chunks(names, TOGETHER):
        commands = [command for key in part for command in _carry(lease, ids, key)]
        lease.commit(commands, may_be_gone=True)


def _carry(lease: Lease, ids: Ids, key: str) -> Iterator[Command]:
    room_id, what = keys.room_id_of(key)
    if what.startswith("sent:"):
        _, sender, client_id = what.split(":", 2)
        if user_id := ids.of_folded.get(sender):
            yield "RENAME", key, keys.room(room_id, f"sent:{user_id}:{client_id}")
    elif what == "closed":
        yield from _with_sender_id(lease, ids, key)
    elif what in _OF_NO_ROOM and not lease.store.ask(("EXISTS", keys.room(room_id))):
        yield "UNLINK", key


def _with_sender_id(lease: Lease, ids: Ids, key: str) -> Iterator[Command]:
    """The CLOSE of a deleted room, with the id of who has deleted it."""
    closing = lease.store.ask(("GET", key)) or b""
    if found := _SENDER.search(closing):
        user_id = ids.of(found[1].decode()).encode()
        anew = closing[: found.end()] + b'"senderId":"%b",' % user_id + closing[found.end() :]
        yield "SET", key, anew, "XX", "KEEPTTL"
