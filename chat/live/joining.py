"""A connection joins a room or leaves it: in the store, and in the fan-out of this worker."""

import functools

from redis.exceptions import RedisError

from chat import rooms
from chat.errors import N_, MaruError, Unauthorized
from chat.live import call_limits
from chat.live.connections import Connection
from chat.live.gateway import Gateway
from chat.operation_values import Joined
from chat.people import Person
from chat.rooms import Room


def join(
    gateway: Gateway,
    connection: Connection,
    person: Person,
    room_id: object,
    since: object,
    epoch: object,
    since_at: object,
) -> Joined:
    """Join a room, or join it again. ``since``, ``epoch``, ``since_at``: see ``Conversation.join``.

    Raises as that does, and ``RateLimited`` and ``Unauthorized``.
    """
    room = _accessible(gateway, person, room_id)
    was_in = room.room_id in connection.rooms
    if not was_in:
        call_limits.check_rooms(connection)
    check = functools.partial(rooms.access, gateway.store, person, room.room_id)
    gateway.fanout.add(room, connection, check)
    try:
        joined = gateway.conversation.join(
            person, room.room_id, connection.sid, since, epoch, since_at
        )
    except (MaruError, RedisError):
        # If a repeated join fails, the connection stays in the room.
        if not was_in:
            gateway.fanout.remove(room.room_id, connection)
        raise
    if connection.ended:
        # It was ended during the join, before it was known to be in this room.
        gateway.leave_with_grace(connection)
        raise Unauthorized(N_("This connection has ended."))
    if connection.name != person.name:
        # The person was renamed during the join.
        gateway.write_name(connection)
    return joined


def leave(gateway: Gateway, connection: Connection, person: Person, room_id: str) -> int:
    """Leave a room in which the connection is. Gives the userCount."""
    # Removed from the fan-out only after it has worked: a refused leave changes nothing.
    with gateway.fanout.leaving(room_id, connection):
        count = gateway.conversation.leave(person, room_id, connection.sid)
    gateway.fanout.remove(room_id, connection)
    return count


def _accessible(gateway: Gateway, person: Person, room_id: object) -> Room:
    """The room. Checks access to a room whose channel this worker is not subscribed to.

    In another room ``Fanout.add`` checks, if it is private or has bans. ``lua/enter.lua`` checks
    every join.
    """
    room = gateway.fanout.room(room_id)
    if room is None:
        return rooms.access(gateway.store, person, room_id).room
    rooms.check_may_chat(person)
    return room
