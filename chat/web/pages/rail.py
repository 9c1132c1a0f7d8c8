"""The list of one's own rooms beside a conversation, and what a direct room is called there."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from chat import memberships, people
from chat.memberships import ALL, MENTIONS, Membership
from chat.people import Person
from chat.rooms import DIRECT, Room
from chat.store.store import Store

#: Rooms with which the list of a page begins, and direct rooms; the script fetches the others.
USUAL, DIRECTS = 60, 30
#: Letters of scripts from right to left.
_FROM_RIGHT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")


@dataclass(frozen=True)
class OwnRooms:
    """The rooms that a person belongs to, the most recently active first, each as it is called.

    ``others`` are the userIds of the other people of direct rooms, by roomId; ``shown`` is what
    those are shown as, by userId. ``unread`` is the number on the badge of rooms that have one.
    """

    rooms: list[Room]
    others: dict[str, list[str]]
    shown: dict[str, str]
    unread: dict[str, int]

    def first(self, open_id: str) -> "OwnRooms":
        """Those with which a page begins its list: the first ones, and the open one."""
        begin = {room.room_id for room in (*self.usual[:USUAL], *self.direct[:DIRECTS])}
        rooms = [room for room in self.rooms if room.room_id in begin | {open_id}]
        return replace(self, rooms=rooms)

    @property
    def direct(self) -> list[Room]:
        """The direct ones."""
        return [room for room in self.rooms if room.kind == DIRECT]

    @property
    def usual(self) -> list[Room]:
        """Those that are not direct."""
        return [room for room in self.rooms if room.kind != DIRECT]


def own_rooms(store: Store, person: Person) -> OwnRooms:
    """The rooms that a person belongs to, the most recently active first."""
    both = memberships.of_person(store, person)
    unread = {own.room_id: number for _, own in both if (number := badge(own))}
    found = [room for room, _ in both]
    members = memberships.people_of_direct(store, person, found)
    found = [room for room in found if room.kind != DIRECT or room.room_id in members]
    others = {i: [each for each in of if each != person.user_id] for i, of in members.items()}
    ids = {user_id for user_ids in others.values() for user_id in user_ids}
    shown = {user_id: each.shown for user_id, each in people.find_by_ids(store, ids).items()}
    named = [called(room, person, others.get(room.room_id, ()), shown) for room in found]
    return OwnRooms(named, others, shown, unread)


def badge(own: Membership) -> int:
    """The number on a room's badge: what is unread, as far as one wants to be told of it."""
    return {ALL: own.unread, MENTIONS: own.mentions}.get(own.level, 0)


def called(room: Room, person: Person, members: Iterable[str], shown: Mapping[str, str]) -> Room:
    """The room with the name that this person sees: of a direct room the names of the others.

    ``members`` are userIds, ``shown`` what people are called by userId.
    """
    if room.kind != DIRECT:
        return room
    others = sorted(shown[i] for i in members if i != person.user_id and i in shown)
    # A person who is left alone in it still sees who the others were.
    return replace(room, name=_joined(others) or room.name)


def _joined(names: list[str]) -> str:
    """Names with commas between, in this order on the page too, as static/js/shown-names.js does.

    Where one is written from right to left, each is isolated (U+2068, U+2069), and the whole is
    marked as written from left to right (U+200E), as the page is.
    """
    if len(names) == 1 or not any(map(_FROM_RIGHT.search, names)):
        return ", ".join(names)
    return "\u200e" + ", ".join(f"\u2068{name}\u2069" for name in names)
