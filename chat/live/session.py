"""The live side of one worker: its connections, and what happens to them from outside.

A connection is let in with a token, may lose it again (expired, revoked, its person made a guest),
and ends in one of two ways: lost, which leaves it the grace to come back, or left, which does not.
"""

import logging
import random
import secrets
import time
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import orjson
import socketio
from redis.exceptions import RedisError

from chat import keys, message, presence, sessions
from chat.conversation import Conversation
from chat.errors import N_, Forbidden, Unauthorized
from chat.live.connections import Connection, Connections
from chat.live.fanout import Fanout
from chat.live.queue import QUEUE
from chat.users import GUEST, User

log = logging.getLogger(__name__)

LOGIN_ENDED = "This login has ended."
PASSWORD_CHANGED = "The password was changed; log in again."
MADE_A_GUEST = "You may not enter the rooms any more."


class Caller(Protocol):
    """What a valid token says. ``expires_at`` is in ms."""

    @property
    def user(self) -> User: ...
    @property
    def jti(self) -> str: ...
    @property
    def session(self) -> str: ...
    @property
    def expires_at(self) -> int: ...


class Live:
    """Built once a worker; ``verify_token`` raises ``Unauthorized`` and its kinds."""

    def __init__(
        self,
        server: socketio.Server,
        conversation: Conversation,
        verify_token: Callable[[object], Caller],
    ) -> None:
        self.server = server
        self.conversation = conversation
        self.store = conversation.store
        self.connections = Connections()
        timing = conversation.limits.timing
        listeners = {keys.CONTROL: self._control, QUEUE: server.manager.hear}
        self.fanout = Fanout(
            self.store, server, timing, listeners, self._check_again, self._cut_off
        )
        self.changed: set[str] = set()
        #: Tells this worker's canary from others'.
        self.worker = secrets.token_hex(8)
        self.heard_at = 0.0
        self.draining = False
        self._verify_token = verify_token

    def accept(self, session: str, token: object) -> None:
        """A new connection. Raises ``Unauthorized`` and its kinds, and ``Forbidden`` for guests."""
        caller = self._verify_token(token)
        if not caller.user.may_chat:
            raise Forbidden(N_("Guests cannot enter the rooms yet. An admin can change that."))
        self.connections[session] = Connection(
            session,
            self.server.manager.eio_sid_from_sid(session, "/"),
            caller.user.name,
            caller.jti,
            caller.session,
            caller.expires_at,
        )

    def authorise(self, connection: Connection, token: object) -> User:
        """Whoever calls, if the token is good and that of the person who connected."""
        caller = self._verify_token(token)
        if caller.user.name != connection.name:
            raise Unauthorized(N_("This token belongs to somebody else."))
        if caller.expires_at > connection.expires_at:
            connection.expires_at = caller.expires_at
            connection.token, connection.login = caller.jti, caller.session
            connection.warned = False
        return caller.user

    def lost(self, session: str) -> None:
        """The connection is gone; whoever comes back within the grace was never away."""
        connection = self.connections.pop(session, None)
        if connection is not None:
            connection.ended = True
            self.release(connection)

    def release(self, connection: Connection) -> None:
        """Take a connection that has ended out of the rooms it is still in."""
        joined = list(connection.rooms)
        for room_id in joined:
            self.fanout.remove(room_id, connection)
        if self.draining or not joined:
            # They come back to other workers, maybe not within the grace: their leases stand.
            return
        timing = self.conversation.limits.timing
        try:
            presence.release(self.store, joined, connection.member, timing)
        except RedisError as away:
            # Its lease is not renewed any more, and ends by itself.
            log.warning("The store does not answer: %s", away)

    def end(self, connection: Connection, text: str) -> None:
        """Close a connection that may not go on: told why, and out of its rooms at once."""
        self.connections.pop(connection.session, None)
        connection.ended = True
        self.notify(connection, "revoked", text)
        self.server.disconnect(connection.session)
        for room_id in list(connection.rooms):
            self._take_out(connection, room_id, message.LEFT)

    def drop(self, engine: str) -> None:
        """Close the transport; to the client that is a lost connection, and it may come back."""
        socket = self.server.eio.sockets.get(engine)
        if socket is not None:
            socket.close(wait=False, reason=self.server.reason.SERVER_DISCONNECT)

    def _cut_off(self, connection: Connection) -> None:
        """It does not read what it is sent. What waits for it is thrown away: it can resume."""
        log.info("A connection of %s is too slow and is cut off.", connection.name)
        self.lost(connection.session)
        outbox = self.server.eio.sockets[connection.engine].queue
        while not outbox.empty():
            outbox.get_nowait()
        self.notify(connection, "slow", "Too slow to read; come back and go on from there.")
        self.drop(connection.engine)

    def drain(self, seconds: float) -> None:
        """The worker stops: its clients are told, and go to other workers one by one."""
        self.draining = True
        for connection in list(self.connections.values()):
            self.notify(connection, "draining", "The server restarts; come back at once.")
            self.server.start_background_task(
                self._drop_after, random.uniform(0, seconds), connection
            )

    def _drop_after(self, seconds: float, connection: Connection) -> None:
        self.server.sleep(seconds)
        self.drop(connection.engine)

    def notify(self, connection: Connection, code: str, text: str) -> None:
        """Send a ``notice`` to one connection."""
        self.emit(connection, "notice", {"code": code, "message": text})

    def emit(self, connection: Connection, event: str, payload: Any) -> None:
        """Send to one connection of this worker, without a detour over the message queue."""
        self.server.manager.emit(
            event, payload, namespace="/", to=connection.session, ignore_queue=True
        )

    def _put_out(self, connection: Connection, room_id: str) -> None:
        self._take_out(connection, room_id, message.KICKED)
        text = "You are no member of this room any more."
        self.emit(connection, "notice", {"code": "kicked", "message": text, "roomId": room_id})

    def _take_out(self, connection: Connection, room_id: str, reason: str) -> None:
        self.fanout.remove(room_id, connection)
        user = User(connection.name, "", 0)
        try:
            self.conversation.leave(user, room_id, connection.session, reason)
        except RedisError as away:
            # Its lease is not renewed any more, and ends by itself.
            log.warning("The store does not answer: %s", away)

    def _control(self, payload: bytes) -> None:
        """What the workers tell each other; each is one JSON object with one field."""
        told: dict[str, Any] = orjson.loads(payload)
        if told.get("canary") == self.worker:
            self.heard_at = time.monotonic()
            self.fanout.compare()
        elif "rooms" in told:
            self.changed.update(told["rooms"])
        elif "revoked" in told:
            self._end_all(self.connections.of_ident(told["revoked"]), LOGIN_ENDED)
        elif "person" in told:
            self._end_all(self.connections.of_person(told["person"]), PASSWORD_CHANGED)
        elif "removed" in told:
            room_id, name = told["removed"]
            for connection in self.connections.of_person(name):
                if room_id in connection.rooms:
                    self.server.start_background_task(self._put_out, connection, room_id)
        elif "role" in told and told["role"][1] == GUEST:
            self._end_all(self.connections.of_person(told["role"][0]), MADE_A_GUEST)

    def _end_all(self, connections: Iterable[Connection], text: str) -> None:
        for connection in connections:
            self.server.start_background_task(self.end, connection, text)

    def _check_again(self) -> None:
        """After a time in which the worker heard nothing: end what it was told to end meanwhile."""
        connections = list(self.connections.values())
        idents = [ident for c in connections for ident in (c.token, c.login)]
        gone = sessions.revoked_among(self.store, idents)
        ended = [c for c in connections if not gone.isdisjoint((c.token, c.login))]
        self._end_all(ended, LOGIN_ENDED)
