"""The HTTP API: the inviters that one has blocked."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from chat import invitations, people, person_ids, validation
from chat.web.identity import caller
from chat.web.services import services

blueprint = Blueprint("api_blocked_inviters", __name__, url_prefix="/api/refused")


@blueprint.get("")
def list_blocked() -> ResponseReturnValue:
    store = services().store
    blocked = invitations.blocked(store, caller())
    known = people.find_by_ids(store, blocked)
    # Of an account that the store has lost the id is left, by which it can be taken back.
    names = {user_id: known[user_id].name if user_id in known else user_id for user_id in blocked}
    return {
        "refused": sorted(names.values()),
        "people": [person.wire() for person in known.values()],
    }


@blueprint.delete("/<person>")
def unblock(person: str) -> ResponseReturnValue:
    store = services().store
    other = people.find(store, person)
    user_id = other.user_id if other else person
    if not person_ids.is_id(user_id):
        validation.person_name(person)
    invitations.unblock(store, caller(), user_id)
    return "", 204
