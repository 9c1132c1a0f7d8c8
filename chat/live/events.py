"""What each Socket.IO event of docs/protocol.md does: one operation of the domain, and its answer.

``dispatch`` calls these functions with a call whose token has been checked.
"""

import functools
from collections.abc import Callable
from typing import Any

import orjson
from redis.exceptions import RedisError

from chat import directory, history, rooms, validation
from chat.errors import N_, MaruError, NotJoined, Unauthorized
from chat.live import call_limits
from chat.live.connections import Connection
from chat.live.live import Live
from chat.people import Person
from chat.rooms import Room
from chat.store.store import Question

Call = dict[str, Any]
Operation = Callable[[Live, Connection, Person, Call], dict[str, Any]]

#: Rooms in the answer to ``watch``.
LISTED = 100


def _join(live: Live, connection: Connection, person: Person, call: Call) -> dict[str, Any]:
    room = _accessible(live, person, call.get("roomId"))
    was_in = room.room_id in connection.rooms
    if not was_in:
        call_limits.check_rooms(connection)
    check = functools.partial(rooms.access, live.store, person, room.room_id)
    live.fanout.add(room, connection, check)
    try:
        joined = live.conversation.enter(
            person,
            room.room_id,
            connection.session,
            since=call.get("since"),
            epoch=call.get("epoch"),
            since_at=call.get("sinceAt"),
        )
    except (MaruError, RedisError):
        # If a repeated join fails, the connection stays in the room.
        if not was_in:
            live.fanout.remove(room.room_id, connection)
        raise
    if connection.ended:
        # It was ended during the join, before it was known to be in this room.
        live.release(connection)
        raise Unauthorized(N_("This connection has ended."))
    return {
        "room": joined.room.wire(),
        "userCount": joined.user_count,
        "users": joined.users,
        "recovered": joined.recovered,
        **_page(joined.page),
    }


def _accessible(live: Live, person: Person, room_id: object) -> Room:
    """The room, after a check of access; for a room in the fan-out, ``Fanout.add`` checks."""
    room = live.fanout.room(room_id)
    if room is None:
        return rooms.access(live.store, person, room_id)
    rooms.check_may_chat(person)
    return room


def _leave(live: Live, connection: Connection, person: Person, call: Call) -> dict[str, Any]:
    room_id = _joined_room(connection, call)
    # Removed from the fan-out only after it has worked: a refused leave changes nothing.
    with live.fanout.leaving(room_id, connection):
        count = live.conversation.leave(person, room_id, connection.session)
    live.fanout.remove(room_id, connection)
    return {"userCount": count}


def _message(live: Live, connection: Connection, person: Person, call: Call) -> dict[str, Any]:
    return live.store.ask(talking(live, connection, person, call))


def talking(
    live: Live, connection: Connection, person: Person, call: Call
) -> Question[dict[str, Any]]:
    """``message`` as a question to the store, so that a call of it needs no greenlet to wait."""
    return live.conversation.talking(
        person,
        room_id=call.get("roomId"),
        text=call.get("message"),
        client_id=call.get("clientId"),
        session=connection.session,
    )


def _edit(live: Live, connection: Connection, person: Person, call: Call) -> dict[str, Any]:
    seq = live.conversation.edit(
        person,
        room_id=call.get("roomId"),
        seq=call.get("seq"),
        text=call.get("message"),
        client_id=call.get("clientId"),
        session=connection.session,
    )
    return {"seq": seq}


def _delete(live: Live, connection: Connection, person: Person, call: Call) -> dict[str, Any]:
    seq = live.conversation.delete(
        person,
        room_id=call.get("roomId"),
        seq=call.get("seq"),
        client_id=call.get("clientId"),
        session=connection.session,
    )
    return {"seq": seq}


def _react(live: Live, connection: Connection, person: Person, call: Call) -> dict[str, Any]:
    seq = live.conversation.react(
        person,
        room_id=call.get("roomId"),
        seq=call.get("seq"),
        emoji=call.get("emoji"),
        on=call.get("on"),
        client_id=call.get("clientId"),
        session=connection.session,
    )
    return {"seq": seq}


def _history(live: Live, connection: Connection, person: Person, call: Call) -> dict[str, Any]:
    page = live.conversation.page(
        person,
        room_id=call.get("roomId"),
        before=call.get("before"),
        after=call.get("after"),
        limit=call.get("limit"),
    )
    return _page(page, more=True)


def _typing(live: Live, connection: Connection, person: Person, call: Call) -> dict[str, Any]:
    live.conversation.type(person, _joined_room(connection, call), connection.session)
    return {}


def _watch(live: Live, connection: Connection, person: Person, call: Call) -> dict[str, Any]:
    # Set before the list is read, so that changes in between are sent afterwards.
    connection.watching = True
    listed = directory.newest(live.store, person, LISTED)
    return {"rooms": [room.summary() for room in listed]}


def _reauth(live: Live, connection: Connection, person: Person, call: Call) -> dict[str, Any]:
    return {"expiresIn": max(0, round(connection.seconds_left()))}


def _joined_room(connection: Connection, call: Call) -> str:
    room_id = validation.room_id(call.get("roomId"))
    if room_id is None or room_id not in connection.rooms:
        raise NotJoined(N_("Join the room first."))
    return room_id


def _page(page: history.Page, more: bool = False) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "epoch": page.epoch,
        "seq": page.seq,
        "messages": [orjson.Fragment(stored) for stored in page.messages],
    }
    if more:
        answer["more"] = page.more
    return answer


#: Event of docs/protocol.md -> the operation that carries out its calls.
OPERATIONS: dict[str, Operation] = {
    "join": _join,
    "leave": _leave,
    "message": _message,
    "edit": _edit,
    "delete": _delete,
    "react": _react,
    "history": _history,
    "typing": _typing,
    "watch": _watch,
    "reauth": _reauth,
}
#: Events whose calls store something in a room. The store counts their rates.
STORING = frozenset(("message", "edit", "delete", "react"))
