"""The page of search: messages with these words, and filters that complete as one types.

The panel beside a conversation (static/js/panels/search.js) shows a part of the same page.
"""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from chat import rooms
from chat.errors import MaruError, RateLimited
from chat.people import Person
from chat.rooms import Room
from chat.web.errors import problem
from chat.web.found_messages import asked_query, found_messages
from chat.web.identity import members_only
from chat.web.rendering import render
from chat.web.services import services

blueprint = Blueprint("search", __name__)
blueprint.before_request(members_only)

#: What the form gives, besides the cursor.
_FIELDS = ("q", "from", "in", "since", "until", "has", "roomId")


@blueprint.get("/search")
def search() -> ResponseReturnValue:
    given = {name: request.args[name] for name in _FIELDS if request.args.get(name, "").strip()}
    within, found, following, wrong = None, [], None, None
    status = 200
    try:
        if "roomId" in given:
            within = _within(given["roomId"])
        if given.keys() - {"roomId"}:
            hits, following = services().search.find(
                _me(), asked_query(_me()), given.get("roomId"), request.args.get("cursor", "")
            )
            found = found_messages(_me(), hits)
    except RateLimited:
        raise
    except MaruError as error:
        wrong, status = problem(error), error.status
    page = render(
        "search.html",
        page={"people": {each.hit.said.sender_id: each.sender for each in found}},
        given=given,
        is_asked=bool(given.keys() - {"roomId"}) and wrong is None,
        within=within,
        found=found,
        next=following,
        problem=wrong,
    )
    return page, status


def _within(room_id: str) -> Room:
    """The one room that is searched. Raises ``NotFound``, ``Forbidden``."""
    return rooms.access(services().store, _me(), room_id).room


def _me() -> Person:
    me: Person = current_user.person
    return me
