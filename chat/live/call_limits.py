"""Limits the rate of calls of a person, and the number of rooms of one connection."""

from collections.abc import Callable
from typing import Any

from chat.errors import N_, Conflict
from chat.live.connections import Connection
from chat.live.live import Live
from chat.people import Person

Operation = Callable[[Live, Connection, Person, dict[str, Any]], dict[str, Any]]

#: Event -> the kind of ``chat.limits.Limits.rates`` that limits it. ``None``: the operation itself
#: counts it, in the write to the store.
LIMITS = {
    "join": "join",
    "leave": "join",
    "history": "read",
    "watch": "read",
    "reauth": "read",
    "message": None,
    "edit": None,
    "delete": None,
    "react": None,
    "typing": None,
}
#: Rooms that one connection may be in: its worker renews a lease for each of them.
ROOMS = 200


def counted(event: str, live: Live, operation: Operation) -> Operation:
    """The operation of an event, which first checks and counts the limit of its person."""
    kind = LIMITS[event]
    if kind is None:
        return operation
    count, ask = live.conversation.limiter.count, live.store.ask_together

    def carry_out(
        live: Live, connection: Connection, person: Person, call: dict[str, Any]
    ) -> dict[str, Any]:
        ask(*count(kind, person.folded))
        return operation(live, connection, person, call)

    return carry_out


def check_rooms(connection: Connection) -> None:
    """Raises ``Conflict`` if this connection is already in ``ROOMS`` rooms."""
    if len(connection.rooms) >= ROOMS:
        raise Conflict(N_("One connection can be in %(most)s rooms. Leave one first."), most=ROOMS)
