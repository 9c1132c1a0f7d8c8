"""The members of one room on this worker, and how far they have been sent its stream."""

import re
from dataclasses import dataclass, field

import eventlet

from chat import history, presence, rooms
from chat.live import frames
from chat.live.connections import Connection
from chat.live.turn import Turn
from chat.presence import Timing
from chat.rooms import Room
from chat.store import Store

# How the scripts begin every message; anything else on a channel is not ours.
HEADING = re.compile(
    rb'\{(?:"seq":(\d+),)?(?:"epoch":"([^"]*)",)?"type":"([A-Z]+)","userCount":\d+,"sentAt":(\d+)'
)


@dataclass(eq=False)
class Audience:
    """``seq``, ``epoch`` and ``at`` tell the last stored message that the members were sent.

    ``room`` is what the worker could make the room anew from. ``expected`` is the number that the
    stream had reached when it was last compared; by the next time it must have been sent.
    """

    room: Room
    turn: Turn
    members: dict[str, Connection] = field(default_factory=dict)
    ready: eventlet.event.Event = field(default_factory=eventlet.event.Event)
    seq: int = 0
    epoch: str = ""
    at: int = 0
    expected: int = 0
    #: The sessions of members that are about to leave.
    leaving: set[str] = field(default_factory=set)
    #: What was told in this turn of the loop, as Socket.IO packets.
    _untold: list[bytes] = field(default_factory=list)

    def join(self, connection: Connection) -> None:
        self.settle()
        self.members[connection.session] = connection

    def leave(self, connection: Connection) -> None:
        self.settle()
        self.members.pop(connection.session, None)

    def tell(self, packet: bytes) -> None:
        """Send this to all members, at the end of the turn, with whatever else there is by then."""
        self._untold.append(packet)
        if len(self._untold) == 1:
            self.turn.at_end(self.settle)

    def tell_others(self, packet: bytes, leaver: str) -> None:
        """Send this to all but the connections with which this person is about to leave.

        Those hear nothing more: they have left, only their call is not answered yet.
        """
        self.settle()
        for session in self.leaving:
            if session in self.members and self.members[session].name == leaver:
                del self.members[session]
        self.tell(packet)

    def settle(self) -> None:
        """Put what was told into each member's outbox: one piece, however much it is."""
        if not self._untold:
            return
        untold, self._untold = self._untold, []
        piece = b"".join([frames.frame(frames.TEXT, packet) for packet in untold])
        for connection in list(self.members.values()):
            transport = connection.engine.transport
            if transport is not None:
                if transport.push(piece):
                    connection.engine.check_reader()
            else:
                connection.engine.poll_later(untold)

    def start(self, store: Store) -> None:
        """Begin behind the newest message. Raises ``NotFound``."""
        page = history.page(store, self.room.room_id, limit=1)
        self.seq, self.epoch, self.expected = page.seq, page.epoch, page.seq
        self.at = history.sent_at(page.messages[-1]) if page.messages else 0

    def missed(self, store: Store) -> history.Page | None:
        """What is stored after the last message sent, or ``None`` if that cannot be told exactly.

        It may be only the next of it. Raises ``NotFound``.
        """
        at = self.at or None
        return store.ask(history.following(self.room.room_id, self.seq, self.epoch, at))

    def begin_anew(self, store: Store, timing: Timing) -> None:
        """The store has lost something: agree on an epoch, put the members back, go on from there.

        Raises ``NotFound``.
        """
        room_id = self.room.room_id
        history.diverge(store, room_id, self.seq, self.epoch, self.at, rooms.new_epoch())
        connections = [connection.member for connection in self.members.values()]
        presence.restore(store, room_id, connections, timing)
        self.start(store)
