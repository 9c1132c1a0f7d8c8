"""The connections of this worker in one room, and the last message that they have been sent."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import eventlet

from chat import history, message, presence, room_members, rooms
from chat.live.connections import Connection
from chat.presence import Timing
from chat.rooms import Room
from chat.store.store import Store
from chat.transport import frames, packets
from chat.transport.tick import Tick


@dataclass(eq=False)
class RoomSubscription:
    """``seq``, ``epoch`` and ``at`` are those of the last stored message that was sent to them.

    ``room`` is created again if the store has lost it. ``expected`` is the newest number of the
    stream at the last comparison; it must have been sent by the next one.
    """

    room: Room
    tick: Tick
    #: sid -> the connection, for those that are in the room.
    connections: dict[str, Connection] = field(default_factory=dict)
    ready: eventlet.event.Event = field(default_factory=eventlet.event.Event)
    seq: int = 0
    epoch: str = ""
    at: int = 0
    expected: int = 0
    #: sid -> userId of people who are joining while their access is checked.
    joining: dict[str, str] = field(default_factory=dict)
    #: Whether somebody may not enter this room, though it is an open one.
    has_bans: bool = False
    #: The sids of connections that are leaving: see ``Fanout.leaving``.
    leaving: set[str] = field(default_factory=set)
    #: Packets of this tick that have not been put into the outboxes yet.
    _unsent: list[bytes] = field(default_factory=list)

    def add(self, connection: Connection) -> None:
        self.flush()
        self.connections[connection.sid] = connection

    def remove(self, connection: Connection) -> None:
        self.flush()
        self.connections.pop(connection.sid, None)

    def stays(self, sid: str) -> bool:
        """Whether this connection is in the room, and not leaving: only it gets a lease again."""
        return sid in self.connections and sid not in self.leaving

    @contextlib.contextmanager
    def departing(self, connection: Connection) -> Iterator[None]:
        """See ``Fanout.leaving``."""
        self.leaving.add(connection.sid)
        try:
            yield
        except BaseException:
            if self.room.room_id in connection.rooms:
                self.add(connection)
            raise
        finally:
            self.leaving.discard(connection.sid)

    def send(self, packet: bytes) -> None:
        """Send a packet to all connections at the end of the tick, with the others of the tick."""
        self._unsent.append(packet)
        if len(self._unsent) == 1:
            self.tick.at_end_of_tick(self.flush)

    def send_stored(self, stored: bytes, seq: int, at: int) -> None:
        """Send a stored message, with this number and ``sentAt``."""
        self.send(packets.event(b"message", stored))
        self.seq, self.at = seq, at

    def send_quit(self, packet: bytes, leaver: str) -> None:
        """Send the QUIT of ``leaver`` (a userId), except to the connections that are leaving by it.

        Those have left the room in the store already; only their call is not answered yet.
        """
        self.flush()
        for sid in self.leaving:
            if sid in self.connections and self.connections[sid].user_id == leaver:
                del self.connections[sid]
        self.send(packet)

    def flush(self) -> None:
        """Put the collected packets into each connection's outbox, as one piece."""
        if not self._unsent:
            return
        unsent, self._unsent = self._unsent, []
        piece = b"".join([frames.frame(frames.TEXT, packet) for packet in unsent])
        for connection in list(self.connections.values()):
            transport = connection.session.transport
            if transport is not None:
                if transport.push(piece):
                    connection.session.check_reader()
            else:
                connection.session.send_by_poll(unsent)

    def start(self, store: Store) -> None:
        """Start after the newest stored message. Raises ``NotFound``."""
        room_id = self.room.room_id
        top, bans = history.top(room_id), room_members.has_bans(room_id)
        page, has_bans = store.ask_all([top, bans])
        # A ban may have been received since the store was asked.
        self.has_bans = self.has_bans or has_bans
        self.seq, self.epoch, self.expected = page.seq, page.epoch, page.seq
        self.at = message.sent_at(page.messages[-1]) if page.messages else 0

    def read_missed(self, store: Store) -> tuple[history.Page | None, set[str]]:
        """A page of what is stored after the last message sent, and whom not to send it to.

        The page is ``None`` if the stream does not continue that message; ``more`` in it says that
        further messages follow. The userIds are those of people here who were not
        to be in the room any more when the page was read. Raises ``NotFound``.
        """
        room_id, at = self.room.room_id, self.at or None
        missed = history.page_after(room_id, self.seq, self.epoch, at)
        while True:
            here = self.user_ids()
            # They are read after the messages: so nobody was removed before those messages.
            page, out, has_bans = store.ask_all(
                [missed, room_members.kept_out(self.room, here), room_members.has_bans(room_id)]
            )
            self.has_bans = self.has_bans or has_bans
            # Otherwise somebody has joined meanwhile who has not been checked.
            if self.user_ids() <= here:
                return page, out

    def cancel_joins(self, user_id: str) -> None:
        """Let the joins of this person that are under way fail: the person is to be removed."""
        self.joining = {sid: each for sid, each in self.joining.items() if each != user_id}

    def connections_of(self, user_id: str) -> list[Connection]:
        return [c for c in self.connections.values() if c.user_id == user_id]

    def user_ids(self) -> set[str]:
        return {connection.user_id for connection in self.connections.values()}

    def begin_epoch(self, store: Store, timing: Timing) -> None:
        """The store has lost data: agree on a new epoch, and enter the connections again.

        Raises ``NotFound``.
        """
        room_id = self.room.room_id
        anew = rooms.new_epoch(store)
        history.begin_epoch(store, room_id, self.seq, self.epoch, self.at, anew)
        leases = [c.lease for c in self.connections.values() if self.stays(c.sid)]
        presence.restore(store, room_id, leases, timing, self.epoch)
        self.start(store)
