"""Carries out clients' calls: from a Socket.IO packet to an operation of ``events`` and its answer.

The handlers are python-socketio's own, not Flask-SocketIO's: an event costs no request context.
"""

import functools
import logging
from collections.abc import Callable
from typing import Any

import orjson
import socketio
from redis.exceptions import RedisError

from chat.errors import N_, InternalError, Invalid, MaruError, NotJoined, Unauthorized, Unavailable
from chat.live import call_limits
from chat.live.connections import Connection
from chat.live.events import OPERATIONS, STORING, talk_question
from chat.live.gateway import Gateway
from chat.people import Person
from chat.store.question import Question, has_error
from chat.transport import allowance, packets
from chat.transport.session import Session

log = logging.getLogger(__name__)


def register(gateway: Gateway) -> None:
    """Give python-socketio a handler for each event of docs/protocol.md."""
    server = gateway.server
    for event in OPERATIONS:
        server.on(event, functools.partial(_answer, gateway, event))
    server.on("*", _unknown)
    server.on("connect", functools.partial(_connect, gateway))
    server.on("disconnect", functools.partial(_disconnect, gateway))


def may_overlap(packet: str) -> bool:
    """Whether a call may begin before the previous one has been answered.

    Messages may: all take the same way to the store, so they arrive there in order.
    """
    return packets.event_name(packet) == "message"


def handle_call(gateway: Gateway, session: Session, packet: str) -> bool:
    """Carry out a call without python-socketio's overhead, and send its acknowledgement.

    Gives false, and does nothing, for a packet that is left to ``handle_by_library``.
    """
    connection: Connection | None = session.connection
    read = packets.read_event(packet)
    if read is None or connection is None:
        return False
    call_id, event, arguments = read
    if event not in OPERATIONS:
        return False
    answer = _answer(gateway, event, connection.sid, *arguments)
    _acknowledge(session, packet, call_id, event, answer)
    return True


def begin_call(gateway: Gateway, session: Session, packet: str, ended: Callable[[], None]) -> bool:
    """Begin a call of ``message``: the event loop sends its acknowledgement, and no greenlet waits.

    ``ended()`` is called then. Gives false, and does nothing, for what ``handle_call`` has to do:
    other calls, and one whose token has to be verified.
    """
    connection: Connection | None = session.connection
    read = packets.read_event(packet)
    if read is None or connection is None or connection.ended:
        return False
    call_id, event, arguments = read
    if event != "message" or len(arguments) != 1 or not isinstance(arguments[0], dict):
        return False
    call = arguments[0]

    end = functools.partial(_end_message, session, packet, call_id, ended)
    try:
        person = gateway.authorise_cached(connection, call.get("token"))
        if person is None:
            return False
        question = talk_question(gateway, connection, person, call)
        take = functools.partial(_take_answers, gateway, connection, person, call, question, end)
        gateway.store.ask_nowait(question, take)
    except Exception as error:
        end(_refusal(error))
    return True


def _take_answers(
    gateway: Gateway,
    connection: Connection,
    person: Person,
    call: dict[str, Any],
    question: Question[dict[str, Any]],
    end: Callable[[dict[str, Any]], None],
    answers: list[Any] | Exception,
) -> None:
    """The store has answered the question of a message, or has not: end the call."""
    if isinstance(answers, Exception) or has_error(answers):
        read = functools.partial(gateway.store.answer_to, question, answers)
        ask_again = functools.partial(gateway.store.ask, question)
        # In a greenlet, since it may have to wait.
        gateway.server.eio.tick.start_greenlet(
            functools.partial(
                _end_after_error, gateway, connection, person, call, read, ask_again, end
            )
        )
        return
    end(_answer_of(functools.partial(question.read, answers)))


def _end_after_error(
    gateway: Gateway,
    connection: Connection,
    person: Person,
    call: dict[str, Any],
    read: Callable[[], dict[str, Any]],
    ask_again: Callable[[], dict[str, Any]],
    end: Callable[[dict[str, Any]], None],
) -> None:
    retry = functools.partial(
        _retry_after_rejoin, gateway, connection, person, call, read, ask_again
    )
    end(_answer_of(retry))


def _end_message(
    session: Session,
    packet: str,
    call_id: int | None,
    ended: Callable[[], None],
    answer: dict[str, Any],
) -> None:
    try:
        _acknowledge(session, packet, call_id, "message", answer)
    finally:
        ended()


def handle_by_library(gateway: Gateway, eio_sid: str, packet: str | bytes) -> None:
    """Let python-socketio handle a packet. Closes the session if the packet cannot be read."""
    namespace = packets.other_namespace(packet)
    if namespace is not None:
        gateway.refuse_namespace(eio_sid, namespace)
        return
    try:
        gateway.server._handle_eio_message(eio_sid, packet)
    except ValueError as problem:
        # Only parsing raises ValueError here: errors of a call are in its acknowledgement.
        log.debug("A session sent what is not Socket.IO and is closed: %s", problem)
        gateway.close_transport(eio_sid)


def _acknowledge(
    session: Session, packet: str, call_id: int | None, event: str, answer: dict[str, Any]
) -> None:
    _spend_allowance(session, event, packet, answer)
    if call_id is not None:
        session.send_encoded(packets.acknowledgement(call_id, orjson.dumps(answer)))


def _spend_allowance(session: Session, event: str, packet: str, answer: dict[str, Any]) -> None:
    """Take the cost of a call from its person's allowance, by its answer.

    A call that has stored something costs nothing: the store counts its rate. A refused call costs
    more.
    """
    allowed = session.allowance
    if allowed is None or (answer["ok"] and event in STORING):
        return
    calls = allowance.cost(packet)
    if not answer["ok"]:
        code = answer["error"]["code"]
        calls += allowance.BAD_TOKEN if code == Unauthorized.code else allowance.REFUSED
    allowed.spend(calls)


def _answer(gateway: Gateway, event: str, sid: str, *arguments: Any) -> dict[str, Any]:
    """Carry out a call; gives its acknowledgement."""
    return _answer_of(functools.partial(_carry_out, gateway, event, sid, arguments))


def _answer_of(carry_out: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The acknowledgement of what is carried out here: its fields, or its error."""
    try:
        return {"ok": True, **carry_out()}
    except Exception as error:
        return _refusal(error)


def _carry_out(
    gateway: Gateway, event: str, sid: str, arguments: tuple[Any, ...]
) -> dict[str, Any]:
    """Check the token and the rate of a call, and call its operation."""
    connection = gateway.connections.get(sid)
    if connection is None:
        raise Unauthorized(N_("This connection has ended."))
    if len(arguments) != 1 or not isinstance(arguments[0], dict):
        raise Invalid(N_("A call takes one object."))
    call = arguments[0]
    person = gateway.authorise(connection, call.get("token"))
    call_limits.count(gateway, event, person)
    operation = functools.partial(OPERATIONS[event], gateway, connection, person, call)
    if event not in STORING:
        return operation()
    return _retry_after_rejoin(gateway, connection, person, call, operation, operation)


def _retry_after_rejoin(
    gateway: Gateway,
    connection: Connection,
    person: Person,
    call: dict[str, Any],
    attempt: Callable[[], dict[str, Any]],
    retry: Callable[[], dict[str, Any]],
) -> dict[str, Any]:
    """What ``attempt()`` gives; if the connection's lease has expired, renew it and ``retry()``."""
    try:
        return attempt()
    except NotJoined:
        room_id = call.get("roomId")
        if room_id not in connection.rooms or not gateway.fanout.is_in(
            room_id, connection.lease_id
        ):
            raise
    # The connection is in the room. Its lease expired while this worker was held up.
    with connection.session.holding_later_calls():
        epoch = gateway.fanout.epoch(room_id)
        gateway.conversation.join_again(person, room_id, connection.sid, epoch)
        return retry()


def _refusal(error: Exception) -> dict[str, Any]:
    """The one place where the live side makes errors into acknowledgements."""
    if isinstance(error, MaruError):
        refusal = error
    elif isinstance(error, RedisError):
        # The heartbeat logs it once; here it would be logged for each call.
        log.debug("The store does not answer: %s", error)
        refusal = Unavailable(N_("The server cannot reach its store. Try again in a moment."))
    else:
        log.error("An event failed", exc_info=error)
        refusal = InternalError(N_("Something went wrong on the server."))
    return {"ok": False, "error": refusal.wire()}


def _unknown(event: str, sid: str, *arguments: Any) -> dict[str, Any]:
    return _refusal(Invalid(N_("There is no such event, or its arguments are not JSON.")))


def _connect(gateway: Gateway, sid: str, environ: dict[str, Any], auth: Any = None) -> None:
    """Raises python-socketio's ``ConnectionRefusedError``."""
    try:
        gateway.accept(sid, auth.get("token") if isinstance(auth, dict) else None)
    except Exception as failure:
        error = _refusal(failure)["error"]
        raise socketio.exceptions.ConnectionRefusedError(error["message"], error) from failure


def _disconnect(gateway: Gateway, sid: str, reason: str) -> None:
    gateway.connection_lost(sid)
