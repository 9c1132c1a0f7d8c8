"""Reads messages from the archive, as they read now: pages in both directions, at any depth.

Every function takes a connection on which nothing was asked yet, and reads in one snapshot: so the
rows are exactly what the entries up to ``archived`` have made of them. What happened since stands
in the stream, which keeps all entries after ``archived``. A page that is given to people applies
them (``chat.archive.effects``).

They block: in a worker ``chat.archive.archive`` calls them in a native thread.
"""

from dataclasses import dataclass

from sqlalchemy import Connection

from chat.archive.effects import Said


@dataclass(frozen=True)
class Page:
    """Messages of one room, in ascending order.

    ``more_before`` and ``more_after`` say whether the archive has further messages on that side.
    ``epoch`` and ``archived`` are the cursor: entries up to that number have had their effect; ''
    and 0 where the archive knows nothing of the room.
    """

    messages: list[Said]
    more_before: bool
    more_after: bool
    epoch: str
    archived: int


def newest(connection: Connection, room_id: str, limit: int, bytes_max: int) -> Page:
    """The newest messages that the archive has.

    A page has ``limit`` messages at most; and fewer, but one at least, where they have more than
    ``bytes_max`` bytes together.
    """
    raise NotImplementedError


def before(connection: Connection, room_id: str, seq: int, limit: int, bytes_max: int) -> Page:
    """The newest messages with numbers less than ``seq``."""
    raise NotImplementedError


def after(connection: Connection, room_id: str, seq: int, limit: int, bytes_max: int) -> Page:
    """The oldest messages with numbers greater than ``seq``."""
    raise NotImplementedError


def around(connection: Connection, room_id: str, seq: int, limit: int, bytes_max: int) -> Page:
    """The messages on both sides of ``seq``, half of them each, and the one with that number.

    Where one side has fewer, the other one has more.
    """
    raise NotImplementedError


def one(connection: Connection, room_id: str, seq: int) -> Page:
    """The message with this number: a page of it alone, or of none if there is no such message."""
    raise NotImplementedError


def highest(connection: Connection, room_id: str) -> tuple[str, int]:
    """The epoch of a room that the archive has reached, and the highest number that it knows of it.

    '' and 0 for a room that it does not know. No message may get one of these numbers again.
    """
    raise NotImplementedError
