"""The HTTP API: rooms, who is in them, and what is said there."""

import orjson
from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from chat import presence, room_directory, rooms
from chat.web.api.parsing import json_object, message_number, number
from chat.web.identity import caller
from chat.web.services import services

blueprint = Blueprint("api", __name__, url_prefix="/api/rooms")

#: Rooms on a page, without a ``limit``.
_ROOMS = 50


@blueprint.get("")
def list_rooms() -> ResponseReturnValue:
    person = caller()
    limit = number("limit")
    q, cursor = request.args.get("q", ""), request.args.get("cursor", "")
    found, following = room_directory.page(
        services().store, person, q, cursor, _ROOMS if limit is None else limit
    )
    return {"rooms": [room.wire() for room in found], "next": following}


@blueprint.post("")
def create_room() -> ResponseReturnValue:
    person, body = caller(), json_object()
    room = services().room_management.create(
        person,
        name=body.get("name"),
        private=body.get("private"),
        encrypted=body.get("encrypted"),
    )
    return room.wire(), 201


@blueprint.get("/<room_id>")
def get_room(room_id: str) -> ResponseReturnValue:
    return rooms.access(services().store, caller(), room_id).room.wire()


@blueprint.patch("/<room_id>")
def change_room(room_id: str) -> ResponseReturnValue:
    person, body = caller(), json_object()
    name, description = body.get("name"), body.get("description")
    changed = services().room_management.change(
        person, room_id, name, description, body.get("archived"), body.get("historyDays")
    )
    return changed.wire()


@blueprint.delete("/<room_id>")
def delete_room(room_id: str) -> ResponseReturnValue:
    services().room_management.close(caller(), room_id)
    return "", 204


@blueprint.get("/<room_id>/users")
def list_users(room_id: str) -> ResponseReturnValue:
    asked = presence.present(room_id)
    _, [here] = rooms.read_within(services().store, caller(), room_id, asked)
    users = [
        {"name": each.name, "userId": each.user_id, "connections": each.connections}
        for each in here
    ]
    return {"users": users, "userCount": len(users)}


@blueprint.get("/<room_id>/messages")
def list_messages(room_id: str) -> ResponseReturnValue:
    person, conversation = caller(), services().conversation
    before, after, limit = number("before"), number("after"), number("limit")
    around = number("around")
    if around is None:
        page = conversation.page(person, room_id, before, after, limit)
        return _messages(page.messages, page.epoch, page.seq, more=page.more)
    found = conversation.around(person, room_id, around, limit, others=(before, after))
    more = {"moreBefore": found.more_before, "moreAfter": found.more_after}
    return _messages(found.messages, found.epoch, found.seq, **more)


def _messages(messages: list[bytes], epoch: str, seq: int, **more: bool) -> Response:
    # The messages are JSON already, as they were said; they are not taken apart again here.
    rest = orjson.dumps({"epoch": epoch, "seq": seq, **more})
    body = b'{"messages":[' + b",".join(messages) + b"]," + rest[1:]
    return Response(body, mimetype="application/json")


@blueprint.get("/<room_id>/messages/<seq>")
def get_message(room_id: str, seq: str) -> ResponseReturnValue:
    found = services().conversation.one(caller(), room_id, message_number(seq))
    return Response(found, mimetype="application/json")


@blueprint.post("/<room_id>/messages")
def say(room_id: str) -> ResponseReturnValue:
    person, body = caller(), json_object()
    acknowledgement = services().conversation.talk(
        person, room_id, text=body.get("message"), client_id=body.get("clientId")
    )
    return acknowledgement, 201


@blueprint.patch("/<room_id>/messages/<seq>")
def edit(room_id: str, seq: str) -> ResponseReturnValue:
    person, body = caller(), json_object()
    changed = services().conversation.edit(
        person,
        room_id,
        message_number(seq),
        text=body.get("message"),
        client_id=body.get("clientId"),
    )
    return {"seq": changed}


@blueprint.delete("/<room_id>/messages/<seq>")
def delete_message(room_id: str, seq: str) -> ResponseReturnValue:
    deleted = services().conversation.delete(
        caller(), room_id, message_number(seq), client_id=request.args.get("clientId")
    )
    return {"seq": deleted}


@blueprint.put("/<room_id>/messages/<seq>/reactions/<emoji>")
def react(room_id: str, seq: str, emoji: str) -> ResponseReturnValue:
    return {"seq": _react(room_id, seq, emoji, True)}


@blueprint.delete("/<room_id>/messages/<seq>/reactions/<emoji>")
def unreact(room_id: str, seq: str, emoji: str) -> ResponseReturnValue:
    return {"seq": _react(room_id, seq, emoji, False)}


def _react(room_id: str, seq: str, emoji: str, on: bool) -> int:
    return services().conversation.react(
        caller(),
        room_id,
        message_number(seq),
        emoji,
        on,
        client_id=request.args.get("clientId"),
    )
