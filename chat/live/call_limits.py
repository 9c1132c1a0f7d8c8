"""Limits the rate of calls of a person, and the number of rooms of one connection."""

from chat.errors import N_, Conflict
from chat.live.connections import Connection
from chat.live.gateway import Gateway
from chat.people import Person

#: Event -> the kind of ``chat.limits.Limits.rates`` that limits it. ``None``: the operation itself
#: counts it, in the write to the store.
LIMITS = {
    "join": "join",
    "leave": "join",
    "history": "read",
    "watch": "read",
    "read": "read",
    "unread": "read",
    "reauth": "read",
    "message": None,
    "edit": None,
    "delete": None,
    "react": None,
    "typing": None,
}
#: Rooms that one connection may be in: its worker renews a lease for each of them.
ROOMS = 200


def count(gateway: Gateway, event: str, person: Person) -> None:
    """Count a call against the limit of its person. Raises ``RateLimited``, ``RedisError``."""
    kind = LIMITS[event]
    if kind is not None:
        gateway.store.ask_all(gateway.conversation.limiter.count(kind, person.user_id))


def check_rooms(connection: Connection) -> None:
    """Raises ``Conflict`` if this connection is already in ``ROOMS`` rooms."""
    if len(connection.rooms) >= ROOMS:
        raise Conflict(N_("One connection can be in %(most)s rooms. Leave one first."), most=ROOMS)
