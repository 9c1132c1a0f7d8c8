"""Handles the messages of ``chat.control_messages``: a function for each kind."""

import itertools
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import eventlet
import orjson
import socketio
from redis.exceptions import RedisError

from chat import control_messages, person_events
from chat.live.canary import Canary
from chat.live.connections import SENT_AT_ONCE, Connection, Connections
from chat.live.watchers import Watchers
from chat.people import GUEST
from chat.store.store import Store

log = logging.getLogger(__name__)

Message = dict[str, Any]

LOGIN_ENDED = "This login has ended."
LOGINS_ENDED = "All logins of this account have ended; log in again."
MADE_A_GUEST = "You may not enter the rooms any more."


class ControlFanout(Protocol):
    """The fan-out, as far as it is needed here."""

    def compare(self) -> None: ...
    def in_rooms(self, room_ids: Iterable[str]) -> set[Connection]: ...


class ControlGateway(Protocol):
    """The gateway of this worker, as far as it is needed here: see ``chat.live.gateway``."""

    store: Store
    canary: Canary
    server: socketio.Server
    rooms_to_send: set[str]
    closed: dict[str, set[str] | None]
    connections: Connections
    watchers: Watchers

    @property
    def fanout(self) -> ControlFanout: ...
    def invalidate_login(self, token_or_login_id: str) -> None: ...
    def invalidate_tokens_of(self, user_id: str) -> None: ...
    def close_revoked(self, connection: Connection, text: str) -> None: ...
    def emit_all(self, connections: Iterable[Connection], event: str, payload: Any) -> None: ...
    def check_access(self, connections: Sequence[Connection]) -> None: ...


class Control:
    """Handles control messages for one worker: it notifies, renews and closes its connections.

    ``receive`` is called by the subscriber, in order of arrival, and does not wait for the store:
    what does gets a greenlet.
    """

    def __init__(self, gateway: ControlGateway) -> None:
        self._gateway = gateway
        #: (userId, roomId) -> the sid that joined: memberships to be read, and being read.
        self._joined: dict[tuple[str, str], str] = {}
        self._read: dict[tuple[str, str], str] = {}
        self._is_sending = False

    def receive(self, payload: bytes) -> None:
        """Handle what a worker has published. A kind that this version does not know is ignored."""
        message: Message = orjson.loads(payload)
        handle = HANDLERS.get(control_messages.kind_of(message))
        if handle is not None:
            handle(self, message)

    def _canary(self, message: Message) -> None:
        if self._gateway.canary.receive(message[control_messages.CANARY]):
            self._gateway.fanout.compare()

    def _rooms_changed(self, message: Message) -> None:
        self._gateway.rooms_to_send.update(message[control_messages.ROOMS])

    def _room_closed(self, message: Message) -> None:
        room_id, user_ids = message[control_messages.CLOSED]
        self._gateway.closed[room_id] = None if user_ids is None else set(user_ids)

    def _room(self, message: Message) -> None:
        room = message[control_messages.ROOM]
        in_room = self._gateway.fanout.in_rooms([room["roomId"]])
        self._gateway.emit_all(in_room, "room", {"room": room})

    def _member(self, message: Message) -> None:
        member = message[control_messages.MEMBER]
        if member.get("gone"):
            for connection in self._gateway.connections.of_person(member["userId"]):
                self._gateway.watchers.unwatch(connection, member["roomId"])
        in_room = self._gateway.fanout.in_rooms([member["roomId"]])
        self._gateway.emit_all(in_room, "member", member)

    def _login_revoked(self, message: Message) -> None:
        token_or_login_id = message[control_messages.REVOKED]
        self._gateway.invalidate_login(token_or_login_id)
        self._close_all(self._gateway.connections.of_token_or_login(token_or_login_id), LOGIN_ENDED)

    def _logins_ended(self, message: Message) -> None:
        user_id = message[control_messages.ENDED]
        self._gateway.invalidate_tokens_of(user_id)
        self._close_all(self._gateway.connections.of_person(user_id), LOGINS_ENDED)

    def _role(self, message: Message) -> None:
        user_id, role = message[control_messages.ROLE]
        self._gateway.invalidate_tokens_of(user_id)
        if role == GUEST:
            self._close_all(self._gateway.connections.of_person(user_id), MADE_A_GUEST)

    def _me(self, message: Message) -> None:
        for user_ids, event in message[control_messages.ME]:
            self._send_me_to(user_ids, event)

    def _send_me_to(self, user_ids: Iterable[str], event: dict[str, Any]) -> None:
        """Send ``me`` to all connections of these people on this worker."""
        for user_id in user_ids:
            if event["type"] == "membership":
                # What is being read of this membership may be older.
                self._read.pop((user_id, _room_of(event)), None)
            self._send_me(user_id, event)

    def _joined_rooms(self, message: Message) -> None:
        """Collect the rooms that people have joined, for their other connections on this worker."""
        gateway = self._gateway
        for user_id, room_id, sid in message[control_messages.JOINED]:
            if any(other.sid != sid for other in gateway.connections.of_person(user_id)):
                self._joined[user_id, room_id] = sid
        if self._joined and not self._is_sending:
            self._is_sending = True
            gateway.server.start_background_task(self._send_joined)

    def _send_joined(self) -> None:
        # Not in the greenlet that receives: there messages would wait for the answers of the store.
        try:
            while self._joined:
                self._read, self._joined = self._joined, {}
                pairs = sorted(self._read)
                events = person_events.membership_events(self._gateway.store, pairs)
                self._send_memberships(zip(pairs, events, strict=True))
        except RedisError as away:
            # The pages read the list again when they connect again.
            log.debug("The store does not answer: %s", away)
        finally:
            self._is_sending = False

    def _send_memberships(
        self, read: Iterable[tuple[tuple[str, str], dict[str, object] | None]]
    ) -> None:
        """Send ``me`` about these memberships, which are in the order of userId.

        Other greenlets have their turns only between two people: so all events for a connection
        are sent in one write.
        """
        sent = 0
        for user_id, of_person in itertools.groupby(read, lambda one: one[0][0]):
            for pair, event in of_person:
                sid = self._read.get(pair)
                if event is not None and sid is not None:
                    sent += self._send_me(user_id, event, sid)
            if sent >= SENT_AT_ONCE:
                sent = 0
                eventlet.sleep(0)

    def _send_me(self, user_id: str, event: dict[str, Any], but: str = "") -> int:
        """Send ``me`` to a person's connections on this worker, except to the sid ``but``.

        Gives the number of these connections.
        """
        connections = [c for c in self._gateway.connections.of_person(user_id) if c.sid != but]
        if event["type"] == "membership":
            for connection in connections:
                self._watch_or_not(connection, event)
        self._gateway.emit_all(connections, "me", event)
        return len(connections)

    def _watch_or_not(self, connection: Connection, event: dict[str, Any]) -> None:
        watchers = self._gateway.watchers
        if event.get("gone"):
            watchers.unwatch(connection, _room_of(event))
        elif watchers.is_watching(connection):
            watchers.watch(connection, [_room_of(event)])

    def _person(self, message: Message) -> None:
        """Send ``person`` to that person, and to those in the same rooms or watching one."""
        gateway = self._gateway
        person: dict[str, Any] = message[control_messages.PERSON]
        room_ids: list[str] = message[control_messages.ROOMS]
        user_id = person["userId"]
        gateway.invalidate_tokens_of(user_id)
        receivers = {*gateway.connections.of_person(user_id), *gateway.fanout.in_rooms(room_ids)}
        # A direct room is called as its people are, also in the list beside another conversation.
        receivers.update(*gateway.watchers.of(room_ids).values())
        gateway.emit_all(receivers, "person", {"person": person})
        # Not here: messages would wait for the answers of the store.
        gateway.server.start_background_task(self._check_access, user_id)

    def _check_access(self, user_id: str) -> None:
        try:
            self._gateway.check_access(self._gateway.connections.of_person(user_id))
        except RedisError as away:
            # The heartbeat checks every connection in turn.
            log.debug("The store does not answer: %s", away)

    def _close_all(self, connections: Iterable[Connection], text: str) -> None:
        gateway = self._gateway
        for connection in connections:
            gateway.close_revoked(connection, text)


def _room_of(event: dict[str, Any]) -> str:
    """The roomId of a ``me`` event about a membership."""
    room_id: str = event["roomId"] if event.get("gone") else event["membership"]["roomId"]
    return room_id


#: Kind of a control message -> the function that handles it.
HANDLERS: dict[str, Callable[[Control, Message], None]] = {
    control_messages.CANARY: Control._canary,
    control_messages.ROOMS: Control._rooms_changed,
    control_messages.CLOSED: Control._room_closed,
    control_messages.ROOM: Control._room,
    control_messages.MEMBER: Control._member,
    control_messages.JOINED: Control._joined_rooms,
    control_messages.ME: Control._me,
    control_messages.PERSON: Control._person,
    control_messages.ROLE: Control._role,
    control_messages.REVOKED: Control._login_revoked,
    control_messages.ENDED: Control._logins_ended,
}
