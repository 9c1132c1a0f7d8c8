"""The worker's periodic duties, in one loop.

Each second it publishes which rooms have changed, sends such changes to the connections that watch
the list of rooms, closes connections whose token has expired, and reaps expired leases. Less often
it renews the leases of its own connections, checks whether their people still have access, and
publishes the canary.
"""

import logging
import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import eventlet
import orjson
from redis.exceptions import ReadOnlyError, RedisError

from chat import account_state, control_messages, presence, renaming, room_members, rooms
from chat.live import canary
from chat.live.connections import SENT_AT_ONCE, Connection
from chat.live.gateway import Gateway
from chat.rooms import Room
from chat.store import error_replies, identity
from chat.unfinished_changes import ABANDONED_AFTER_MS

log = logging.getLogger(__name__)

#: Seconds between two rounds.
ROUND_S = 1.0
#: Seconds between two canaries.
CANARY_S = 2.0
#: Seconds without a canary after which a worker that reaches the store is replaced.
REPLACE_AFTER_S = 40.0
#: Leases are renewed this many times in their length, so that one failure does not end them.
RENEWALS = 3
#: Rounds in which every connection is checked once.
CHECK_ROUNDS = 10
#: Seconds after which the client of an Engine.IO session must have sent a valid token.
AUTHENTICATION_TIMEOUT_S = 15.0
#: Due rooms reaped in one round; more are reaped in further rounds, or by other workers.
REAPED = 200


class Heartbeat:
    """``replace()`` stops this worker; gunicorn starts another."""

    def __init__(self, gateway: Gateway, replace: Callable[[], None]) -> None:
        self._gateway = gateway
        self._replace = replace
        self._timing = gateway.conversation.limits.timing
        self._locale = gateway.conversation.limits.locale
        #: Since when no known failure keeps the worker from receiving (monotonic).
        self._able_since = time.monotonic()
        self._next_canary = 0.0
        #: The number of rounds in which all leases are renewed once; the rooms still to be renewed;
        #: how many of them are renewed in a round; whether all are to be renewed now.
        self._rounds = max(1, int(self._timing.lease / 1000 / RENEWALS / ROUND_S))
        self._unrenewed: list[str] = []
        self._share = 0
        self._renew_all = True
        #: The connections still to be checked, and how many of them are checked in a round.
        self._unchecked: list[Connection] = []
        self._checked_at_once = 0
        #: Why the store cannot be used at the moment, as ``error_replies.reason`` says it.
        self._trouble: str | None = None
        #: The life of the store's data in the last round that the store carried out.
        self._life = ""
        self._next_finishing = 0.0

    def run(self) -> None:
        """Do all duties, round after round, for ever."""
        while True:
            began = time.monotonic()
            away = None
            duties = (
                self._canary,
                self._renew,
                self._check,
                self._reap,
                self._publish_changes,
                self._send_changes,
            )
            for duty in duties:
                # If the store is away, the other duties are skipped: when it is back, the leases
                # are renewed before anything else.
                away = away or self._do(duty)
            if not away:
                self._do(self._finish_abandoned)
            self._do(self._expire)
            self._do(self._close_unauthenticated)
            self._note_store(away)
            if not away:
                self._replace_if_not_receiving()
            eventlet.sleep(max(0.05, ROUND_S - (time.monotonic() - began)))

    def unready(self) -> str | None:
        """Why this worker should get no traffic: the store's state, or its own; else ``None``.

        Each round writes to the store (in ``presence.reap``), so a read-only store is noticed.
        """
        return self._trouble or self._not_receiving()

    def _not_receiving(self) -> str | None:
        """That this worker receives nothing from the others; ``None`` while it does."""
        silent = time.monotonic() - max(self._gateway.canary.received_at, self._able_since)
        if not self._gateway.canary.received_at:
            return "The worker has not received its own canary yet."
        if silent < canary.TIMEOUT_S:
            return None
        return f"The worker has received nothing for {silent:.0f} s."

    def _do(self, duty: Callable[[], None]) -> RedisError | None:
        """Do one duty. Its failure must not end the loop; gives the store's error, if any."""
        try:
            duty()
        except RedisError as away:
            # The store was replaced, and is not away: the next round uses the new one.
            return None if error_replies.kind(away) == "REPLACED" else away
        except Exception:
            log.exception("A duty of the heartbeat failed")
        return None

    def _note_store(self, away: RedisError | None) -> None:
        """Log a line when the store's trouble begins, and one when it ends."""
        is_embedded = self._gateway.store.is_embedded
        trouble = error_replies.reason(away, is_embedded) if away else None
        if away and trouble != self._trouble:
            description = error_replies.description(away, is_embedded)
            log.warning("Calls are answered unavailable: %s.", description)
        if self._trouble and not trouble:
            log.warning("The store can be used again.")
            self._able_since = time.monotonic()
            # At once: leases that could not be renewed may be about to expire.
            self._renew_all = True
        self._trouble = trouble
        if not away:
            self._note_life()

    def _note_life(self) -> None:
        """Log a line when the store that carries out this round may lack earlier writes."""
        life = self._gateway.store.life
        if self._life and life != self._life:
            log.warning(
                "The store was restarted or replaced: what it has not kept is missing, and clients"
                " load anew."
            )
        self._life = life

    def _replace_if_not_receiving(self) -> None:
        """Replace the worker if it receives nothing for long, although the store answers it."""
        since = max(self._gateway.canary.received_at, self._able_since)
        if time.monotonic() - since > REPLACE_AFTER_S and not self._gateway.draining:
            log.error("This worker receives nothing from the others any more; it is replaced.")
            self._replace()

    def _canary(self) -> None:
        now = time.monotonic()
        if now >= self._next_canary:
            store = self._gateway.store
            *who, _ = store.ask_all([*identity.COMMANDS, self._gateway.canary.publish_command()])
            self._next_canary = now + CANARY_S
            try:
                life, _ = identity.read(who)
            except ReadOnlyError:
                # A replica by now. The writes of the other duties are refused, and the refusal ends
                # the connection, which this answer does not.
                return
            if store.life and life != store.life:
                # It was another server's replica for a while, over the same connection.
                store.life = life
                store.close_idle_connections()
                self._gateway.fanout.reconnect()

    def _renew(self) -> None:
        """Renew a part of the leases in each round, so that the work is spread."""
        fanout = self._gateway.fanout
        if self._renew_all:
            due, self._unrenewed = fanout.room_ids(), []
        else:
            due = self._unrenewed[: self._share]
            del self._unrenewed[: self._share]
        leases = fanout.leases(due)
        removed = presence.renew(
            self._gateway.store, leases, self._timing, self._locale, is_in=fanout.is_in
        )
        self._renew_all = False
        for room_id, lease_id in removed:
            connection = self._gateway.connections.get(presence.sid_of(lease_id))
            if connection is not None and room_id in connection.rooms:
                self._gateway.remove_from_room(connection, room_id)
        if not self._unrenewed:
            fanout.unsubscribe_empty()
            self._unrenewed = fanout.room_ids()
            self._share = math.ceil(len(self._unrenewed) / self._rounds)

    def _check(self) -> None:
        """Check the access of a part of the connections: a revocation may not have arrived."""
        if not self._unchecked:
            self._unchecked = list(self._gateway.connections.values())
            self._checked_at_once = math.ceil(len(self._unchecked) / CHECK_ROUNDS)
        chunk = self._unchecked[: self._checked_at_once]
        del self._unchecked[: self._checked_at_once]
        self._gateway.check_access([c for c in chunk if not c.ended])

    def _reap(self) -> None:
        reaped = presence.reap(self._gateway.store, self._timing, self._locale, REAPED)
        left = {room_id for room_id, gone in reaped.items() if gone}
        self._gateway.conversation.rooms_to_publish.update(left)

    def _publish_changes(self) -> None:
        """Publish to all workers which rooms have changed, and who has joined."""
        conversation = self._gateway.conversation
        changed, joins = conversation.rooms_to_publish, conversation.joins_to_publish
        for kind, collected, put_back in (
            (control_messages.JOINED, joins, joins.extend),
            (control_messages.ROOMS, changed, changed.update),
        ):
            # Emptied before the store is asked: what is collected meanwhile is published later.
            publishing: list[Any] = list(collected)
            collected.clear()
            try:
                if publishing:
                    control_messages.publish(self._gateway.store, {kind: publishing})
            except RedisError:
                put_back(publishing)
                raise

    def _send_changes(self) -> None:
        """Send the changed rooms to the connections that watch them: one event to each."""
        gateway = self._gateway
        changed, gateway.rooms_to_send = gateway.rooms_to_send, set()
        closed, gateway.closed = gateway.closed, {}
        events: dict[Connection, list[orjson.Fragment]] = defaultdict(list)
        watched = gateway.watchers.of(changed)
        for room, kept_out in self._rooms_for(watched):
            # Encoded once: thousands may watch a room.
            summary = orjson.Fragment(orjson.dumps(room.summary()))
            for connection in watched[room.room_id]:
                if connection.user_id not in kept_out:
                    events[connection].append(summary)
        for room_id, watching in gateway.watchers.of(closed).items():
            members = closed[room_id]
            summary = orjson.Fragment(orjson.dumps({"roomId": room_id, "closed": True}))
            for connection in watching:
                gateway.watchers.unwatch(connection, room_id)
                if members is None or connection.user_id in members:
                    events[connection].append(summary)
        for i, (connection, summaries) in enumerate(events.items()):
            gateway.emit(connection, "rooms", {"rooms": summaries})
            if i % SENT_AT_ONCE == SENT_AT_ONCE - 1:
                # Messages go out in between.
                eventlet.sleep(0)

    def _rooms_for(self, watched: dict[str, set[Connection]]) -> Iterator[tuple[Room, set[str]]]:
        """The watched rooms that exist, and the userIds of those who may not see them."""
        found = [
            room for room in rooms.find(self._gateway.store, list(watched)) if room is not None
        ]
        private = [room for room in found if room.private]
        checked = self._gateway.store.ask_all(
            room_members.kept_out(room, {c.user_id for c in watched[room.room_id]})
            for room in private
        )
        kept_out = dict(zip((room.room_id for room in private), checked, strict=True))
        return ((room, kept_out.get(room.room_id, set())) for room in found)

    def _finish_abandoned(self) -> None:
        """Finish renamings and deletions of accounts where their worker has ended meanwhile."""
        now = time.monotonic()
        if now >= self._next_finishing:
            self._next_finishing = now + ABANDONED_AFTER_MS / 1000
            renaming.finish_abandoned(self._gateway.store)
            account_state.finish_abandoned(self._gateway.store, self._locale)

    def _expire(self) -> None:
        connections = self._gateway.connections
        for connection in connections.due(time.time()):
            left = connection.seconds_left()
            if left <= 0:
                self._close_expired(connection)
                continue
            if left <= connection.warn_before and not connection.warned:
                connection.warned = True
                self._gateway.notify(connection, "expiring", "The token expires soon; renew it.")
            connections.schedule(connection)

    def _close_unauthenticated(self) -> None:
        """Close sessions whose client has sent no valid token in ``AUTHENTICATION_TIMEOUT_S``."""
        then = time.monotonic() - AUTHENTICATION_TIMEOUT_S
        for session in self._gateway.server.eio.unauthenticated_since(then):
            session.close(wait=False, abort=True)

    def _close_expired(self, connection: Connection) -> None:
        # It keeps its leases for the grace: a page that was asleep connects again with a new token.
        self._gateway.notify(connection, "expired", "The token has expired.")
        connection.session.close(wait=False, abort=True)
