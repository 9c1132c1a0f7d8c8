"""The Message: its types, and its JSON body, encoded once.

A body is JSON without what only the store knows; the scripts put ``type``, ``userCount``,
``sentAt`` and, for stored types, ``seq`` in front of it without decoding it (see ``lua/lib.lua``).
``heading`` reads what they have put there.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import orjson

from chat.people import Person

TALK = "TALK"
ENTER = "ENTER"
QUIT = "QUIT"
CLOSE = "CLOSE"
EDIT = "EDIT"
DELETE = "DELETE"
REACT = "REACT"
#: A type of message on a room's channel that only workers use: its sender is no member any more,
#: and must receive nothing that follows.
REMOVED = "REMOVED"

#: The fields that say whom a text mentions.
MENTIONING = ("mentions", "mentionNames")

#: Why somebody is no longer in the room.
LEFT, LOST, KICKED = "left", "lost", "kicked"

_SENTENCES = {
    "en": {ENTER: "{name} entered the room.", QUIT: "{name} left the room."},
    "ko": {ENTER: "{name}님이 방에 입장했습니다.", QUIT: "{name}님이 방에서 나갔습니다."},
}
_HEADING = re.compile(
    rb'\{(?:"seq":(\d+),)?(?:"epoch":"([^"]*)",)?"type":"([A-Z]+)","userCount":\d+,"sentAt":(\d+)'
)
_SENT_AT = re.compile(rb'"sentAt":(\d+)')


class Heading(NamedTuple):
    """What the scripts put in front of a body. ``seq`` is 0 where a message has none.

    ``epoch`` is '' but for the first message of a new epoch. ``sent_at`` is in ms.
    """

    seq: int
    epoch: str
    kind: str
    sent_at: int


def heading(published: bytes) -> Heading | None:
    """The heading of a message as it is published or sent; ``None`` for anything else."""
    found = _HEADING.match(published)
    if found is None:
        return None
    seq, epoch, kind, at = found.groups()
    return Heading(int(seq or 0), (epoch or b"").decode(), kind.decode(), int(at))


def sent_at(stored: bytes) -> int:
    """The ``sentAt`` of a message, also as it is stored; 0 if there is none."""
    found = _SENT_AT.search(stored)
    return int(found[1]) if found else 0


def on_wire(seq: bytes, stored: bytes) -> bytes:
    """A message as clients get it, from its number and what the stream holds."""
    return b'{"seq":%b,%b' % (seq, stored[1:])


def edited(talk: bytes, edits: Sequence[bytes], is_sealed: bool) -> bytes:
    """A TALK on the wire with the text of the last of its EDITs, which are on the wire too.

    In an encrypted room the text of before and all these edits stay in it: there the reader alone
    can tell which of them count.
    """
    fields, newest = orjson.loads(talk), orjson.loads(edits[-1])
    fields |= {"message": newest["message"], "editedAt": newest["sentAt"]}
    for name in MENTIONING:
        fields.pop(name, None)
        if name in newest:
            fields[name] = newest[name]
    if is_sealed:
        original = orjson.loads(talk)["message"]
        fields |= {"original": original, "edits": [orjson.Fragment(edit) for edit in edits]}
    elif "clientId" in newest:
        fields["editClientId"] = newest["clientId"]
    return orjson.dumps(fields)


def with_reactions(talk: bytes, reactions: Iterable[bytes]) -> bytes:
    """A TALK on the wire with the reactions to it, each ``<emoji>\\0<userId>``."""
    by_emoji: dict[str, list[str]] = defaultdict(list)
    for reaction in reactions:
        emoji, _, user_id = reaction.decode().partition("\0")
        by_emoji[emoji].append(user_id)
    return talk[:-1] + b',"reactions":' + orjson.dumps(by_emoji) + b"}"


def body(
    room_id: str, sender: Person, text: str, client_id: str | None = None, **more: object
) -> bytes:
    """The body of something that ``sender`` said or did; ``more`` are fields of its type."""
    fields: dict[str, object] = {
        "roomId": room_id,
        "sender": sender.name,
        "senderId": sender.user_id,
        "message": text,
        **more,
    }
    if client_id is not None:
        fields["clientId"] = client_id
    return orjson.dumps(fields)


def announcement(kind: str, room_id: str, locale: str, reason: str | None = None) -> bytes:
    """The body of an ENTER or QUIT, with ``{name}`` and ``{id}`` where the scripts put the person.

    They can: a name holds no character that JSON would escape.
    """
    fields = {
        "roomId": room_id,
        "sender": "{name}",
        "senderId": "{id}",
        "message": _SENTENCES[locale][kind],
    }
    if reason is not None:
        fields["reason"] = reason
    return orjson.dumps(fields)


def removal(room_id: str) -> bytes:
    """The body of a REMOVED, with the person to be put in by the script."""
    return orjson.dumps({"roomId": room_id, "sender": "{name}", "senderId": "{id}"})
