"""Fan-out: sends what is published on a room's channel to this worker's connections in the room.

A worker subscribes to a room's channel while it has a connection in the room. Each message is
framed once, and the same bytes go to every connection. The channel may lose messages. So each
sequence number is compared with the last one, and every two seconds with the stream; missing
messages are read from the stream and sent before the next one.
"""

import contextlib
import logging
from collections.abc import Callable, Iterable, Iterator

import orjson
from redis.exceptions import RedisError

from chat import history, keys, message, room_lifecycle
from chat.errors import N_, MaruError, NotFound, Unauthorized
from chat.live.client_manager import ClientManager
from chat.live.connections import Connection
from chat.live.room_subscription import RoomSubscription
from chat.presence import Lease, Timing, sid_of
from chat.rooms import Room
from chat.store.store import Store
from chat.store.subscriber import Subscriber
from chat.transport import packets
from chat.transport.tick import Tick

log = logging.getLogger(__name__)


class Fanout:
    """``listeners`` are called with what arrives on other channels, in order of arrival.

    ``on_connected()`` is called when the subscriber has connected again, before missed messages are
    sent. ``on_reset()`` is called when the store has lost data. ``on_removed(connection, room_id)``
    is called when a connection was removed from a room and receives nothing more from it.
    """

    def __init__(
        self,
        store: Store,
        manager: ClientManager,
        tick: Tick,
        timing: Timing,
        listeners: dict[str, Callable[[bytes], None]],
        on_connected: Callable[[], None],
        on_reset: Callable[[], None],
        on_removed: Callable[[Connection, str], None],
    ) -> None:
        self._store = store
        self._manager = manager
        self._tick = tick
        self._timing = timing
        self._listeners = listeners
        self._on_connected = on_connected
        self._on_reset = on_reset
        self._on_removed = on_removed
        self._subscriptions: dict[str, RoomSubscription] = {}
        self._subscriber = Subscriber(store, self._receive, self._catch_up, tuple(listeners))
        #: ``run()`` receives for ever; ``reconnect()`` connects again to the store's address.
        self.run, self.reconnect = self._subscriber.run, self._subscriber.reconnect

    def room(self, room_id: object) -> Room | None:
        """A room whose channel this worker receives. Its name may be outdated, its privacy not."""
        subscription = self._subscriptions.get(room_id) if isinstance(room_id, str) else None
        return subscription.room if subscription and subscription.ready.ready() else None

    @property
    def is_caught_up(self) -> bool:
        """Whether the worker is subscribed, and has read what it missed before."""
        return self._subscriber.is_caught_up

    def add(self, room: Room, connection: Connection, check: Callable[[], object]) -> None:
        """Send this connection what is published in the room from now on.

        Returns once the worker is subscribed, so that a person who enters after that receives the
        own ENTER. ``check()`` raises ``NotFound`` or ``Forbidden`` where that person may not enter.
        Raises that, ``Unauthorized`` if the connection has ended meanwhile, and ``RedisError``.
        """
        subscription = self._subscriptions.get(room.room_id) or self._open(room)
        subscription.ready.wait()
        if subscription.room.private or subscription.has_bans:
            self._check_access(subscription, connection, check)
        if connection.ended:
            raise Unauthorized(N_("This connection has ended."))
        subscription.add(connection)
        connection.rooms.add(room.room_id)
        self._manager.basic_enter_room(connection.sid, "/", room.room_id)

    def _check_access(
        self, subscription: RoomSubscription, connection: Connection, check: Callable[[], object]
    ) -> None:
        """Check access after subscribing: a removal after the check arrives on the channel."""
        subscription.joining[connection.sid] = connection.user_id
        try:
            check()
        finally:
            was_joining = subscription.joining.pop(connection.sid, None)
        room_id = subscription.room.room_id
        if was_joining is None or self._subscriptions.get(room_id) is not subscription:
            raise NotFound(N_("There is no such room."))

    def _open(self, room: Room) -> RoomSubscription:
        subscription = self._subscriptions[room.room_id] = RoomSubscription(room, self._tick)
        try:
            self._subscriber.subscribe(keys.room(room.room_id), keys.typing(room.room_id))
            # Messages that the stream holds by now are in the page that a joining client reads.
            subscription.start(self._store)
        except (MaruError, RedisError) as error:
            self._unsubscribe(room.room_id)
            subscription.ready.send_exception(error)
        else:
            subscription.ready.send()
        return subscription

    def remove(self, room_id: str, connection: Connection) -> None:
        """Undo ``add``. The subscription is kept for a while: people often come back at once."""
        connection.rooms.discard(room_id)
        if subscription := self._subscriptions.get(room_id):
            subscription.remove(connection)
        # Not the server's leave_room: for a connection that is ending, it publishes to all workers.
        self._manager.basic_leave_room(connection.sid, "/", room_id)

    @contextlib.contextmanager
    def leaving(self, room_id: str, connection: Connection) -> Iterator[None]:
        """A connection is leaving: send it what is published up to its own QUIT, and no more.

        If the leave fails (an exception within), the connection stays in the room.
        """
        subscription = self._subscriptions.get(room_id)
        with subscription.departing(connection) if subscription else contextlib.nullcontext():
            yield

    def unsubscribe_empty(self) -> None:
        """Unsubscribe from the channels of rooms in which this worker has no connection."""
        for room_id, subscription in list(self._subscriptions.items()):
            in_use = subscription.connections or subscription.joining
            if not in_use and subscription.ready.ready():
                self._unsubscribe(room_id)

    def room_ids(self) -> list[str]:
        """The rooms in which this worker has connections, or had some shortly before."""
        return list(self._subscriptions)

    def leases(self, room_ids: Iterable[str]) -> dict[str, tuple[str, list[Lease]]]:
        """Of these rooms those with connections here: epoch, and leases as presence takes them."""
        here = ((i, self._subscriptions.get(i)) for i in room_ids)
        return {i: (s.epoch, [c.lease for c in s.connections.values()]) for i, s in here if s}

    def in_rooms(self, room_ids: Iterable[str]) -> set[Connection]:
        """The connections on this worker that are in one of these rooms."""
        here = filter(None, map(self._subscriptions.get, room_ids))
        return {c for subscription in here for c in subscription.connections.values()}

    def is_in(self, room_id: str, lease_id: str) -> bool:
        """Is the connection of this lease in the room now, and not leaving it?"""
        subscription = self._subscriptions.get(room_id)
        return subscription is not None and subscription.stays(sid_of(lease_id))

    def epoch(self, room_id: str) -> str:
        """The epoch of a room with connections on this worker; '' for another room."""
        subscription = self._subscriptions.get(room_id)
        return subscription.epoch if subscription else ""

    def send(self, room_id: str, event: str, payload: bytes) -> None:
        """Send an event with this JSON to the connections in a room on this worker."""
        if subscription := self._subscriptions.get(room_id):
            subscription.send(packets.event(event.encode(), payload))

    def compare(self) -> None:
        """Compare every room with its stream, and send what the channel, or the store, has lost.

        Only a listener may call this: then all that was published before has been sent.
        """
        subscriptions = self._subscriptions.items()
        compared = [(i, a) for i, a in subscriptions if a.connections and a.ready.ready()]
        stored = self._store.ask_all([("HMGET", keys.room(i), "epoch", "seq") for i, _ in compared])
        for (room_id, subscription), (epoch, top) in zip(compared, stored, strict=True):
            seq = int(top or 0)
            lost = epoch is None or epoch.decode() != subscription.epoch or seq < subscription.seq
            if lost or subscription.seq < subscription.expected:
                self._send_missed(room_id, subscription)
            subscription.expected = seq

    def _receive(self, channel: str, payload: bytes) -> None:
        try:
            self._handle(channel, payload)
        except RedisError as away:
            # Reading missing messages failed; the next comparison tries again. The subscription is
            # kept: closing it would lose what waits in it, and ENTER and QUIT are not stored.
            log.debug("The store does not answer: %s", away)

    def _handle(self, channel: str, payload: bytes) -> None:
        listener = self._listeners.get(channel)
        if listener is not None:
            listener(payload)
            return
        room_id, is_typing = keys.room_of_channel(channel)
        if is_typing:
            self.send(room_id, "typing", payload)
            return
        subscription = self._subscriptions.get(room_id)
        heading = message.heading(payload)
        if subscription is None or heading is None:
            return
        seq, epoch, kind, at = heading
        subscription.has_bans |= kind == message.REMOVED
        # A subscription that is not ready has no connections and no sequence number yet.
        if not subscription.ready.ready():
            return
        if not seq and subscription.leaving and kind == message.QUIT:
            leaver = orjson.loads(payload)["senderId"]
            subscription.send_quit(packets.event(b"message", payload), leaver)
        elif not seq and kind == message.REMOVED:
            self._remove_person(room_id, subscription, orjson.loads(payload)["senderId"])
        elif not seq:
            subscription.send(packets.event(b"message", payload))
        elif kind == message.CLOSE:
            self._close(room_id, subscription, payload)
        elif not epoch and seq == subscription.seq + 1:
            subscription.send_stored(payload, seq, at)
        elif epoch or seq > subscription.seq:
            # Messages before it are missing: they are read from the stream, and it with them.
            self._send_missed(room_id, subscription)

    def _remove_person(self, room_id: str, subscription: RoomSubscription, user_id: str) -> None:
        """Remove all connections of a person who is no member of the room any more."""
        subscription.has_bans = True
        subscription.cancel_joins(user_id)
        for connection in subscription.connections_of(user_id):
            self.remove(room_id, connection)
            self._on_removed(connection, room_id)

    def _send_missed(self, room_id: str, subscription: RoomSubscription) -> None:
        """Send all stored messages after the last one sent; if that cannot be done, reset."""
        try:
            more = True
            while more:
                missed, removed = subscription.read_missed(self._store)
                for user_id in removed:
                    self._remove_person(room_id, subscription, user_id)
                if missed is None:
                    subscription.begin_epoch(self._store, self._timing)
                    self._send_reset(room_id)
                    return
                for stored in missed.messages:
                    heading = message.heading(stored)
                    assert heading is not None
                    subscription.send_stored(stored, heading.seq, heading.sent_at)
                more = missed.more
                if more and not missed.messages:
                    # All entries of this page are erased.
                    subscription.seq, subscription.at = subscription.seq + history.RECOVERABLE, 0
        except NotFound:
            self._handle_missing_room(room_id, subscription)

    def _handle_missing_room(self, room_id: str, subscription: RoomSubscription) -> None:
        closing = self._store.ask(("GET", keys.closed(room_id)))
        if closing is not None:
            self._close(room_id, subscription, closing)
            return
        log.warning("The store has lost room %s; it is made anew.", room_id)
        here = {(c.user_id, c.name) for c in subscription.connections.values()}
        room_lifecycle.revive(self._store, subscription.room, here)
        subscription.begin_epoch(self._store, self._timing)
        self._send_reset(room_id)

    def _send_reset(self, room_id: str) -> None:
        """Let the clients join again: they may have messages that the store has lost."""
        self._on_reset()
        notice = {"code": "reset", "roomId": room_id, "message": "Join again for a fresh page."}
        self.send(room_id, "notice", orjson.dumps(notice))

    def _close(self, room_id: str, subscription: RoomSubscription, closing: bytes) -> None:
        if (heading := message.heading(closing)) and heading.seq > subscription.seq + 1:
            log.info("The last messages of room %s were lost with it.", room_id)
        self.send(room_id, "message", closing)
        self._unsubscribe(room_id)

    def _catch_up(self) -> None:
        """After the subscription was lost: send the connections the messages that they missed."""
        self._on_connected()
        for room_id, subscription in list(self._subscriptions.items()):
            if subscription.ready.ready():
                self._send_missed(room_id, subscription)

    def _unsubscribe(self, room_id: str) -> None:
        subscription = self._subscriptions.pop(room_id, None)
        if subscription is None:
            # The room was closed while this worker subscribed to it.
            return
        subscription.flush()
        for connection in list(subscription.connections.values()):
            connection.rooms.discard(room_id)
            self._manager.basic_leave_room(connection.sid, "/", room_id)
        self._subscriber.unsubscribe(keys.room(room_id), keys.typing(room_id))
