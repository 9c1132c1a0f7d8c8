"""The HTTP API: rooms, who is in them, and what is said there."""

import orjson
from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from chat import directory, memberships, presence, rooms
from chat.web.api.parsing import json_object, message_number, number
from chat.web.identity import caller
from chat.web.services import services

blueprint = Blueprint("api", __name__, url_prefix="/api/rooms")

_ROOMS = 50


@blueprint.get("")
def list_rooms() -> ResponseReturnValue:
    person = caller()
    limit = number("limit")
    q, cursor = request.args.get("q", ""), request.args.get("cursor", "")
    found, following = directory.page(
        services().store, person, q, cursor, _ROOMS if limit is None else limit
    )
    return {"rooms": [room.wire() for room in found], "next": following}


@blueprint.post("")
def create_room() -> ResponseReturnValue:
    person, body = caller(), json_object()
    room = services().conversation.create(
        person,
        name=body.get("name"),
        private=body.get("private"),
        encrypted=body.get("encrypted"),
    )
    return room.wire(), 201


@blueprint.get("/<room_id>")
def get_room(room_id: str) -> ResponseReturnValue:
    return rooms.access(services().store, caller(), room_id).wire()


@blueprint.patch("/<room_id>")
def rename_room(room_id: str) -> ResponseReturnValue:
    person, body = caller(), json_object()
    return services().conversation.rename(person, room_id, body.get("name")).wire()


@blueprint.delete("/<room_id>")
def delete_room(room_id: str) -> ResponseReturnValue:
    services().conversation.close(caller(), room_id)
    return "", 204


@blueprint.get("/<room_id>/users")
def list_users(room_id: str) -> ResponseReturnValue:
    asked = presence.listing(room_id)
    _, [people] = rooms.read_within(services().store, caller(), room_id, asked)
    users = [{"name": name, "connections": connections} for name, connections in people]
    return {"users": users, "userCount": len(users)}


@blueprint.get("/<room_id>/members")
def list_members(room_id: str) -> ResponseReturnValue:
    asked = memberships.listing(room_id)
    _, [members] = rooms.read_within(services().store, caller(), room_id, asked)
    return {"members": members}


@blueprint.put("/<room_id>/members/<name>")
def add_member(room_id: str, name: str) -> ResponseReturnValue:
    services().conversation.invite(caller(), room_id, name)
    return "", 204


@blueprint.delete("/<room_id>/members/<name>")
def remove_member(room_id: str, name: str) -> ResponseReturnValue:
    services().conversation.remove(caller(), room_id, name)
    return "", 204


@blueprint.post("/<room_id>/members/refuse")
def leave_and_refuse(room_id: str) -> ResponseReturnValue:
    services().conversation.leave_and_refuse(caller(), room_id)
    return "", 204


@blueprint.get("/<room_id>/messages")
def list_messages(room_id: str) -> ResponseReturnValue:
    page = services().conversation.page(
        caller(),
        room_id,
        before=number("before"),
        after=number("after"),
        limit=number("limit"),
    )
    # The messages are JSON already, as they were said; they are not taken apart again here.
    rest = orjson.dumps({"epoch": page.epoch, "seq": page.seq, "more": page.more})
    body = b'{"messages":[' + b",".join(page.messages) + b"]," + rest[1:]
    return Response(body, mimetype="application/json")


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
