"""The HTTP API: the rooms that one belongs to, and direct rooms."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from chat import memberships, people, rooms
from chat.rooms import DIRECT
from chat.web.api.parsing import json_object
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


@blueprint.post("/direct")
def direct() -> ResponseReturnValue:
    person, body = caller(), json_object()
    room, is_new = services().room_management.direct(person, body.get("people"))
    return room.wire(), 201 if is_new else 200
