"""The HTTP API: messages found by their words."""

import orjson
from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from chat.search import USUAL
from chat.web.api.parsing import number
from chat.web.found_messages import asked_query, found_messages
from chat.web.identity import caller
from chat.web.services import services

blueprint = Blueprint("api_search", __name__, url_prefix="/api")


@blueprint.get("/search")
def search() -> ResponseReturnValue:
    person = caller()
    limit = number("limit")
    hits, following = services().search.find(
        person,
        asked_query(person),
        request.args.get("roomId"),
        request.args.get("cursor", ""),
        USUAL if limit is None else limit,
    )
    found = [each.wire() for each in found_messages(person, hits)]
    return Response(orjson.dumps({"hits": found, "next": following}), mimetype="application/json")
