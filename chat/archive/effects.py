"""What the entries of a stream do to messages: the same for the archive's rows and for pages.

``Said`` is a TALK as it reads now. A page reads messages from the archive, and applies to them the
entries that the follower has not reached yet.
"""

from dataclasses import dataclass, field
from typing import Any

import orjson

#: Edits that are kept of a message in an encrypted room: its readers decide which of them count.
EDITS_KEPT = 20
#: The fields that say whom a text mentions.
MENTIONING = ("mentions", "mentionNames")
#: The fields of a message that have a column of their own.
_COLUMNS = ("seq", "type", "sentAt", "n", "roomId", "senderId", "message", "editedAt", "reactions")


@dataclass(slots=True)
class Said:
    """A TALK as it reads now; see ``tables.messages``. ``reactions`` are pairs of emoji, userId."""

    room_id: str
    seq: int
    n: int
    sent_at: int
    sender_id: str
    text: str
    rest: dict[str, Any]
    edited_at: int = 0
    edits: int = 0
    newest_edit: int = 0
    reactions: set[tuple[str, str]] = field(default_factory=set)

    def wire(self) -> bytes:
        """The message as clients get it in a page."""
        fields: dict[str, Any] = {
            "seq": self.seq,
            "type": "TALK",
            "userCount": 0,
            "sentAt": self.sent_at,
            "n": self.n,
            "roomId": self.room_id,
            "sender": "",
            "senderId": self.sender_id,
            "message": self.text,
            # What is there already keeps its place.
            **self.rest,
        }
        if self.edited_at:
            fields["editedAt"] = self.edited_at
        if self.reactions:
            by_emoji: dict[str, list[str]] = {}
            for emoji, user_id in sorted(self.reactions):
                by_emoji.setdefault(emoji, []).append(user_id)
            fields["reactions"] = by_emoji
        return orjson.dumps(fields)


def said(seq: int, talk: dict[str, Any]) -> Said:
    """The message that a TALK begins; ``talk`` are the fields of the entry, decoded."""
    rest = {name: value for name, value in talk.items() if name not in _COLUMNS}
    return Said(
        str(talk["roomId"]),
        seq,
        int(talk.get("n", 0)),
        int(talk["sentAt"]),
        str(talk["senderId"]),
        _text(talk),
        rest,
    )


def edit(message: Said, seq: int, change: dict[str, Any], is_sealed: bool) -> None:
    """Apply an EDIT, the entry ``seq``. ``is_sealed``: the room is encrypted.

    There the text of before and the newest edits stay in the message: the reader alone can tell
    which of them count. An edit that was applied before, or is older than that, changes nothing.
    """
    if seq <= message.newest_edit:
        return
    if is_sealed:
        message.rest.setdefault("original", message.text)
        edits = [*message.rest.get("edits", []), {"seq": seq, **change}]
        message.rest["edits"] = edits[-EDITS_KEPT:]
    elif "clientId" in change:
        message.rest["editClientId"] = change["clientId"]
    else:
        message.rest.pop("editClientId", None)
    for name in MENTIONING:
        message.rest.pop(name, None)
        if name in change:
            message.rest[name] = change[name]
    message.text = _text(change)
    message.edited_at = int(change["sentAt"])
    message.edits += 1
    message.newest_edit = seq


def react(message: Said, change: dict[str, Any]) -> None:
    """Apply a REACT."""
    reaction = str(change["emoji"]), str(change["senderId"])
    if change["on"]:
        message.reactions.add(reaction)
    else:
        message.reactions.discard(reaction)


def _text(entry: dict[str, Any]) -> str:
    # Validation refuses this character; PostgreSQL does too, and would take no other message then.
    return str(entry["message"]).replace("\0", "\ufffd")
