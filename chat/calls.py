"""Values that operations in rooms take and return."""

from dataclasses import dataclass, field

from chat import history
from chat.rooms import Room


@dataclass(frozen=True)
class Joined:
    """The answer to a join. ``recovered``: ``page`` is all that the client had missed."""

    room: Room
    user_count: int
    users: list[str]
    page: history.Page
    recovered: bool


@dataclass(frozen=True)
class Change:
    """An edit, deletion or reaction to the message ``seq``.

    ``author`` is the only person who may make it, or '' if any member may.
    """

    kind: str
    seq: object
    words: str = ""
    author: str = ""
    more: dict[str, object] = field(default_factory=dict)
