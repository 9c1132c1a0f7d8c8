"""What was published in a room, walked through: who was in it at each moment."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from verify.history import History, Published, Snapshot

ANNOUNCEMENTS = ("ENTER", "QUIT")


@dataclass(frozen=True, slots=True)
class Moment:
    """Something in the log, and who was in the room before it."""

    published: Published
    present: frozenset[str]

    @property
    def sender(self) -> str:
        """The userId of who is concerned."""
        sender: str = self.published.message["senderId"]
        return sender

    @property
    def at(self) -> float:
        """By the store's clock."""
        at: float = self.published.message["sentAt"]
        return at

    @property
    def kind(self) -> str:
        kind: str = self.published.message["type"]
        return kind

    @property
    def is_announcement(self) -> bool:
        return self.kind in ANNOUNCEMENTS


def rooms(history: History) -> Mapping[str, list[Moment]]:
    """By room, what was told in it, in order."""
    found: dict[str, list[Moment]] = {}
    present: dict[str, set[str]] = {}
    for item in history.channel_log:
        if isinstance(item, Snapshot):
            present[item.room] = set(item.people)
            continue
        here = present.setdefault(item.room, set())
        moment = Moment(item, frozenset(here))
        found.setdefault(item.room, []).append(moment)
        if moment.kind == "ENTER":
            here.add(moment.sender)
        elif moment.kind == "QUIT":
            here.discard(moment.sender)
    return found


def together(moments: list[Moment]) -> Iterator[list[Moment]]:
    """Announcements that one step of the store told together: they all have the count after all of
    them. Everything else by itself."""
    group: list[Moment] = []
    for moment in moments:
        if group and not (moment.is_announcement and _is_one_step(group[-1], moment)):
            yield group
            group = []
        group.append(moment)
    if group:
        yield group


def _is_one_step(before: Moment, after: Moment) -> bool:
    fields = ("type", "sentAt", "userCount")
    return all(before.published.message[f] == after.published.message[f] for f in fields)
