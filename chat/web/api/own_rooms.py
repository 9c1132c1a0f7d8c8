"""The HTTP API: the rooms that one belongs to, direct rooms, and what was said to one."""

import orjson
from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from chat import inbox, memberships, people, rooms
from chat.rooms import DIRECT
from chat.web.api.parsing import json_object, number
from chat.web.identity import caller
from chat.web.services import services

blueprint = Blueprint("api_own_rooms", __name__, url_prefix="/api")


@blueprint.get("/me/rooms")
def own_rooms() -> ResponseReturnValue:
    store, person = services().store, caller()
    rooms.check_may_chat(person)
    found = memberships.of_person(store, person)
    members = memberships.people_of_direct(store, person, (room for room, _ in found))
    ids = {user_id for listed in members.values() for user_id in listed}
    known = people.find_by_ids(store, sorted(ids))
    wire = []
    for room, membership in found:
        shown: dict[str, object] = {**room.wire(), "membership": membership.wire()}
        if room.kind == DIRECT:
            if room.room_id not in members:
                continue
            shown["people"] = [known[i].wire() for i in members[room.room_id] if i in known]
        wire.append(shown)
    return {"rooms": wire}


@blueprint.get("/me/mentions")
def mentions() -> ResponseReturnValue:
    asked = (request.args.get("cursor", ""), number("limit"))
    found, cursor = inbox.mentions(services().conversation, caller(), *asked)
    return {
        "mentions": [
            {
                "room": {"roomId": each.room.room_id, "name": each.room.name},
                "message": orjson.loads(each.message),
            }
            for each in found
        ],
        "next": cursor,
    }


@blueprint.post("/direct")
def direct() -> ResponseReturnValue:
    person, body = caller(), json_object()
    room, is_new = services().room_management.direct(person, body.get("people"))
    return room.wire(), 201 if is_new else 200
