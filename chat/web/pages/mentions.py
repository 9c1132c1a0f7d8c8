"""What was said to oneself, in all rooms."""

import orjson
from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from chat import inbox, people
from chat.web.identity import members_only
from chat.web.pages.message_rows import message_rows, people_of
from chat.web.rendering import render
from chat.web.services import services

blueprint = Blueprint("mentions", __name__)
blueprint.before_request(members_only)


@blueprint.get("/mentions", endpoint="list")
def own_mentions() -> ResponseReturnValue:
    cursor = request.args.get("cursor", "")
    found, following = inbox.mentions(services().conversation, current_user.person, cursor)
    talks = [orjson.loads(each.message) for each in found]
    known = people.find_by_ids(services().store, people_of(talks))
    shown = {user_id: person.shown for user_id, person in known.items()}
    gone = {user_id: person.gone for user_id, person in known.items() if person.gone}
    rows = [message_rows([talk], shown, gone)[0] for talk in talks]
    rooms = [each.room for each in found]
    return render("mentions.html", mentions=list(zip(rooms, rows, strict=True)), next=following)
