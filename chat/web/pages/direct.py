"""Direct rooms: one writes to people, and is in the room that these people have."""

import re

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from chat.web.identity import members_only
from chat.web.pages.forms import done
from chat.web.services import services

blueprint = Blueprint("direct", __name__)
blueprint.before_request(members_only)


@blueprint.post("/direct", endpoint="open")
def open_direct() -> ResponseReturnValue:
    """``people`` are names or userIds with spaces or commas between; names contain neither."""
    typed = re.split(r"[\s,;、，]+", request.form.get("people", ""))
    given = [name.removeprefix("@") for name in typed if name]
    room, _ = services().administration.direct(current_user.person, given)
    address = url_for("pages.room", room_id=room.room_id)
    return done(address, then=address)
