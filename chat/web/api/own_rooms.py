"""The HTTP API: the rooms that one belongs to, and direct rooms."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from chat import memberships, people, room_members, rooms
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
    direct = [room.room_id for room, _ in found if room.kind == DIRECT]
    asked = store.ask_together(*map(room_members.listed, direct))
    members = dict(zip(direct, asked, strict=True))
    ids = {member.user_id for listed in members.values() for member in listed}
    known = people.find(store, sorted(ids))
    wire = []
    for room, membership in found:
        shown: dict[str, object] = {**room.wire(), "membership": membership.wire()}
        if room.room_id in members:
            listed = [member.user_id for member in members[room.room_id]]
            shown["people"] = [known[i].wire() for i in listed if i in known]
        wire.append(shown)
    return {"rooms": wire}


@blueprint.post("/direct")
def direct() -> ResponseReturnValue:
    person, body = caller(), json_object()
    room, is_new = services().administration.direct(person, body.get("people"))
    return room.wire(), 201 if is_new else 200
