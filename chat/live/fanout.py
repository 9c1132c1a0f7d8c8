"""From a room's channel to its members on this worker.

A worker hears a room while it has a member in it. Each message is framed once and the same frame
goes to every member. The channel may lose messages, so each one's sequence number is compared with
the last, and now and then with the stream; what is missing is read from there, and only then does
the next one follow.
"""

import logging
from collections.abc import Callable

import orjson
import socketio
from engineio import exceptions as engine_errors
from engineio import packet as engine
from redis.exceptions import RedisError

from chat import history, keys, message, rooms
from chat.errors import N_, MaruError, NotFound, Unauthorized
from chat.live.audience import HEADING, Audience
from chat.live.connections import Connection
from chat.live.subscriber import Subscriber
from chat.presence import Timing, session_of
from chat.rooms import Room
from chat.store import Store

log = logging.getLogger(__name__)

#: Messages that may wait for one connection before it counts as too slow: as many as it can be
#: made up for when it comes back.
OUTBOX = history.RECOVERABLE


class Fanout:
    """``listeners`` get what arrives on other channels, in turn with what the rooms hear.

    ``on_connected()`` is called when the worker hears again, after what the rooms missed;
    ``on_slow(connection)`` is called for a connection whose outbox is full.
    """

    def __init__(
        self,
        store: Store,
        server: socketio.Server,
        timing: Timing,
        listeners: dict[str, Callable[[bytes], None]],
        on_connected: Callable[[], None],
        on_slow: Callable[[Connection], None],
    ) -> None:
        self._store = store
        self._server = server
        self._timing = timing
        self._listeners = listeners
        self._on_connected = on_connected
        self._on_slow = on_slow
        self._audiences: dict[str, Audience] = {}
        self._subscriber = Subscriber(store, self._hear, self._catch_up, tuple(listeners))

    def run(self) -> None:
        """Listen for ever."""
        self._subscriber.run()

    def add(self, room: Room, connection: Connection) -> None:
        """From now on this connection gets what the room hears.

        Returns once the worker really listens: whoever enters after that hears its own ENTER.
        Raises ``NotFound``, ``Unauthorized`` (it has ended meanwhile), ``RedisError``.
        """
        audience = self._audiences.get(room.room_id) or self._open(room)
        audience.ready.wait()
        if connection.ended:
            raise Unauthorized(N_("This connection has ended."))
        audience.members[connection.session] = connection
        connection.rooms.add(room.room_id)
        self._server.manager.basic_enter_room(connection.session, "/", room.room_id)

    def _open(self, room: Room) -> Audience:
        audience = self._audiences[room.room_id] = Audience(room)
        try:
            self._subscriber.subscribe(keys.room(room.room_id), keys.typing(room.room_id))
            # What the stream holds by now, those who join read for themselves.
            audience.start(self._store)
        except (MaruError, RedisError) as error:
            self._drop(room.room_id)
            audience.ready.send_exception(error)
        else:
            audience.ready.send()
        return audience

    def remove(self, room_id: str, connection: Connection) -> None:
        """The opposite; the channel is left later, by ``sweep``, in case somebody comes back."""
        connection.rooms.discard(room_id)
        audience = self._audiences.get(room_id)
        if audience and audience.members.pop(connection.session, None):
            self._leave(connection, room_id)

    def sweep(self) -> None:
        """Leave the channels of rooms without members here."""
        for room_id, audience in list(self._audiences.items()):
            if not audience.members and audience.ready.ready():
                self._drop(room_id)

    def members(self) -> dict[str, tuple[str, list[str]]]:
        """By room: the epoch, and this worker's connections as presence writes them."""
        return {
            room_id: (audience.epoch, [member.member for member in audience.members.values()])
            for room_id, audience in self._audiences.items()
            if audience.members
        }

    def is_in(self, room_id: str, member: str) -> bool:
        """Is this one of them, as presence writes it, in the room at this moment?"""
        audience = self._audiences.get(room_id)
        return audience is not None and session_of(member) in audience.members

    def send(self, room_id: str, event: str, payload: bytes) -> None:
        """Send an event with this JSON to the members of a room on this worker."""
        audience = self._audiences.get(room_id)
        if audience:
            frame = engine.Packet(engine.MESSAGE, f'2["{event}",{payload.decode()}]')
            for connection in list(audience.members.values()):
                self._push(connection, frame)

    def compare(self) -> None:
        """Find what the channel lost without anybody noticing, and what the store has lost itself.

        To be called by a listener only: then whatever was published before has been sent.
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

    def _push(self, connection: Connection, frame: engine.Packet) -> None:
        socket = self._server.eio.sockets.get(connection.engine)
        if socket is not None and socket.queue.qsize() > OUTBOX:
            self._on_slow(connection)
            return
        try:
            self._server.eio.send_packet(connection.engine, frame)
        except engine_errors.SocketIsClosedError:
            # Its disconnect is on the way and takes it out of the room.
            log.debug("%s is closed already", connection.session)

    def _hear(self, channel: str, payload: bytes) -> None:
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
        # An audience that is not ready has no members yet, nor a number to go on from.
        if audience is None or heading is None or not audience.ready.ready():
            return
        seq, epoch, kind = heading.groups()
        if seq is None:
            self.send(room_id, "message", payload)
        elif kind == message.CLOSE.encode():
            self._close(room_id, audience, payload)
        elif epoch is not None and int(seq) == 1:
            audience.epoch = epoch.decode()
            self._send_stored(room_id, audience, payload)
        elif int(seq) == audience.seq + 1:
            self._send_stored(room_id, audience, payload)
        elif int(seq) > audience.seq:
            # Something is missing before it; it is itself among what is read.
            self._read_on(room_id, audience)

    def _send_stored(self, room_id: str, audience: Audience, stored: bytes) -> None:
        self.send(room_id, "message", stored)
        audience.note(stored)

    def _read_on(self, room_id: str, audience: Audience) -> None:
        """Send all that is stored after the last message sent; where that cannot be, start anew."""
        try:
            missed = audience.missed(self._store)
            if missed is None:
                audience.begin_anew(self._store, self._timing)
                self._tell_reset(room_id)
            for stored in missed or []:
                self._send_stored(room_id, audience, stored)
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
        """Clients that know more than the store does start from a fresh page."""
        notice = {"code": "reset", "roomId": room_id, "message": "Join again for a fresh page."}
        self.send(room_id, "notice", orjson.dumps(notice))

    def _close(self, room_id: str, audience: Audience, closing: bytes) -> None:
        heading = HEADING.match(closing)
        if heading and heading[1] and int(heading[1]) > audience.seq + 1:
            log.info("The last messages of room %s were lost with it.", room_id)
        self.send(room_id, "message", closing)
        self._drop(room_id)

    def _catch_up(self) -> None:
        """After the channel was lost: send what was said meanwhile."""
        for room_id, audience in list(self._audiences.items()):
            if audience.ready.ready():
                self._read_on(room_id, audience)
        self._on_connected()

    def _leave(self, connection: Connection, room_id: str) -> None:
        # Not the server's leave_room: of a connection that is ending, that tells all other workers.
        self._server.manager.basic_leave_room(connection.session, "/", room_id)

    def _drop(self, room_id: str) -> None:
        audience = self._audiences.pop(room_id, None)
        if audience is None:
            # The room was closed while it was being opened here.
            return
        for connection in list(audience.members.values()):
            connection.rooms.discard(room_id)
            self._leave(connection, room_id)
        self._subscriber.unsubscribe(keys.room(room_id), keys.typing(room_id))
