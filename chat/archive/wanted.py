"""What is looked for in the archive, and what it gives: see ``chat.archive.search``."""

from dataclasses import dataclass

from chat.archive import folding
from chat.archive.effects import Said
from chat.archive.entries import Cursor

#: What a link begins with.
LINKS = ("http://", "https://")


class TooSlow(Exception):
    """The search would take longer than ``SECONDS``."""


@dataclass(frozen=True)
class Wanted:
    """What a message has to be like. Without ``words``, any is.

    It is in one of the rooms ``room_ids``, or in an open one if ``is_open_too``; it was said by one
    of ``sender_ids`` (``None``: by anybody), from ``since`` on and before ``until`` (ms).
    """

    words: tuple[str, ...]
    room_ids: tuple[str, ...]
    is_open_too: bool = False
    sender_ids: tuple[str, ...] | None = None
    since: int = 0
    until: int | None = None
    has_link: bool = False

    def fits(self, said: Said) -> bool:
        """Whether a message is like that, of whichever room it is."""
        folded = folding.fold(said.text)
        return (
            all(word in folded for word in self.words)
            and (self.sender_ids is None or said.sender_id in self.sender_ids)
            and said.sent_at >= self.since
            and (self.until is None or said.sent_at < self.until)
            and (not self.has_link or any(link in folded for link in LINKS))
        )


@dataclass(frozen=True)
class Found:
    """Messages, the newest first, each with its position; ``more`` says whether others follow.

    ``reached`` is how far rooms are archived: of those that were asked for, and of those that have
    one of the messages.
    """

    messages: list[tuple[int, Said]]
    more: bool
    reached: dict[str, Cursor]
