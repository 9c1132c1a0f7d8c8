"""The members of one room on this worker, and how far they have been sent its stream."""

import re
from dataclasses import dataclass, field

import eventlet

from chat import history, memberships, presence, rooms
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


def event_packet(name: bytes, payload: bytes) -> bytes:
    """The Socket.IO packet, in Engine.IO's."""
    return b'42["%b",%b]' % (name, payload)


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
    #: Those who are about to join a private room, by session, while the store is asked about them.
    coming: dict[str, str] = field(default_factory=dict)
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
        page = store.ask(history.top(self.room.room_id))
        self.seq, self.epoch, self.expected = page.seq, page.epoch, page.seq
        self.at = history.sent_at(page.messages[-1]) if page.messages else 0

    def missed(self, store: Store) -> tuple[history.Page | None, set[str]]:
        """What is stored after the last message sent, or ``None`` if that cannot be told exactly.

        It may be only the next of it. Beside it, the names of those here who were no members of a
        private room any more when it was read: they may not be sent it. Raises ``NotFound``.
        """
        room_id, at = self.room.room_id, self.at or None
        following = history.following(room_id, self.seq, self.epoch, at)
        if not self.room.private:
            return store.ask(following), set()
        while True:
            names = self.names()
            # The members are asked for after the messages, so that no removal is between them.
            page, members = store.ask_together(following, memberships.members_among(room_id, names))
            # Whoever has joined meanwhile has not been asked about.
            if self.names() <= names:
                return page, names - members

    def forget(self, name: str) -> list[Connection]:
        """This person may not be here any more, nor come: gives the connections that still are."""
        self.coming = {session: each for session, each in self.coming.items() if each != name}
        return [connection for connection in self.members.values() if connection.name == name]

    def names(self) -> set[str]:
        return {connection.name for connection in self.members.values()}

    def begin_anew(self, store: Store, timing: Timing) -> None:
        """The store has lost something: agree on an epoch, put the members back, go on from there.

        Raises ``NotFound``.
        """
        room_id = self.room.room_id
        anew = rooms.new_epoch(store)
        history.diverge(store, room_id, self.seq, self.epoch, self.at, anew)
        connections = [connection.member for connection in self.members.values()]
        presence.restore(store, room_id, connections, timing)
        self.start(store)
