"""A connection watches rooms: those that its person belongs to, those listed, those on its page."""

from chat import room_directory, room_members, validation
from chat.errors import N_, Invalid
from chat.live.connections import Connection
from chat.live.gateway import Gateway
from chat.people import Person
from chat.rooms import Room

#: Rooms in the answer to ``watch``, and rooms on a page that a call of ``watch`` may name.
LISTED, LISTED_MAX = 100, 200


def watch(gateway: Gateway, connection: Connection, person: Person, on_page: object) -> list[Room]:
    """Watch these rooms and no others; gives the rooms of the list that were active last.

    ``on_page`` is a list of roomIds, as the client gave it. Raises ``Invalid``.
    """
    if not isinstance(on_page, list) or len(on_page) > LISTED_MAX:
        raise Invalid(N_("rooms is a list of at most 200 rooms."))
    named = [room_id for room_id in map(validation.room_id, on_page) if room_id]
    # It gets events about the people of these rooms: those of a private room only as a member.
    own = room_members.room_ids_of(gateway.store, person.user_id)
    visible = room_directory.may_see(gateway.store, person, list({*own, *named}))
    # Before the list is read, so that changes in between are sent afterwards.
    gateway.watchers.watch_only(connection, visible)
    listed = room_directory.newest(gateway.store, person, LISTED)
    gateway.watchers.watch(connection, [room.room_id for room in listed])
    # A removal or ban between the check and the watching has ended no watching.
    watched = list({*visible, *(room.room_id for room in listed)})
    for room_id in {*watched} - {*room_directory.may_see(gateway.store, person, watched)}:
        gateway.watchers.unwatch(connection, room_id)
    if connection.ended:
        # It ended during the call: nothing else takes it out of the watchers any more.
        gateway.watchers.unwatch_all(connection)
    return listed
