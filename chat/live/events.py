"""What each Socket.IO event of docs/protocol.md does: one operation of the domain, and its answer.

``dispatch`` calls these functions with a call whose token has been checked.
"""

from collections.abc import Callable
from typing import Any

import orjson

from chat import history, validation
from chat.errors import N_, NotJoined
from chat.live import joining, watching
from chat.live.connections import Connection
from chat.live.gateway import Gateway
from chat.people import Person
from chat.store.question import Question

Call = dict[str, Any]
Operation = Callable[[Gateway, Connection, Person, Call], dict[str, Any]]


def _join(gateway: Gateway, connection: Connection, person: Person, call: Call) -> dict[str, Any]:
    joined = joining.join(
        gateway,
        connection,
        person,
        room_id=call.get("roomId"),
        since=call.get("since"),
        epoch=call.get("epoch"),
        since_at=call.get("sinceAt"),
    )
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


def _leave(gateway: Gateway, connection: Connection, person: Person, call: Call) -> dict[str, Any]:
    count = joining.leave(gateway, connection, person, _joined_room(connection, call))
    return {"userCount": count}


def _message(
    gateway: Gateway, connection: Connection, person: Person, call: Call
) -> dict[str, Any]:
    return gateway.store.ask(talk_question(gateway, connection, person, call))


def talk_question(
    gateway: Gateway, connection: Connection, person: Person, call: Call
) -> Question[dict[str, Any]]:
    """``message`` as a question to the store, so that a call of it needs no greenlet to wait."""
    return gateway.conversation.talk_question(
        person,
        room_id=call.get("roomId"),
        text=call.get("message"),
        client_id=call.get("clientId"),
        sid=connection.sid,
    )


def _edit(gateway: Gateway, connection: Connection, person: Person, call: Call) -> dict[str, Any]:
    seq = gateway.conversation.edit(
        person,
        room_id=call.get("roomId"),
        seq=call.get("seq"),
        text=call.get("message"),
        client_id=call.get("clientId"),
        sid=connection.sid,
    )
    return {"seq": seq}


def _delete(gateway: Gateway, connection: Connection, person: Person, call: Call) -> dict[str, Any]:
    seq = gateway.conversation.delete(
        person,
        room_id=call.get("roomId"),
        seq=call.get("seq"),
        client_id=call.get("clientId"),
        sid=connection.sid,
    )
    return {"seq": seq}


def _react(gateway: Gateway, connection: Connection, person: Person, call: Call) -> dict[str, Any]:
    seq = gateway.conversation.react(
        person,
        room_id=call.get("roomId"),
        seq=call.get("seq"),
        emoji=call.get("emoji"),
        on=call.get("on"),
        client_id=call.get("clientId"),
        sid=connection.sid,
    )
    return {"seq": seq}


def _history(
    gateway: Gateway, connection: Connection, person: Person, call: Call
) -> dict[str, Any]:
    if call.get("around") is not None:
        return _around(gateway, person, call)
    page = gateway.conversation.page(
        person,
        room_id=call.get("roomId"),
        before=call.get("before"),
        after=call.get("after"),
        limit=call.get("limit"),
    )
    return _page(page)


def _around(gateway: Gateway, person: Person, call: Call) -> dict[str, Any]:
    found = gateway.conversation.around(
        person,
        room_id=call.get("roomId"),
        seq=call.get("around"),
        limit=call.get("limit"),
        others=(call.get("before"), call.get("after")),
    )
    messages = [orjson.Fragment(stored) for stored in found.messages]
    more = {"moreBefore": found.more_before, "moreAfter": found.more_after}
    return {"epoch": found.epoch, "seq": found.seq, "messages": messages, **more}


def _typing(gateway: Gateway, connection: Connection, person: Person, call: Call) -> dict[str, Any]:
    gateway.conversation.type(person, _joined_room(connection, call), connection.sid)
    return {}


def _watch(gateway: Gateway, connection: Connection, person: Person, call: Call) -> dict[str, Any]:
    listed = watching.watch(gateway, connection, person, call.get("rooms", []))
    return {"rooms": [room.summary() for room in listed]}


def _read(gateway: Gateway, connection: Connection, person: Person, call: Call) -> dict[str, Any]:
    marked = gateway.conversation.read_marks.mark(person, call.get("roomId"), call.get("seq"))
    return {"membership": marked.wire()}


def _unread(gateway: Gateway, connection: Connection, person: Person, call: Call) -> dict[str, Any]:
    found = gateway.conversation.read_marks.unread(person, call.get("rooms"))
    told = ("roomId", "read", "unread", "mentions", "level")
    return {"rooms": [{name: own.wire()[name] for name in told} for own in found]}


def _reauth(gateway: Gateway, connection: Connection, person: Person, call: Call) -> dict[str, Any]:
    return {"expiresIn": max(0, round(connection.seconds_left()))}


def _joined_room(connection: Connection, call: Call) -> str:
    room_id = validation.room_id(call.get("roomId"))
    if room_id is None or room_id not in connection.rooms:
        raise NotJoined(N_("Join the room first."))
    return room_id


def _page(page: history.Page) -> dict[str, Any]:
    return {
        "epoch": page.epoch,
        "seq": page.seq,
        "messages": [orjson.Fragment(stored) for stored in page.messages],
        "more": page.more,
    }


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
    "unread": _unread,
    "reauth": _reauth,
}
#: Events whose calls store something in a room. The store counts their rates.
STORING = frozenset(("message", "edit", "delete", "react"))
