"""Handles what workers tell each other on the control channel: one JSON object with one field."""

import logging
import time
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import orjson
import socketio
from redis.exceptions import RedisError

from chat import person_events
from chat.live.connections import Connection, Connections
from chat.live.watchers import Watchers
from chat.people import GUEST
from chat.store.store import Store

log = logging.getLogger(__name__)

LOGIN_ENDED = "This login has ended."
LOGINS_ENDED = "All logins of this account have ended; log in again."
MADE_A_GUEST = "You may not enter the rooms any more."


class Rooms(Protocol):
    """The fan-out, as far as it is needed here."""

    def compare(self) -> None: ...
    def in_rooms(self, room_ids: Iterable[str]) -> set[Connection]: ...


class Worker(Protocol):
    """The live side of this worker, as far as it is needed here: see ``chat.live.live``."""

    store: Store
    worker: str
    heard_at: float
    server: socketio.Server
    changed: set[str]
    closed: dict[str, set[str] | None]
    connections: Connections
    watchers: Watchers

    @property
    def fanout(self) -> Rooms: ...
    def forget_login(self, ident: str) -> None: ...
    def forget_tokens_of(self, user_id: str) -> None: ...
    def end(self, connection: Connection, text: str) -> None: ...
    def emit_all(self, told: Iterable[Connection], event: str, payload: Any) -> None: ...
    def check(self, connections: Sequence[Connection]) -> None: ...


class Control:
    def __init__(self, live: Worker) -> None:
        self._live = live
        #: Who has joined which room, and with which session: to be read, and being read.
        self._joined: dict[tuple[str, str], str] = {}
        self._read: dict[tuple[str, str], str] = {}
        self._is_telling = False

    def hear(self, payload: bytes) -> None:
        """Handle what another worker has published: a JSON object with one field."""
        live = self._live
        told: dict[str, Any] = orjson.loads(payload)
        if told.get("canary") == live.worker:
            live.heard_at = time.monotonic()
            live.fanout.compare()
        elif "closed" in told:
            room_id, user_ids = told["closed"]
            live.closed[room_id] = None if user_ids is None else set(user_ids)
        elif "person" in told:
            self._tell_of_person(told["person"], told["rooms"])
        elif "rooms" in told:
            live.changed.update(told["rooms"])
        elif "revoked" in told:
            live.forget_login(told["revoked"])
            self._end_all(live.connections.of_ident(told["revoked"]), LOGIN_ENDED)
        elif "ended" in told:
            live.forget_tokens_of(told["ended"])
            self._end_all(live.connections.of_person(told["ended"]), LOGINS_ENDED)
        elif "role" in told:
            user_id, role = told["role"]
            live.forget_tokens_of(user_id)
            if role == GUEST:
                self._end_all(live.connections.of_person(user_id), MADE_A_GUEST)
        elif "me" in told:
            for user_ids, event in told["me"]:
                self._tell_people(user_ids, event)
        elif "joined" in told:
            self._note_joined(told["joined"])
        elif "member" in told:
            in_room = live.fanout.in_rooms([told["member"]["roomId"]])
            live.emit_all(in_room, "member", told["member"])
        elif "room" in told:
            in_room = live.fanout.in_rooms([told["room"]["roomId"]])
            live.emit_all(in_room, "room", {"room": told["room"]})

    def _tell_people(self, user_ids: Iterable[str], event: dict[str, Any]) -> None:
        """Send ``me`` to all connections of these people on this worker."""
        for user_id in user_ids:
            if event["type"] == "membership":
                # What is being read of this membership may be older.
                self._read.pop((user_id, _room_of(event)), None)
            self._send_me(user_id, event)

    def _note_joined(self, joined: Iterable[tuple[str, str, str]]) -> None:
        """Remember who is to be told of a room that one of the person's connections has joined."""
        live = self._live
        for user_id, room_id, sid in joined:
            if any(other.session != sid for other in live.connections.of_person(user_id)):
                self._joined[user_id, room_id] = sid
        if self._joined and not self._is_telling:
            self._is_telling = True
            live.server.start_background_task(self._tell_joined)

    def _tell_joined(self) -> None:
        # Not where the channels are heard: messages would wait there for the answers of the store.
        try:
            while self._joined:
                self._read, self._joined = self._joined, {}
                pairs = list(self._read)
                events = person_events.membership_events(self._live.store, pairs)
                for pair, event in zip(pairs, events, strict=True):
                    sid = self._read.get(pair)
                    if event is not None and sid is not None:
                        self._send_me(pair[0], event, sid)
        except RedisError as away:
            # The pages read the list again when they connect again.
            log.debug("The store does not answer: %s", away)
        finally:
            self._is_telling = False

    def _send_me(self, user_id: str, event: dict[str, Any], but: str = "") -> None:
        """Send ``me`` to a person's connections on this worker, except to the session ``but``."""
        told = [c for c in self._live.connections.of_person(user_id) if c.session != but]
        if event["type"] == "membership":
            for connection in told:
                self._watch_or_not(connection, event)
        self._live.emit_all(told, "me", event)

    def _watch_or_not(self, connection: Connection, event: dict[str, Any]) -> None:
        watchers = self._live.watchers
        if event.get("gone"):
            watchers.unwatch(connection, _room_of(event))
        elif watchers.is_watching(connection):
            watchers.watch(connection, [_room_of(event)])

    def _tell_of_person(self, person: dict[str, Any], room_ids: Iterable[str]) -> None:
        """Send ``person`` to the person itself, and to those in a room with it or watching one."""
        live = self._live
        user_id = person["userId"]
        live.forget_tokens_of(user_id)
        room_ids = list(room_ids)
        told = {*live.connections.of_person(user_id), *live.fanout.in_rooms(room_ids)}
        # A direct room is called as its people are, also in the list beside another conversation.
        told.update(*live.watchers.of(room_ids).values())
        live.emit_all(told, "person", {"person": person})
        live.check(live.connections.of_person(user_id))

    def _end_all(self, connections: Iterable[Connection], text: str) -> None:
        live = self._live
        for connection in connections:
            live.end(connection, text)


def _room_of(event: dict[str, Any]) -> str:
    """The roomId of a ``me`` event about a membership."""
    room_id: str = event["roomId"] if event.get("gone") else event["membership"]["roomId"]
    return room_id
