"""What the archive gives of a room: a page of its messages."""

from dataclasses import dataclass
from typing import NamedTuple

from chat.archive.effects import Said


@dataclass(frozen=True)
class Page:
    """Messages of one room, in ascending order.

    ``more_before`` and ``more_after`` say whether the archive has further messages on that side.
    ``epoch`` is the room's, and ``archived`` the highest number that the archive knows: entries up
    to that number have had their effect; '' and 0 where it knows nothing of the room.
    """

    messages: list[Said]
    more_before: bool
    more_after: bool
    epoch: str
    archived: int


class Behind(NamedTuple):
    """What follows a number in a room: the ordinal of the first TALK, 0 for none, and how many are
    one sender's. ``archived`` is as in ``Page``."""

    archived: int
    first_n: int
    own: int
