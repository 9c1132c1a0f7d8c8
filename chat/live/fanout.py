"""Fan-out: sends what is published on a room's channel to the room's members on this worker.

A worker subscribes to a room's channel while it has a member in the room. Each message is framed
once, and the same bytes go to every member. The channel may lose messages. So each sequence number
is compared with the last one, and every two seconds with the stream; missing messages are read from
the stream and sent before the next one.
"""

import contextlib
import logging
from collections.abc import Callable, Iterator

import orjson
from redis.exceptions import RedisError

from chat import history, keys, message, rooms
from chat.errors import N_, MaruError, NotFound, Unauthorized
from chat.live.audience import HEADING, Audience, event_packet
from chat.live.client_manager import ClientManager
from chat.live.connections import Connection
from chat.presence import REMOVED, Timing, session_of
from chat.rooms import Room
from chat.store.store import Store
from chat.store.subscriber import Subscriber
from chat.transport.turn import Turn

log = logging.getLogger(__name__)


class Fanout:
    """``listeners`` are called with what arrives on other channels, in order of arrival.

    ``on_connected()`` is called when the subscriber has connected again, before missed messages are
    sent. ``on_reset()`` is called when the store has lost data. ``on_removed(connection, room_id)``
    is called when a connection was removed from a private room and receives nothing more from it.
    """

    def __init__(
        self,
        store: Store,
        manager: ClientManager,
        turn: Turn,
        timing: Timing,
        listeners: dict[str, Callable[[bytes], None]],
        on_connected: Callable[[], None],
        on_reset: Callable[[], None],
        on_removed: Callable[[Connection, str], None],
    ) -> None:
        self._store = store
        self._manager = manager
        self._turn = turn
        self._timing = timing
        self._listeners = listeners
        self._on_connected = on_connected
        self._on_reset = on_reset
        self._on_removed = on_removed
        self._audiences: dict[str, Audience] = {}
        self._subscriber = Subscriber(store, self._hear, self._catch_up, tuple(listeners))
        #: ``run()`` listens for ever; ``leave_server()`` connects again to the store's address.
        self.run, self.leave_server = self._subscriber.run, self._subscriber.leave_server

    def room(self, room_id: object) -> Room | None:
        """A room whose channel this worker hears. Its name may be outdated, its privacy not."""
        audience = self._audiences.get(room_id) if isinstance(room_id, str) else None
        return audience.room if audience and audience.ready.ready() else None

    @property
    def listens(self) -> bool:
        """Whether the worker is subscribed, and has read what it missed before."""
        return self._subscriber.listens

    def add(self, room: Room, connection: Connection, check: Callable[[], object]) -> None:
        """Send this connection what is published in the room from now on.

        Returns once the worker is subscribed, so that a person who enters after that receives the
        own ENTER. ``check()`` raises ``NotFound`` where that person may not enter a private room.
        Raises that, ``Unauthorized`` if the connection has ended meanwhile, and ``RedisError``.
        """
        audience = self._audiences.get(room.room_id) or self._open(room)
        audience.ready.wait()
        if audience.room.private:
            self._check(audience, connection, check)
        if connection.ended:
            raise Unauthorized(N_("This connection has ended."))
        audience.join(connection)
        connection.rooms.add(room.room_id)
        self._manager.basic_enter_room(connection.session, "/", room.room_id)

    def _check(
        self, audience: Audience, connection: Connection, check: Callable[[], object]
    ) -> None:
        """Check access after subscribing: a removal after the check arrives on the channel."""
        audience.coming[connection.session] = connection.name
        try:
            check()
        finally:
            came = audience.coming.pop(connection.session, None)
        if came is None or self._audiences.get(audience.room.room_id) is not audience:
            raise NotFound(N_("There is no such room."))

    def _open(self, room: Room) -> Audience:
        audience = self._audiences[room.room_id] = Audience(room, self._turn)
        try:
            self._subscriber.subscribe(keys.room(room.room_id), keys.typing(room.room_id))
            # Messages that the stream holds by now are in the page that a joining client reads.
            audience.start(self._store)
        except (MaruError, RedisError) as error:
            self._drop(room.room_id)
            audience.ready.send_exception(error)
        else:
            audience.ready.send()
        return audience

    def remove(self, room_id: str, connection: Connection) -> None:
        """Undo ``add``. ``sweep`` unsubscribes later, since people often come back at once."""
        connection.rooms.discard(room_id)
        audience = self._audiences.get(room_id)
        if audience:
            audience.leave(connection)
        self._leave(connection, room_id)

    @contextlib.contextmanager
    def leaving(self, room_id: str, connection: Connection) -> Iterator[None]:
        """A connection is leaving: send it what is published up to its own QUIT, and no more.

        If the leave fails (an exception within), the connection stays a member.
        """
        audience = self._audiences.get(room_id)
        if audience is None:
            yield
            return
        audience.leaving.add(connection.session)
        try:
            yield
        except BaseException:
            if room_id in connection.rooms:
                audience.join(connection)
            raise
        finally:
            audience.leaving.discard(connection.session)

    def sweep(self) -> None:
        """Unsubscribe from the channels of rooms that have no members on this worker."""
        for room_id, audience in list(self._audiences.items()):
            if not audience.members and not audience.coming and audience.ready.ready():
                self._drop(room_id)

    def members(self) -> dict[str, tuple[str, list[str]]]:
        """Room id -> its epoch, and its connections on this worker as presence names them."""
        return {
            room_id: (audience.epoch, [member.member for member in audience.members.values()])
            for room_id, audience in self._audiences.items()
            if audience.members
        }

    def is_in(self, room_id: str, member: str) -> bool:
        """Is this connection, as presence names it, in the room now?"""
        audience = self._audiences.get(room_id)
        return audience is not None and session_of(member) in audience.members

    def send(self, room_id: str, event: str, payload: bytes) -> None:
        """Send an event with this JSON to the members of a room on this worker."""
        audience = self._audiences.get(room_id)
        if audience:
            audience.tell(event_packet(event.encode(), payload))

    def compare(self) -> None:
        """Compare every room with its stream, and send what the channel, or the store, has lost.

        Only a listener may call this: then everything that was published before has been sent.
        """
        audiences = self._audiences.items()
        compared = [(i, a) for i, a in audiences if a.members and a.ready.ready()]
        stored = self._store.batch([("HMGET", keys.room(i), "epoch", "seq") for i, _ in compared])
        for (room_id, audience), (epoch, top) in zip(compared, stored, strict=True):
            seq = int(top or 0)
            lost = epoch is None or epoch.decode() != audience.epoch or seq < audience.seq
            if lost or audience.seq < audience.expected:
                self._read_on(room_id, audience)
            audience.expected = seq

    def _hear(self, channel: str, payload: bytes) -> None:
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
        audience = self._audiences.get(room_id)
        heading = HEADING.match(payload)
        # An audience that is not ready has no members and no sequence number yet.
        if audience is None or heading is None or not audience.ready.ready():
            return
        seq, epoch, kind, at = heading.groups()
        if seq is None and audience.leaving and kind == message.QUIT.encode():
            audience.tell_others(event_packet(b"message", payload), orjson.loads(payload)["sender"])
        elif seq is None and kind == REMOVED.encode():
            self._remove_person(room_id, audience, orjson.loads(payload)["sender"])
        elif seq is None:
            audience.tell(event_packet(b"message", payload))
        elif kind == message.CLOSE.encode():
            self._close(room_id, audience, payload)
        elif epoch is not None and int(seq) == 1:
            audience.epoch = epoch.decode()
            self._send_stored(audience, payload, 1, int(at))
        elif epoch is None and int(seq) == audience.seq + 1:
            self._send_stored(audience, payload, int(seq), int(at))
        elif epoch is not None or int(seq) > audience.seq:
            # Messages before it are missing: they are read from the stream, and it with them.
            self._read_on(room_id, audience)

    def _remove_person(self, room_id: str, audience: Audience, name: str) -> None:
        """Remove all connections of a person who is no member of the private room any more."""
        for connection in audience.forget(name):
            self.remove(room_id, connection)
            self._on_removed(connection, room_id)

    def _send_stored(self, audience: Audience, stored: bytes, seq: int, at: int) -> None:
        audience.tell(event_packet(b"message", stored))
        audience.seq, audience.at = seq, at

    def _read_on(self, room_id: str, audience: Audience) -> None:
        """Send all stored messages after the last one sent; if that cannot be done, reset."""
        try:
            more = True
            while more:
                missed, removed = audience.missed(self._store)
                for name in removed:
                    self._remove_person(room_id, audience, name)
                if missed is None:
                    audience.begin_anew(self._store, self._timing)
                    self._tell_reset(room_id)
                    return
                for stored in missed.messages:
                    heading = HEADING.match(stored)
                    assert heading is not None
                    self._send_stored(audience, stored, int(heading[1]), int(heading[4]))
                more = missed.more
                if more and not missed.messages:
                    # All entries of this page are erased.
                    audience.seq, audience.at = audience.seq + history.RECOVERABLE, 0
        except NotFound:
            self._room_is_missing(room_id, audience)

    def _room_is_missing(self, room_id: str, audience: Audience) -> None:
        closing = self._store.redis.get(keys.closed(room_id))
        if closing is not None:
            self._close(room_id, audience, closing)
            return
        log.warning("The store has lost room %s; it is made anew.", room_id)
        rooms.revive(self._store, audience.room, [c.name for c in audience.members.values()])
        audience.begin_anew(self._store, self._timing)
        self._tell_reset(room_id)

    def _tell_reset(self, room_id: str) -> None:
        """Tell the members to join again: they may have messages that the store has lost."""
        self._on_reset()
        notice = {"code": "reset", "roomId": room_id, "message": "Join again for a fresh page."}
        self.send(room_id, "notice", orjson.dumps(notice))

    def _close(self, room_id: str, audience: Audience, closing: bytes) -> None:
        heading = HEADING.match(closing)
        if heading and heading[1] and int(heading[1]) > audience.seq + 1:
            log.info("The last messages of room %s were lost with it.", room_id)
        self.send(room_id, "message", closing)
        self._drop(room_id)

    def _catch_up(self) -> None:
        """After the subscription was lost: send the members what was said meanwhile."""
        self._on_connected()
        for room_id, audience in list(self._audiences.items()):
            if audience.ready.ready():
                self._read_on(room_id, audience)

    def _leave(self, connection: Connection, room_id: str) -> None:
        # Not the server's leave_room: for a connection that is ending, it publishes to all workers.
        self._manager.basic_leave_room(connection.session, "/", room_id)

    def _drop(self, room_id: str) -> None:
        audience = self._audiences.pop(room_id, None)
        if audience is None:
            # The room was closed while it was being opened here.
            return
        audience.settle()
        for connection in list(audience.members.values()):
            connection.rooms.discard(room_id)
            self._leave(connection, room_id)
        self._subscriber.unsubscribe(keys.room(room_id), keys.typing(room_id))
