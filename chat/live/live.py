"""The connections of one worker: accepted with a token, checked, notified, and ended.

A connection that is lost keeps its leases for the grace, in which its client may come back
(``lost``). One whose access has ended (token revoked, password changed, person made a guest) leaves
its rooms at once (``end``).
"""

import logging
import random
import secrets
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import orjson
import socketio
from redis.exceptions import RedisError

from chat import key_prefix, keys, message, people, presence, room_members, sessions
from chat.administration import Administration
from chat.conversation import Conversation
from chat.errors import N_, Forbidden, NotFound
from chat.live.connections import Connection, Connections
from chat.live.control import LOGIN_ENDED, LOGINS_ENDED, MADE_A_GUEST, Control
from chat.live.fanout import Fanout
from chat.live.token_cache import Caller, TokenCache
from chat.live.watchers import Watchers
from chat.people import Person
from chat.transport import packets
from chat.transport.session import Session

log = logging.getLogger(__name__)

#: Connections whose people are looked up in one write to the store.
CHECKED = 200
#: Connections that a stopping worker lets go in a second, where not all have to go faster.
DRAINED = 200
#: Seconds without a canary after which the worker counts as deaf.
DEAF = 8.0


class Live:
    """One for each worker. ``verify`` raises ``Unauthorized``, or a subclass of it."""

    def __init__(
        self,
        server: socketio.Server,
        conversation: Conversation,
        administration: Administration,
        verify: Callable[[object], Caller],
        per_person: int,
    ) -> None:
        self.server = server
        self.conversation = conversation
        self.administration = administration
        self.store = conversation.store
        self.connections = Connections(per_person)
        self._token_cache = TokenCache(verify, self.hears)
        timing = conversation.limits.timing
        listeners = {keys.CONTROL: Control(self).hear, key_prefix.queue(): server.manager.hear}
        self.fanout: Fanout = Fanout(
            self.store,
            server.manager,
            server.eio.tick,
            timing,
            listeners,
            self._check_again,
            self._token_cache.forget_all,
            self._tell_removed,
        )
        self.watchers = Watchers()
        self.changed: set[str] = set()
        #: Rooms that were deleted, with the userIds of their members where they were private.
        self.closed: dict[str, set[str] | None] = {}
        #: Tells this worker's canary from others'.
        self.worker = secrets.token_hex(8)
        self.heard_at = 0.0
        self.draining = False
        #: Rooms and members whose leases are to be shortened.
        self._lost: list[tuple[list[str], str]] = []
        self._releasing = False

    def hears(self) -> bool:
        """Whether the worker hears what other workers publish."""
        return self.fanout.listens and time.monotonic() - self.heard_at < DEAF

    def accept(self, session: str, token: object) -> None:
        """A client connects. Raises ``Unauthorized``, ``Forbidden``, ``RateLimited``."""
        caller = self._token_cache(token)
        if not caller.person.may_chat:
            raise Forbidden(N_("Guests cannot enter the rooms yet. An admin can change that."))
        self.connections.check_room_for(caller.person.user_id)
        engine = self.server.eio.sockets[self.server.manager.eio_sid_from_sid(session, "/")]
        engine.allowance = self.server.eio.backlog.allowances.of(caller.person.user_id, engine)
        connection = self.connections[session] = Connection(
            session, engine, caller.person, caller.jti, caller.session, caller.expires_at
        )
        engine.authenticate(connection)

    def authorise(self, connection: Connection, token: object) -> Person:
        """The person of a call's token. Raises ``Unauthorized``, also for another one's token."""
        holding = connection.engine.holding_later_calls
        return connection.take(self._token_cache(token, holding))

    def authorise_known(self, connection: Connection, token: object) -> Person | None:
        """The same without asking the store; ``None`` for a token that has to be verified."""
        caller = self._token_cache.known(token)
        return None if caller is None else connection.take(caller)

    def lost(self, session: str) -> None:
        """The connection is gone: its leases end after the grace, unless the client comes back."""
        connection = self.connections.pop(session, None)
        if connection is not None:
            connection.ended = True
            self.watchers.forget(connection)
            self.release(connection)

    def release(self, connection: Connection) -> None:
        """Remove an ended connection from the fan-out, and shorten its leases to the grace."""
        connection.engine.authenticate(None)
        joined = list(connection.rooms)
        for room_id in joined:
            self.fanout.remove(room_id, connection)
        if self.draining or not joined:
            # Clients of a stopping worker may need longer than the grace: their leases stay long.
            return
        self._lost.append((joined, connection.in_store))
        if not self._releasing:
            self._releasing = True
            self.server.start_background_task(self._release_all)

    def _release_all(self) -> None:
        # Thousands may be lost at once: they are released together, and later ones in a next pass.
        try:
            while self._lost:
                lost, self._lost = self._lost, []
                members: dict[str, list[str]] = defaultdict(list)
                for joined, member in lost:
                    for room_id in joined:
                        members[room_id].append(member)
                try:
                    presence.release(self.store, members, self.conversation.limits.timing)
                except RedisError as away:
                    # Their leases are not renewed any more, and expire.
                    log.debug("The store does not answer: %s", away)
        finally:
            self._releasing = False

    def end(self, connection: Connection, text: str) -> None:
        """End a connection whose access has ended; ``text`` tells the client why.

        When this returns, nothing more is sent to it. A background task closes it and takes it out
        of its rooms in the store.
        """
        if connection.ended:
            return
        self.connections.pop(connection.session, None)
        connection.ended = True
        self.watchers.forget(connection)
        connection.engine.authenticate(None)
        joined = list(connection.rooms)
        for room_id in joined:
            self.fanout.remove(room_id, connection)
        self.notify(connection, "revoked", text)
        self.server.start_background_task(self._finish, connection, joined)

    def _finish(self, connection: Connection, joined: Iterable[str]) -> None:
        self.server.disconnect(connection.session)
        for room_id in joined:
            self._leave_room(connection, room_id, message.LEFT)

    def refuse_namespace(self, engine: str, namespace: str) -> None:
        """Answer a client that connects to a namespace other than ``/``: there is none."""
        session = self.server.eio.sockets.get(engine)
        if session is not None:
            error = NotFound(N_("There is no such namespace. Connect to / instead.")).wire()
            refusal = orjson.dumps({"message": error["message"], "data": error})
            session.send_encoded(packets.connect_error(namespace, refusal))

    def drop(self, engine: str) -> None:
        """Close the transport, so that the client connects again."""
        session = self.server.eio.sockets.get(engine)
        if session is not None:
            session.close(wait=False, abort=True)

    def close_slow_client(self, session: Session) -> None:
        """Close a session whose client does not read. It can connect again and resume."""
        connection = session.connection
        if connection is not None:
            log.info("A connection of %s is too slow and is cut off.", connection.name)
            self.lost(connection.session)
        # Not before: leaving its rooms puts into its outbox what they have said in this tick.
        session.discard()
        if connection is not None:
            self.notify(connection, "slow", "Too slow to read; come back and go on from there.")
        session.close(wait=False, abort=True)

    def drain(self, seconds: float) -> None:
        """The worker stops: notify its clients, and close them spread over at most ``seconds``."""
        self.draining = True
        seconds = min(seconds, len(self.connections) / DRAINED)
        for connection in list(self.connections.values()):
            self.notify(connection, "draining", "The server restarts; connect again in a moment.")
            self.server.start_background_task(
                self._drop_after, random.uniform(0, seconds), connection
            )

    def _drop_after(self, seconds: float, connection: Connection) -> None:
        self.server.sleep(seconds)
        connection.engine.close(wait=False, abort=True)

    def notify(self, connection: Connection, code: str, text: str) -> None:
        """Send a ``notice`` to one connection."""
        self.emit(connection, "notice", {"code": code, "message": text})

    def emit(self, connection: Connection, event: str, payload: Any) -> None:
        """Send an event to one connection of this worker, not through the message queue."""
        self.emit_all([connection], event, payload)

    def emit_all(self, told: Iterable[Connection], event: str, payload: Any) -> None:
        """Send an event to connections of this worker. It is encoded once."""
        packet = packets.event(event.encode(), orjson.dumps(payload))
        for connection in told:
            connection.engine.send_encoded(packet)

    def remove_from_room(self, connection: Connection, room_id: str) -> None:
        """Remove a connection from a room that its person may not be in any more."""
        self.fanout.remove(room_id, connection)
        self._tell_removed(connection, room_id)
        self.server.start_background_task(self._leave_room, connection, room_id, message.KICKED)

    def _tell_removed(self, connection: Connection, room_id: str) -> None:
        text = "You are no member of this room any more."
        self.emit(connection, "notice", {"code": "kicked", "message": text, "roomId": room_id})

    def _leave_room(self, connection: Connection, room_id: str, reason: str) -> None:
        self.fanout.remove(room_id, connection)
        try:
            self.conversation.leave(connection.person, room_id, connection.session, reason)
        except RedisError as away:
            # Its lease is not renewed any more, and expires.
            log.debug("The store does not answer: %s", away)

    def forget_tokens_of(self, user_id: str) -> None:
        """Have this person's tokens verified anew."""
        self._token_cache.forget(lambda c: c.person.user_id == user_id)

    def forget_login(self, ident: str) -> None:
        """Have the tokens of this login, or the token of this id, verified anew."""
        self._token_cache.forget(lambda c: ident in (c.jti, c.session))

    def _check_again(self) -> None:
        """The worker hears again: end connections whose revocation it may have missed."""
        self._token_cache.forget_all()
        self.check(list(self.connections.values()))

    def check(self, connections: Sequence[Connection]) -> None:
        """Ask the store who has lost access, and end their connections. Raises ``RedisError``."""
        for start in range(0, len(connections), CHECKED):
            chunk = connections[start : start + CHECKED]
            idents = sorted({ident for c in chunk for ident in (c.token, c.login)})
            user_ids = sorted({c.user_id for c in chunk})
            answers = self.store.ask_together(
                *map(sessions.revocation, idents), *map(people.reading, user_ids)
            )
            revoked = {i for i, is_revoked in zip(idents, answers, strict=False) if is_revoked}
            found = dict(zip(user_ids, answers[len(idents) :], strict=True))
            for connection in chunk:
                self._check(connection, found[connection.user_id], revoked)

    def _check(self, connection: Connection, person: Person | None, revoked: set[str]) -> None:
        if person is None:
            # Accounts are never deleted, so the store has lost this one. Its calls are refused.
            self.forget_tokens_of(connection.user_id)
        elif not revoked.isdisjoint((connection.token, connection.login)):
            self.end(connection, LOGIN_ENDED)
        elif person.generation != connection.person.generation:
            self.end(connection, LOGINS_ENDED)
        elif not person.may_chat:
            self.end(connection, MADE_A_GUEST)
        elif person != connection.person:
            self.forget_tokens_of(person.user_id)
            is_renamed = person.name != connection.name
            connection.person = person
            if is_renamed:
                self.write_name(connection)

    def write_name(self, connection: Connection) -> None:
        """Write a person's present name where this connection is.

        The connection may have entered by an earlier name after the new one was written there.
        """
        room_members.write_name(self.store, connection.person, list(connection.rooms))
