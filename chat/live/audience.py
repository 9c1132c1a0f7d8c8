"""The members of one room on this worker, and how far they have been sent its stream."""

import re
from dataclasses import dataclass, field

import eventlet

from chat import history, presence, rooms
from chat.live.connections import Connection
from chat.presence import Timing
from chat.rooms import Room
from chat.store import Store

# How the scripts begin every message; anything else on a channel is not ours.
HEADING = re.compile(rb'\{(?:"seq":(\d+),)?(?:"epoch":"([^"]*)",)?"type":"([A-Z]+)"')


@dataclass(eq=False)
class Audience:
    """``seq``, ``epoch`` and ``at`` tell the last stored message that the members were sent.

    ``room`` is what the worker could make the room anew from. ``expected`` is the number that the
    stream had reached when it was last compared; by the next time it must have been sent.
    """

    room: Room
    members: dict[str, Connection] = field(default_factory=dict)
    ready: eventlet.event.Event = field(default_factory=eventlet.event.Event)
    seq: int = 0
    epoch: str = ""
    at: int = 0
    expected: int = 0

    def start(self, store: Store) -> None:
        """Begin behind the newest message. Raises ``NotFound``."""
        page = history.page(store, self.room.room_id, limit=1)
        self.seq, self.epoch, self.expected = page.seq, page.epoch, page.seq
        self.at = history.sent_at(page.messages[-1]) if page.messages else 0

    def note(self, stored: bytes) -> None:
        """This one has been sent."""
        heading = HEADING.match(stored)
        assert heading is not None and heading[1] is not None
        self.seq, self.at = int(heading[1]), history.sent_at(stored)

    def missed(self, store: Store) -> list[bytes] | None:
        """What is stored after the last message sent, or ``None`` if that cannot be told exactly.

        Raises ``NotFound``.
        """
        page = history.since(store, self.room.room_id, self.seq, self.epoch, self.at or None)
        return page.messages if page else None

    def begin_anew(self, store: Store, timing: Timing) -> None:
        """The store has lost something: agree on an epoch, put the members back, go on from there.

        Raises ``NotFound``.
        """
        room_id = self.room.room_id
        history.diverge(store, room_id, self.seq, self.epoch, self.at, rooms.new_epoch())
        connections = [connection.member for connection in self.members.values()]
        presence.restore(store, room_id, connections, timing)
        self.start(store)
