"""What each Socket.IO event of docs/protocol.md does: one operation of the domain, and its answer.

``dispatch`` calls these functions with a call whose token has been checked.
"""

import functools
from collections.abc import Callable
from typing import Any

import orjson
from redis.exceptions import RedisError

from chat import directory, history, room_members, rooms, validation
from chat.errors import N_, Invalid, MaruError, NotJoined, Unauthorized
from chat.live import call_limits
from chat.live.connections import Connection
from chat.live.live import Live
from chat.people import Person
from chat.rooms import Room
from chat.store.question import Question

Call = dict[str, Any]
Operation = Callable[[Live, Connection, Person, Call], dict[str, Any]]

#: Rooms in the answer to ``watch``, and rooms on a page that a call of ``watch`` may name.
LISTED, LISTED_MAX = 100, 200


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
            connection.sid,
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
        live.leave_with_grace(connection)
        raise Unauthorized(N_("This connection has ended."))
    if connection.name != person.name:
        # The person was renamed during the join.
        live.write_name(connection)
    member = joined.member
    return {
        "room": joined.room.wire(),
        "role": member.role,
        **({"mutedUntil": member.muted_until} if member.is_muted else {}),
        "userCount": joined.user_count,
        "users": list(joined.names.values()),
        "people": joined.names,
        "recovered": joined.recovered,
        **_page(joined.page),
    }


def _accessible(live: Live, person: Person, room_id: object) -> Room:
    """The room, after a check of access; for a room in the fan-out, ``Fanout.add`` checks."""
    room = live.fanout.room(room_id)
    if room is None:
        return rooms.access(live.store, person, room_id).room
    rooms.check_may_chat(person)
    return room


def _leave(live: Live, connection: Connection, person: Person, call: Call) -> dict[str, Any]:
    room_id = _joined_room(connection, call)
    # Removed from the fan-out only after it has worked: a refused leave changes nothing.
    with live.fanout.leaving(room_id, connection):
        count = live.conversation.leave(person, room_id, connection.sid)
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
        sid=connection.sid,
    )


def _edit(live: Live, connection: Connection, person: Person, call: Call) -> dict[str, Any]:
    seq = live.conversation.edit(
        person,
        room_id=call.get("roomId"),
        seq=call.get("seq"),
        text=call.get("message"),
        client_id=call.get("clientId"),
        sid=connection.sid,
    )
    return {"seq": seq}


def _delete(live: Live, connection: Connection, person: Person, call: Call) -> dict[str, Any]:
    seq = live.conversation.delete(
        person,
        room_id=call.get("roomId"),
        seq=call.get("seq"),
        client_id=call.get("clientId"),
        sid=connection.sid,
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
        sid=connection.sid,
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
    live.conversation.type(person, _joined_room(connection, call), connection.sid)
    return {}


def _watch(live: Live, connection: Connection, person: Person, call: Call) -> dict[str, Any]:
    on_page = call.get("rooms", [])
    if not isinstance(on_page, list) or len(on_page) > LISTED_MAX:
        raise Invalid(N_("rooms is a list of at most 200 rooms."))
    named = [room_id for room_id in map(validation.room_id, on_page) if room_id]
    # Who watches a room hears of people in it: of a private one nobody else may.
    own = room_members.room_ids_of(live.store, person.user_id)
    known = directory.may_see(live.store, person, list({*own, *named}))
    # Before the list is read, so that changes in between are sent afterwards.
    live.watchers.watch_only(connection, known)
    listed = directory.newest(live.store, person, LISTED)
    live.watchers.watch(connection, [room.room_id for room in listed])
    # A removal or ban between the check and the watching has ended no watching.
    watched = list({*known, *(room.room_id for room in listed)})
    for room_id in {*watched} - {*directory.may_see(live.store, person, watched)}:
        live.watchers.unwatch(connection, room_id)
    if connection.ended:
        # It ended during the call: nothing else takes it out of the watchers any more.
        live.watchers.unwatch_all(connection)
    return {"rooms": [room.summary() for room in listed]}


def _read(live: Live, connection: Connection, person: Person, call: Call) -> dict[str, Any]:
    marked = live.administration.mark_read(person, call.get("roomId"), call.get("seq"))
    return {"membership": marked.wire()}


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
    "read": _read,
    "reauth": _reauth,
}
#: Events whose calls store something in a room. The store counts their rates.
STORING = frozenset(("message", "edit", "delete", "react"))
