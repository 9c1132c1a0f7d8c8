"""The HTTP API: oneself, and other people."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from chat import people, people_search, person_ids, rooms
from chat.people import Person
from chat.web import accounts, own_messages
from chat.web.api.parsing import json_object, number
from chat.web.identity import caller
from chat.web.services import services

blueprint = Blueprint("api_people", __name__, url_prefix="/api")

#: People whose ids one call may give.
IDS_MAX = 200
#: People on a page, without a ``limit``.
_PEOPLE = 50


@blueprint.get("/me")
def own() -> ResponseReturnValue:
    return _own(caller())


@blueprint.patch("/me")
def change_own() -> ResponseReturnValue:
    return _own(accounts.change(caller(), json_object()))


@blueprint.get("/me/messages")
def own_said() -> ResponseReturnValue:
    return own_messages.download(caller())


@blueprint.post("/me/delete")
def delete_own() -> ResponseReturnValue:
    accounts.delete(caller(), json_object().get("password"))
    return "", 204


@blueprint.get("/people")
def list_people() -> ResponseReturnValue:
    """By name, or those whose userIds are given."""
    rooms.check_may_chat(caller())
    if "ids" in request.args:
        asked = request.args["ids"].split(",", IDS_MAX)[:IDS_MAX]
        known = people.find_by_ids(services().store, filter(person_ids.is_id, asked))
        return {"people": [person.wire() for person in known.values()], "next": None}
    limit = number("limit")
    q, cursor = request.args.get("q", ""), request.args.get("cursor", "")
    found, following = people_search.page(
        services().store, q, cursor, _PEOPLE if limit is None else limit
    )
    return {"people": [person.wire() for person in found], "next": following}


@blueprint.get("/people/<person>")
def get_person(person: str) -> ResponseReturnValue:
    rooms.check_may_chat(caller())
    return people.get(services().store, person).wire()


def _own(person: Person) -> dict[str, object]:
    """The person as he or she sees himself or herself: with the settings, which may be null."""
    return {**person.wire(), "language": person.language or None}
