"""The messages that workers publish to one another on the control channel: every kind, by name.

A message is a JSON object. Its first field has the name of its kind. ``chat/live/control.py`` has
the function that handles each kind.
"""

from collections.abc import Mapping

import orjson

from chat import keys
from chat.store.question import Command
from chat.store.store import Store

#: ``{"canary": id}``: a worker tests whether it receives what is published, see ``live/canary.py``.
CANARY = "canary"
#: ``{"rooms": [roomId]}``: rooms whose entries in the list of rooms have changed.
ROOMS = "rooms"
#: ``{"closed": [roomId, [userId] or null]}``: a room was deleted. Of a private room, the members.
CLOSED = "closed"
#: ``{"room": Room}``: the name or description of a room has changed, or whether it is archived.
ROOM = "room"
#: ``{"member": {roomId, userId, role, mutedUntil?}}``: what a person is in a room now.
#: ``gone: true`` stands in place of the role for a person who is no member any more.
MEMBER = "member"
#: ``{"joined": [[userId, roomId, sid]]}``: connections that have joined rooms.
JOINED = "joined"
#: ``{"me": [[[userId], event]]}``: events ``me`` of docs/protocol.md, with those who get each.
ME = "me"
#: ``{"person": Person, "rooms": [roomId]}``: how a person is shown has changed, and the rooms to
#: which he or she belongs.
PERSON = "person"
#: ``{"role": [userId, role]}``: a person has another role in Maru.
ROLE = "role"
#: ``{"revoked": id}``: the token with this jti, or the login with this login_id, is revoked.
REVOKED = "revoked"
#: ``{"ended": userId}``: all logins of a person have ended.
ENDED = "ended"


def publish(store: Store, message: Mapping[str, object]) -> None:
    """Send a message to all workers, also to this one."""
    store.ask(publish_command(message))


def publish_command(message: Mapping[str, object]) -> Command:
    """The command that sends a message to all workers."""
    return "PUBLISH", keys.CONTROL, orjson.dumps(message)


def kind_of(message: Mapping[str, object]) -> str:
    """What a control message is about: one of the names above."""
    return next(iter(message))
