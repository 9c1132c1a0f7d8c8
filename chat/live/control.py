"""Handles what workers tell each other on the control channel: one JSON object with one field."""

import time
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import orjson

from chat import person_events
from chat.live.connections import Connection, Connections
from chat.live.watchers import Watchers
from chat.people import GUEST
from chat.store.store import Store

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
    changed: set[str]
    closed: dict[str, set[str] | None]
    connections: Connections
    watchers: Watchers

    @property
    def fanout(self) -> Rooms: ...
    def forget_login(self, ident: str) -> None: ...
    def forget_tokens_of(self, user_id: str) -> None: ...
    def end(self, connection: Connection, text: str) -> None: ...
    def emit(self, connection: Connection, event: str, payload: Any) -> None: ...
    def check(self, connections: Sequence[Connection]) -> None: ...


class Control:
    def __init__(self, live: Worker) -> None:
        self._live = live

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
            self._tell_joined(told["joined"])
        elif "member" in told:
            for connection in live.fanout.in_rooms([told["member"]["roomId"]]):
                live.emit(connection, "member", told["member"])
        elif "room" in told:
            for connection in live.fanout.in_rooms([told["room"]["roomId"]]):
                live.emit(connection, "room", {"room": told["room"]})

    def _tell_people(self, user_ids: Iterable[str], event: dict[str, Any]) -> None:
        """Send ``me`` to all connections of these people on this worker."""
        live = self._live
        for user_id in user_ids:
            for connection in live.connections.of_person(user_id):
                if event["type"] == "membership":
                    self._watch_or_not(connection, event)
                live.emit(connection, "me", event)

    def _tell_joined(self, joined: Iterable[tuple[str, str, str]]) -> None:
        """Tell people's other connections of rooms that one of them has joined."""
        live = self._live
        others = [
            (room_id, connection)
            for user_id, room_id, sid in joined
            for connection in live.connections.of_person(user_id)
            if connection.session != sid
        ]
        events = person_events.membership_events(
            live.store, [(connection.user_id, room_id) for room_id, connection in others]
        )
        for (_, connection), event in zip(others, events, strict=True):
            if event is not None:
                self._watch_or_not(connection, event)
                live.emit(connection, "me", event)

    def _watch_or_not(self, connection: Connection, event: dict[str, Any]) -> None:
        watchers = self._live.watchers
        if event.get("gone"):
            watchers.unwatch(connection, event["roomId"])
        elif watchers.is_watching(connection):
            watchers.watch(connection, [event["membership"]["roomId"]])

    def _tell_of_person(self, person: dict[str, Any], room_ids: Iterable[str]) -> None:
        """Send ``person`` to the person itself, and to those in a room with it or watching one."""
        live = self._live
        user_id = person["userId"]
        live.forget_tokens_of(user_id)
        room_ids = list(room_ids)
        told = {*live.connections.of_person(user_id), *live.fanout.in_rooms(room_ids)}
        # A direct room is called as its people are, also in the list beside another conversation.
        told.update(*live.watchers.of(room_ids).values())
        for connection in told:
            live.emit(connection, "person", {"person": person})
        live.check(live.connections.of_person(user_id))

    def _end_all(self, connections: Iterable[Connection], text: str) -> None:
        live = self._live
        for connection in connections:
            live.end(connection, text)
