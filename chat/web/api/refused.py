"""The HTTP API: whose invitations to private rooms one refuses."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from chat import memberships
from chat.web.identity import caller
from chat.web.services import services

blueprint = Blueprint("api_refused", __name__, url_prefix="/api/refused")


@blueprint.get("")
def list_refused() -> ResponseReturnValue:
    return {"refused": memberships.refused(services().store, caller())}


@blueprint.delete("/<name>")
def accept_again(name: str) -> ResponseReturnValue:
    memberships.accept_again(services().store, caller(), name)
    return "", 204
