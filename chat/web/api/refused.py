"""The HTTP API: whose invitations to rooms one refuses."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from chat import ids, invitations, people, validation
from chat.web.identity import caller
from chat.web.services import services

blueprint = Blueprint("api_refused", __name__, url_prefix="/api/refused")


@blueprint.get("")
def list_refused() -> ResponseReturnValue:
    store = services().store
    refused = invitations.refused(store, caller())
    known = people.find_by_ids(store, refused)
    # Of an account that the store has lost the id is left, by which it can be taken back.
    names = {user_id: known[user_id].name if user_id in known else user_id for user_id in refused}
    return {
        "refused": sorted(names.values()),
        "people": [person.wire() for person in known.values()],
    }


@blueprint.delete("/<person>")
def accept_again(person: str) -> ResponseReturnValue:
    store, user = services().store, caller()
    other = people.find(store, person)
    user_id = other.user_id if other else person
    if not ids.is_id(user_id):
        validation.person_name(person)
    invitations.accept_again(store, user, user_id)
    return "", 204
