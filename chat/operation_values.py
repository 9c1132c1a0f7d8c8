"""Values that operations in rooms take and return."""

from dataclasses import dataclass, field

from chat import history
from chat.room_members import Member
from chat.rooms import Room


@dataclass(frozen=True)
class Joined:
    """The answer to a join. ``names`` are those of people here, by userId.

    ``member`` is what the person is in the room.
    ``recovered``: ``page`` is all that the client had missed.
    """

    room: Room
    user_count: int
    names: dict[str, str]
    page: history.Page
    recovered: bool
    member: Member


@dataclass(frozen=True)
class Change:
    """An edit, deletion or reaction to the message ``seq``.

    ``as_admin``: an admin deletes what somebody else may have said.
    """

    kind: str
    seq: object
    words: str = ""
    as_admin: bool = False
    more: dict[str, object] = field(default_factory=dict)
