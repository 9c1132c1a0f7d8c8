"""How far people have read rooms.

A mark holds a number, the ordinal of the last TALK up to it, and how many of the person's own TALKs
up to there are not deleted. So what is unread follows from a few numbers of the room
(``lua/unread.lua``), and a message costs no write for those who have not read it.
"""

from chat import keys, memberships, person_events, room_members, rooms, validation
from chat.errors import N_, Invalid, OnlyArchived
from chat.memberships import Membership
from chat.pages import Pages
from chat.people import Person
from chat.store.question import Argument, ScriptCall
from chat.store.store import Store

#: Rooms of which one call asks.
ASKED_MAX = 200
#: Times that the archive is asked for what it has behind a number, and one more.
_TRIES = 5


class ReadMarks:
    """Moves marks, over one store. ``pages`` has what the stream lacks."""

    def __init__(self, store: Store, pages: Pages) -> None:
        self._store = store
        self._pages = pages

    def mark(self, person: Person, room_id: object, seq: object) -> Membership:
        """Note up to which number one has read, and tell one's connections; it may also go back.

        Raises ``Invalid``, ``NotFound``, ``Forbidden``, and ``Unavailable`` for a number behind
        which the archive would have to be read.
        """
        known = rooms.access(self._store, person, room_id).room.room_id
        number = validation.whole_number(seq, "seq")
        marked = self._mark(person, known, number)
        person_events.tell(self._store, [([person.user_id], person_events.read_event(marked))])
        return marked

    def unread(self, person: Person, given: object = None) -> list[Membership]:
        """What one is in these rooms, of which others are passed over; ``given`` are roomIds.

        Of all one's rooms those in which something is unread. Raises ``Invalid``, ``Forbidden``.
        """
        rooms.check_may_chat(person)
        if given is None:
            room_ids = room_members.room_ids_of(self._store, person.user_id)
        elif isinstance(given, list) and len(given) <= ASKED_MAX:
            room_ids = [room_id for room_id in map(validation.room_id, given) if room_id]
        else:
            raise Invalid(N_("rooms is a list of at most 200 rooms."))
        found = self._store.ask(memberships.of_rooms(person.user_id, room_ids))
        return [own for own in found if own is not None and (given is not None or own.unread)]

    def _mark(self, person: Person, room_id: str, number: int) -> Membership:
        archived: tuple[Argument, ...] = ()
        of_room = (keys.room, keys.stream, keys.members, keys.marks, keys.spoken, keys.edited)
        for _ in range(_TRIES):
            args = [person.user_id, number, *archived]
            call = ScriptCall("mark", [key(room_id) for key in of_room], args)
            try:
                self._store.ask(call)
            except OnlyArchived as error:
                refused = error
                archived = self._pages.behind(room_id, number, person.user_id)
            else:
                return memberships.own(self._store, person, room_id)
        raise refused
