"""The Message: its types, and its JSON body, encoded once.

A body is JSON without what only the store knows; the scripts put ``type``, ``userCount``,
``sentAt`` and, for stored types, ``seq`` in front of it without decoding it (see ``lua/lib.lua``).
"""

import orjson

TALK = "TALK"
ENTER = "ENTER"
QUIT = "QUIT"
CLOSE = "CLOSE"
EDIT = "EDIT"
DELETE = "DELETE"
REACT = "REACT"

#: Why somebody is no longer in the room.
LEFT, LOST, KICKED = "left", "lost", "kicked"

_SENTENCES = {
    "en": {ENTER: "{name} entered the room.", QUIT: "{name} left the room."},
    "ko": {ENTER: "{name}님이 방에 입장했습니다.", QUIT: "{name}님이 방에서 나갔습니다."},
}


def body(
    room_id: str, sender: str, text: str, client_id: str | None = None, **more: object
) -> bytes:
    """The body of something that ``sender`` said or did; ``more`` are fields of its type."""
    fields: dict[str, object] = {"roomId": room_id, "sender": sender, "message": text, **more}
    if client_id is not None:
        fields["clientId"] = client_id
    return orjson.dumps(fields)


def notice(kind: str, room_id: str, locale: str, reason: str | None = None) -> bytes:
    """The body of an ENTER or QUIT, with ``{name}`` where the scripts put the person's name.

    They can: a name holds no character that JSON would escape.
    """
    fields = {"roomId": room_id, "sender": "{name}", "message": _SENTENCES[locale][kind]}
    if reason is not None:
        fields["reason"] = reason
    return orjson.dumps(fields)
