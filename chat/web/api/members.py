"""The HTTP API: who belongs to a room, and what a room is to oneself."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from chat import people, people_search, room_members, rooms, validation
from chat.errors import N_, Invalid
from chat.people import Person
from chat.web.api.parsing import json_object, number
from chat.web.identity import caller
from chat.web.services import services

blueprint = Blueprint("api_members", __name__, url_prefix="/api/rooms/<room_id>")

#: Members on a page of the list, without a ``limit``.
_MEMBERS = 50
#: Pages of a search among all people that one for members looks through.
_SEARCHED = 5


@blueprint.get("/members")
def list_members(room_id: str) -> ResponseReturnValue:
    """Members by name; the cursor is the position in that order. With ``q`` those that it finds."""
    limit = number("limit")
    size = validation.whole_number(_MEMBERS if limit is None else limit, "limit", 1, 200)
    if "q" in request.args:
        return _sought(room_id, request.args["q"], size)
    cursor = request.args.get("cursor", "")
    if cursor and not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 9):
        raise Invalid(N_("That cursor is not one of ours."))
    store, start = services().store, int(cursor or 0)
    asked = room_members.page(room_id, start, size)
    _, [(page, total)] = rooms.read_within(store, caller(), room_id, asked)
    known = people.find_by_ids(store, [member.user_id for member in page])
    return {
        "members": [
            {
                **(
                    known[member.user_id].wire()
                    if member.user_id in known
                    else {"userId": member.user_id, "name": member.name}
                ),
                "role": member.role,
                **({"mutedUntil": member.muted_until} if member.is_muted else {}),
            }
            for member in page
        ],
        "next": str(start + size) if start + size < total else None,
    }


def _sought(room_id: str, q: str, size: int) -> ResponseReturnValue:
    """The members whose names ``q`` finds, as it finds people; without words all of a page."""
    store = services().store
    found: list[Person] = []
    cursor: str | None = ""
    for _ in range(_SEARCHED):
        people_found, cursor = people_search.page(store, q, cursor or "", 200)
        asked = room_members.of(room_id, [each.user_id for each in people_found])
        _, [members] = rooms.read_within(store, caller(), room_id, asked)
        ids = {member.user_id: member for member in members}
        found += [each for each in people_found if each.user_id in ids]
        if len(found) >= size or cursor is None:
            break
    return {"members": [each.wire() for each in found[:size]], "next": None}


@blueprint.put("/members/<person>")
def set_member(room_id: str, person: str) -> ResponseReturnValue:
    # The role of the person in Maru is another matter: this one is in the room.
    body = json_object() if request.content_length else {}
    role, muted_until = body.get("role"), body.get("mutedUntil")
    services().room_management.set_member(caller(), room_id, person, role, muted_until)
    return "", 204


@blueprint.delete("/members/<person>")
def remove_member(room_id: str, person: str) -> ResponseReturnValue:
    services().room_management.remove(caller(), room_id, person)
    return "", 204


@blueprint.post("/members/refuse")
def end_membership_and_block(room_id: str) -> ResponseReturnValue:
    services().room_management.end_membership_and_block(caller(), room_id)
    return "", 204


@blueprint.get("/bans")
def list_banned(room_id: str) -> ResponseReturnValue:
    store = services().store
    banned = services().room_management.banned(caller(), room_id)
    known = people.find_by_ids(store, list(banned))
    return {
        "banned": [
            {**known[user_id].wire(), "until": until or None}
            for user_id, until in banned.items()
            if user_id in known
        ]
    }


@blueprint.put("/bans/<person>")
def ban(room_id: str, person: str) -> ResponseReturnValue:
    body = json_object() if request.content_length else {}
    services().room_management.ban(caller(), room_id, person, body.get("until"))
    return "", 204


@blueprint.delete("/bans/<person>")
def unban(room_id: str, person: str) -> ResponseReturnValue:
    services().room_management.unban(caller(), room_id, person)
    return "", 204


@blueprint.patch("/membership")
def change_own(room_id: str) -> ResponseReturnValue:
    person, body = caller(), json_object()
    level, starred = body.get("level"), body.get("starred")
    return services().room_management.change_own(person, room_id, level, starred).wire()


@blueprint.put("/read")
def mark_read(room_id: str) -> ResponseReturnValue:
    person, body = caller(), json_object()
    return services().conversation.read_marks.mark(person, room_id, body.get("seq")).wire()
