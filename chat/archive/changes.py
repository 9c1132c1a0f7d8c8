"""What a batch of entries makes of a room's rows, worked out before anything is written."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from chat.archive import effects, reading, tables
from chat.archive.effects import Said
from chat.archive.entries import Part, decoded_entry

log = logging.getLogger(__name__)

#: Numbers or rooms of one query.
AT_ONCE = 500


@dataclass
class Changes:
    """What one batch makes of a room's rows."""

    made: dict[int, Said] = field(default_factory=dict)
    changed: dict[int, Said] = field(default_factory=dict)
    #: The reactions that stand in the archive, of each message in ``changed``.
    before: dict[int, set[tuple[str, str]]] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)


def of_part(connection: Connection, part: Part) -> Changes:
    """What the entries make of the room's rows, worked out in memory."""
    decoded = [
        (seq, entry) for seq, stored in part.entries if (entry := decoded_entry(part, seq, stored))
    ]
    changes = Changes()
    known = _known(connection, part, decoded)
    _read_changed(connection, part, decoded, changes)
    for seq, entry in decoded:
        kind = entry["type"]
        if kind == "TALK":
            if seq not in known:
                changes.made[seq] = effects.said(seq, entry)
            continue
        ref = entry["ref"]
        target = changes.made.get(ref) or changes.changed.get(ref)
        if kind == "DELETE":
            changes.gone.add(ref)
            changes.made.pop(ref, None)
            changes.changed.pop(ref, None)
        elif target is not None and kind == "EDIT":
            effects.edit(target, seq, entry, part.is_sealed)
        elif target is not None and kind == "REACT":
            effects.react(target, entry)
    return changes


def _known(
    connection: Connection, part: Part, decoded: list[tuple[int, dict[str, Any]]]
) -> set[int]:
    """The numbers among these that the archive has already, or whose messages were deleted.

    There are some only where the store has lost entries and is read from its beginning again.
    """
    numbers = [seq for seq, entry in decoded if seq <= part.begin.highest]
    if not numbers:
        return set()
    found: set[int] = set()
    sent_at = {seq: entry["sentAt"] for seq, entry in decoded}
    c, d = tables.messages.c, tables.deleted.c
    for some in chunks(numbers):
        here = c.room_id == part.room_id, c.seq.in_(some)
        for seq, at in connection.execute(select(c.seq, c.sent_at).where(*here)):
            found.add(seq)
            if at != sent_at[seq]:
                log.error(
                    "Number %s of room %s means two messages: the archive keeps the first.",
                    seq, part.room_id,
                )  # fmt: skip
        gone = select(d.seq).where(d.room_id == part.room_id, d.seq.in_(some))
        found.update(connection.execute(gone).scalars())
    return found


def _read_changed(
    connection: Connection,
    part: Part,
    decoded: list[tuple[int, dict[str, Any]]],
    changes: Changes,
) -> None:
    """Read the messages that these entries change, and that stand in the archive."""
    refs = {entry["ref"] for _, entry in decoded if entry["type"] in ("EDIT", "REACT")}
    for some in chunks(sorted(refs)):
        c = tables.messages.c
        query = select(tables.messages).where(c.room_id == part.room_id, c.seq.in_(some))
        messages = [reading.said_of(row) for row in connection.execute(query.order_by(c.seq))]
        reading.with_reactions(connection, part.room_id, messages)
        for message in messages:
            changes.changed[message.seq] = message
            changes.before[message.seq] = set(message.reactions)


def chunks(items: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (items[at : at + AT_ONCE] for at in range(0, len(items), AT_ONCE))
