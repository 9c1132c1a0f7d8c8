"""What operations in rooms take and give."""

from dataclasses import dataclass, field

from chat import history
from chat.rooms import Room


@dataclass(frozen=True)
class Joined:
    """What somebody who enters a room gets to know."""

    room: Room
    user_count: int
    users: list[str]
    page: history.Page
    recovered: bool


@dataclass(frozen=True)
class Change:
    """What is done to the message ``seq``; ``author`` is who alone may do it, if not everybody."""

    kind: str
    seq: object
    words: str = ""
    author: str = ""
    more: dict[str, object] = field(default_factory=dict)
