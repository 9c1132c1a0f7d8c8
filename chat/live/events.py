"""Socket.IO events: each verifies its token, calls one operation, and gives the acknowledgement.

The handlers are python-socketio's own, not Flask-SocketIO's: an event costs no request context.
"""

import logging
import re
from collections.abc import Callable
from typing import Any, TypeVar

import orjson
import socketio
from redis.exceptions import RedisError

from chat import directory, history, rooms, validation
from chat.errors import N_, InternalError, Invalid, MaruError, NotJoined, Unauthorized, Unavailable
from chat.live import call_limits
from chat.live.connections import Connection
from chat.live.live import Live
from chat.people import Person
from chat.rooms import Room
from chat.transport import allowance, wire
from chat.transport.session import Session

log = logging.getLogger(__name__)

T = TypeVar("T")

Call = dict[str, Any]
Operation = Callable[[Live, Connection, Person, Call], dict[str, Any]]

# A call in the namespace /, with the id for its acknowledgement.
_CALL = re.compile(r"2(\d{1,15})?(?=\[)", re.ASCII)
_TALK = re.compile(r'2(\d{1,15})?\["message",', re.ASCII)

#: Rooms in the answer to ``watch``.
LISTED = 100


def register(live: Live) -> Callable[[Session, str], bool]:
    """Register the handlers of the events of docs/protocol.md.

    Returns a faster way for the same calls, for ``Engine.calls``: it takes a session and a
    Socket.IO packet, and returns whether it has handled it.
    """
    server = live.server
    operations: dict[str, Operation] = {
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
    operations = {e: call_limits.counted(e, live, o) for e, o in operations.items()}
    for event, operation in operations.items():
        server.on(event, _handler(live, operation))
    server.on("*", lambda event, session, *_: _unknown(event))
    server.on("connect", lambda session, environ, auth=None: _connect(live, session, auth))
    server.on("disconnect", lambda session, reason: live.lost(session))
    return lambda session, packet: _call(live, operations, session, packet)


def may_overlap(packet: str) -> bool:
    """Whether a call may begin before the previous one has been answered.

    Messages may: all take the same way to the store, so they arrive there in order.
    """
    return _TALK.match(packet) is not None


def _call(live: Live, operations: dict[str, Operation], session: Session, packet: str) -> bool:
    """Carry out a call without python-socketio's overhead; unusual packets are left to it."""
    connection: Connection | None = session.connection
    call = _CALL.match(packet)
    if call is None or connection is None:
        return False
    try:
        name, *arguments = wire.loads(packet[call.end() :])
    except ValueError:
        return False
    operation = operations.get(name) if isinstance(name, str) else None
    if operation is None:
        return False
    answer = _answer(lambda: _carry_out(live, operation, connection.session, tuple(arguments)))
    _account(session, operation, packet, answer)
    if call[1]:
        session.acknowledge(b"43%d[%b]" % (int(call[1]), orjson.dumps(answer)))
    return True


def _account(session: Session, operation: Operation, packet: str, answer: dict[str, Any]) -> None:
    """Take the cost of a call from its person's allowance, by its answer.

    A call that has stored something costs nothing: the store counts its rate. A refused call costs
    more.
    """
    allowed = session.allowance
    if allowed is None or (answer["ok"] and operation in _STORING):
        return
    calls = allowance.cost(packet)
    if not answer["ok"]:
        code = answer["error"]["code"]
        calls += allowance.BAD_TOKEN if code == Unauthorized.code else allowance.REFUSED
    allowed.spend(calls)


def _handler(live: Live, operation: Operation) -> Callable[..., dict[str, Any]]:
    def handle(session: str, *arguments: Any) -> dict[str, Any]:
        return _answer(lambda: _carry_out(live, operation, session, arguments))

    return handle


def _carry_out(
    live: Live, operation: Operation, session: str, arguments: tuple[Any, ...]
) -> dict[str, Any]:
    connection = live.connections.get(session)
    if connection is None:
        raise Unauthorized(N_("This connection has ended."))
    if len(arguments) != 1 or not isinstance(arguments[0], dict):
        raise Invalid(N_("A call takes one object."))
    call = arguments[0]
    return operation(live, connection, live.authorise(connection, call.get("token")), call)


def _answer(carry_out: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The one place where the live side makes errors into acknowledgements."""
    try:
        return {"ok": True, **carry_out()}
    except MaruError as refusal:
        error = refusal
    except RedisError as away:
        # The heartbeat logs it once; here it would be logged for each call.
        log.debug("The store does not answer: %s", away)
        error = Unavailable(N_("The server cannot reach its store. Try again in a moment."))
    except Exception:
        log.exception("An event failed")
        error = InternalError(N_("Something went wrong on the server."))
    return {"ok": False, "error": error.wire()}


def _unknown(event: str) -> dict[str, Any]:
    refusal = Invalid(N_("There is no such event, or its arguments are not JSON."))
    return {"ok": False, "error": refusal.wire()}


def _connect(live: Live, session: str, auth: Any) -> None:
    def accept() -> dict[str, Any]:
        live.accept(session, auth.get("token") if isinstance(auth, dict) else None)
        return {}

    answer = _answer(accept)
    if not answer["ok"]:
        error = answer["error"]
        raise socketio.exceptions.ConnectionRefusedError(error["message"], error)


def _join(live: Live, connection: Connection, person: Person, call: Call) -> dict[str, Any]:
    room = _accessible(live, person, call.get("roomId"))
    was_in = room.room_id in connection.rooms
    if not was_in:
        call_limits.check_rooms(connection)
    live.fanout.add(room, connection, lambda: rooms.access(live.store, person, room.room_id))
    try:
        seen = call.get("since"), call.get("epoch"), call.get("sinceAt")
        joined = live.conversation.enter(person, room.room_id, connection.session, *seen)
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
    said = call.get("roomId"), call.get("message"), call.get("clientId"), connection.session
    talk = live.conversation.talk
    return dict(_in_the_room(live, connection, person, call, lambda: talk(person, *said)))


def _edit(live: Live, connection: Connection, person: Person, call: Call) -> dict[str, Any]:
    change = call.get("roomId"), call.get("seq"), call.get("message"), call.get("clientId")
    edit, session = live.conversation.edit, connection.session
    return {
        "seq": _in_the_room(live, connection, person, call, lambda: edit(person, *change, session))
    }


def _delete(live: Live, connection: Connection, person: Person, call: Call) -> dict[str, Any]:
    change = call.get("roomId"), call.get("seq"), call.get("clientId"), connection.session
    delete = live.conversation.delete
    return {"seq": _in_the_room(live, connection, person, call, lambda: delete(person, *change))}


def _react(live: Live, connection: Connection, person: Person, call: Call) -> dict[str, Any]:
    change = call.get("roomId"), call.get("seq"), call.get("emoji"), call.get("on")
    given, session = call.get("clientId"), connection.session
    react = live.conversation.react

    def say() -> int:
        return react(person, *change, given, session)

    return {"seq": _in_the_room(live, connection, person, call, say)}


def _in_the_room(
    live: Live, connection: Connection, person: Person, call: Call, say: Callable[[], T]
) -> T:
    try:
        return say()
    except NotJoined:
        if call.get("roomId") not in connection.rooms:
            raise
        # The lease expired while this worker was held up, although the connection is in the room.
        with connection.engine.in_turn():
            live.conversation.join(person, call.get("roomId"), connection.session)
            return say()


def _history(live: Live, connection: Connection, person: Person, call: Call) -> dict[str, Any]:
    window = call.get("before"), call.get("after"), call.get("limit")
    return _page(live.conversation.page(person, call.get("roomId"), *window), more=True)


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


#: What puts something into a room, which the rates of the store count.
_STORING = (_message, _edit, _delete, _react)


def _page(page: history.Page, more: bool = False) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "epoch": page.epoch,
        "seq": page.seq,
        "messages": [orjson.Fragment(stored) for stored in page.messages],
    }
    if more:
        answer["more"] = page.more
    return answer
