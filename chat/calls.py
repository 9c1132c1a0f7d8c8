"""Values that operations in rooms take and return."""

from dataclasses import dataclass, field

from chat import history
from chat.room_members import Member
from chat.rooms import Room


@dataclass(frozen=True)
class Joined:
    """The answer to a join. ``names`` are those of people here, by userId.

    ``member`` is what the person is in the room; ``None`` if it was removed just now.
    ``recovered``: ``page`` is all that the client had missed.
    """

    room: Room
    user_count: int
    names: dict[str, str]
    page: history.Page
    recovered: bool
    member: Member | None


@dataclass(frozen=True)
class Change:
    """An edit, deletion or reaction to the message ``seq``.

    ``author`` is the userId of the only person who may make it, or '' if any member may.
    """

    kind: str
    seq: object
    words: str = ""
    author: str = ""
    more: dict[str, object] = field(default_factory=dict)
