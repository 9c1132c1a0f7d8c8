"""The gateway of a worker: accepts connections with a token, checks, notifies and closes them.

A connection that is lost keeps its leases for the grace, in which its client may connect again
(``connection_lost``). One whose access has ended (token revoked, password changed, person made a
guest) leaves its rooms at once (``close_revoked``).
"""

import logging
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import orjson
import socketio
from redis.exceptions import RedisError

from chat import key_prefix, keys, message, people, presence, revocations, room_members, rooms
from chat.batched import batched
from chat.conversation import Conversation
from chat.errors import N_, NotFound
from chat.live.canary import Canary
from chat.live.connections import Connection, Connections
from chat.live.control import LOGIN_ENDED, LOGINS_ENDED, MADE_A_GUEST, Control
from chat.live.fanout import Fanout
from chat.live.token_cache import Caller, TokenCache
from chat.live.watchers import Watchers
from chat.people import Person
from chat.room_management import RoomManagement
from chat.transport import packets
from chat.transport.session import Session

log = logging.getLogger(__name__)

#: Connections whose people are looked up in one write to the store.
CHECKED = 200
#: Connections that a stopping worker closes in a second, if its time is enough for that.
DRAINED = 200


class Gateway:
    """The gateway of one worker. ``verify`` raises ``Unauthorized``, or a subclass of it."""

    def __init__(
        self,
        server: socketio.Server,
        conversation: Conversation,
        room_management: RoomManagement,
        verify: Callable[[object], Caller],
        per_person: int,
    ) -> None:
        self.server = server
        self.conversation = conversation
        self.room_management = room_management
        self.store = conversation.store
        self.connections = Connections(per_person)
        self._token_cache = TokenCache(verify, self.check_receiving)
        timing = conversation.limits.timing
        listeners = {
            keys.CONTROL: Control(self).receive,
            key_prefix.queue(): server.manager.receive,
        }
        self.fanout: Fanout = Fanout(
            self.store,
            server.manager,
            server.eio.tick,
            timing,
            listeners,
            self._on_reconnected,
            self._token_cache.clear,
            self._notify_kicked,
        )
        self.watchers = Watchers()
        #: Rooms that have changed, of which those are told who watch them.
        self.rooms_to_send: set[str] = set()
        #: Rooms that were deleted, with the userIds of their members where they were private.
        self.closed: dict[str, set[str] | None] = {}
        self.canary = Canary()
        self.draining = False
        #: Rooms, and the id of the lease in them that is to be shortened.
        self._to_shorten: list[tuple[list[str], str]] = []
        self._is_shortening = False

    def check_receiving(self) -> bool:
        """Look at the clock: does the worker receive what other workers publish?"""
        return self.fanout.is_caught_up and self.canary.check_receiving()

    def accept(self, sid: str, token: object) -> None:
        """A client connects. Raises ``Unauthorized``, ``Forbidden``, ``RateLimited``."""
        caller = self._token_cache(token)
        rooms.check_may_chat(caller.person)
        self.connections.check_limit(caller.person.user_id)
        session = self.server.eio.sockets[self.server.manager.eio_sid_from_sid(sid, "/")]
        session.allowance = self.server.eio.backlog.allowances.of(caller.person.user_id, session)
        connection = self.connections[sid] = Connection(
            sid, session, caller.person, caller.jti, caller.login_id, caller.expires_at
        )
        session.set_connection(connection)

    def authorise(self, connection: Connection, token: object) -> Person:
        """The person of a call's token. Raises ``Unauthorized``, also for another one's token."""
        holding = connection.session.holding_later_calls
        return connection.authorise(self._token_cache(token, holding))

    def authorise_cached(self, connection: Connection, token: object) -> Person | None:
        """The same by the cache alone; ``None`` for a token that has to be verified."""
        caller = self._token_cache.cached(token)
        return None if caller is None else connection.authorise(caller)

    def connection_lost(self, sid: str) -> None:
        """Handle the loss of a connection: it leaves its rooms with the grace."""
        connection = self.connections.pop(sid, None)
        if connection is not None:
            connection.ended = True
            self.watchers.unwatch_all(connection)
            self.leave_with_grace(connection)

    def leave_with_grace(self, connection: Connection) -> None:
        """Remove an ended connection from the fan-out, and shorten its leases to the grace."""
        connection.session.set_connection(None)
        joined = list(connection.rooms)
        for room_id in joined:
            self.fanout.remove(room_id, connection)
        if self.draining or not joined:
            # Clients of a stopping worker may need longer than the grace: their leases stay long.
            return
        self._to_shorten.append((joined, connection.lease_id))
        if not self._is_shortening:
            self._is_shortening = True
            self.server.start_background_task(self._shorten_leases)

    def _shorten_leases(self) -> None:
        # Thousands may be lost at once: all up to now in one pass, and later ones in the next.
        try:
            while self._to_shorten:
                lost, self._to_shorten = self._to_shorten, []
                lease_ids: dict[str, list[str]] = defaultdict(list)
                for joined, lease_id in lost:
                    for room_id in joined:
                        lease_ids[room_id].append(lease_id)
                try:
                    presence.shorten_leases(self.store, lease_ids, self.conversation.limits.timing)
                except RedisError as away:
                    # Their leases are not renewed any more, and expire.
                    log.debug("The store does not answer: %s", away)
        finally:
            self._is_shortening = False

    def close_revoked(self, connection: Connection, text: str) -> None:
        """Close a connection whose access has ended; ``text`` tells the client why.

        When this returns, nothing more is sent to it. A background task closes its transport, and
        removes it from its rooms in the store: without the grace.
        """
        if connection.ended:
            return
        self.connections.pop(connection.sid, None)
        connection.ended = True
        self.watchers.unwatch_all(connection)
        connection.session.set_connection(None)
        joined = list(connection.rooms)
        for room_id in joined:
            self.fanout.remove(room_id, connection)
        self.notify(connection, "revoked", text)
        self.server.start_background_task(self._disconnect_and_leave, connection, joined)

    def _disconnect_and_leave(self, connection: Connection, joined: Iterable[str]) -> None:
        self.server.disconnect(connection.sid)
        for room_id in joined:
            self._leave_room(connection, room_id, message.LEFT)

    def refuse_namespace(self, eio_sid: str, namespace: str) -> None:
        """Answer a client that connects to a namespace other than ``/``: there is none."""
        session = self.server.eio.sockets.get(eio_sid)
        if session is not None:
            error = NotFound(N_("There is no such namespace. Connect to / instead.")).wire()
            refusal = orjson.dumps({"message": error["message"], "data": error})
            session.send_encoded(packets.connect_error(namespace, refusal))

    def close_transport(self, eio_sid: str) -> None:
        """Close the transport of a session. Its client connects again."""
        session = self.server.eio.sockets.get(eio_sid)
        if session is not None:
            session.close(wait=False, abort=True)

    def close_slow_client(self, session: Session) -> None:
        """Close a session whose client does not read. The client can connect again and resume."""
        connection = session.connection
        if connection is not None:
            log.info("A connection of %s is too slow and is cut off.", connection.name)
            self.connection_lost(connection.sid)
        # Not before: leaving a room flushes the packets of this tick into its outbox.
        session.discard()
        if connection is not None:
            self.notify(connection, "slow", "Too slow to read; come back and go on from there.")
        session.close(wait=False, abort=True)

    def drain(self, seconds: float) -> None:
        """The worker stops: notify all clients, and close them spread over at most ``seconds``."""
        self.draining = True
        seconds = min(seconds, len(self.connections) / DRAINED)
        for connection in list(self.connections.values()):
            self.notify(connection, "draining", "The server restarts; connect again in a moment.")
            self.server.start_background_task(
                self._close_after, random.uniform(0, seconds), connection
            )

    def _close_after(self, seconds: float, connection: Connection) -> None:
        self.server.sleep(seconds)
        connection.session.close(wait=False, abort=True)

    def notify(self, connection: Connection, code: str, text: str) -> None:
        """Send a ``notice`` to one connection."""
        self.emit(connection, "notice", {"code": code, "message": text})

    def emit(self, connection: Connection, event: str, payload: Any) -> None:
        """Send an event to one connection of this worker, not through the message queue."""
        self.emit_all([connection], event, payload)

    def emit_all(self, connections: Iterable[Connection], event: str, payload: Any) -> None:
        """Send an event to connections of this worker. It is encoded once."""
        packet = packets.event(event.encode(), orjson.dumps(payload))
        for connection in connections:
            connection.session.send_encoded(packet)

    def remove_from_room(self, connection: Connection, room_id: str) -> None:
        """Remove a connection from a room that its person may not be in any more."""
        self.fanout.remove(room_id, connection)
        self._notify_kicked(connection, room_id)
        self.server.start_background_task(self._leave_room, connection, room_id, message.KICKED)

    def _notify_kicked(self, connection: Connection, room_id: str) -> None:
        text = "You are no member of this room any more."
        self.emit(connection, "notice", {"code": "kicked", "message": text, "roomId": room_id})

    def _leave_room(self, connection: Connection, room_id: str, reason: str) -> None:
        self.fanout.remove(room_id, connection)
        try:
            self.conversation.leave(connection.person, room_id, connection.sid, reason)
        except RedisError as away:
            # Its lease is not renewed any more, and expires.
            log.debug("The store does not answer: %s", away)

    def invalidate_tokens_of(self, user_id: str) -> None:
        """Have this person's tokens verified anew."""
        self._token_cache.invalidate(lambda c: c.person.user_id == user_id)

    def invalidate_login(self, token_or_login_id: str) -> None:
        """Have the tokens of this login, or the token of this id, verified anew."""
        self._token_cache.invalidate(lambda c: token_or_login_id in (c.jti, c.login_id))

    def _on_reconnected(self) -> None:
        """The worker receives again: close connections whose revocation it may have missed."""
        self._token_cache.clear()
        self.check_access(list(self.connections.values()))

    def check_access(self, connections: Sequence[Connection]) -> None:
        """Ask the store who has lost access, and close their connections. Raises ``RedisError``."""
        for chunk in batched(connections, CHECKED):
            ids = sorted({each for c in chunk for each in (c.jti, c.login_id)})
            user_ids = sorted({c.user_id for c in chunk})
            answers = self.store.ask_all(
                [*map(revocations.revocation, ids), *map(people.person_question, user_ids)]
            )
            revoked = {i for i, is_revoked in zip(ids, answers, strict=False) if is_revoked}
            found = dict(zip(user_ids, answers[len(ids) :], strict=True))
            for connection in chunk:
                self._check_one(connection, found[connection.user_id], revoked)

    def _check_one(self, connection: Connection, person: Person | None, revoked: set[str]) -> None:
        if person is None:
            # A deleted account keeps its record: the store has lost this one. Calls are refused.
            self.invalidate_tokens_of(connection.user_id)
        elif not revoked.isdisjoint((connection.jti, connection.login_id)):
            self.close_revoked(connection, LOGIN_ENDED)
        elif person.generation != connection.person.generation:
            self.close_revoked(connection, LOGINS_ENDED)
        elif not person.may_chat:
            self.close_revoked(connection, MADE_A_GUEST)
        elif person != connection.person:
            self.invalidate_tokens_of(person.user_id)
            is_renamed = person.name != connection.name
            connection.person = person
            if is_renamed:
                self.write_name(connection)

    def write_name(self, connection: Connection) -> None:
        """Write a person's present name where this connection is.

        The connection may have entered by an earlier name after the new one was written there.
        """
        room_members.write_name(self.store, connection.person, list(connection.rooms))
