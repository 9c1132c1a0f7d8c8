"""Direct rooms: one writes to people, and is in the room that these people have."""

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from chat.web.identity import members_only
from chat.web.pages import addressees
from chat.web.pages.forms import done
from chat.web.services import services

blueprint = Blueprint("direct", __name__)
blueprint.before_request(members_only)


@blueprint.post("/direct", endpoint="open")
def open_direct() -> ResponseReturnValue:
    """``people`` are names, display names or userIds, with commas between."""
    others = addressees.several(services().store, request.form.get("people", ""))
    given = [person.user_id for person in others]
    room, _ = services().room_management.direct(current_user.person, given)
    address = url_for("pages.room", room_id=room.room_id)
    return done(address, then=address)
