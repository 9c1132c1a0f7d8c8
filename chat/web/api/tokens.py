"""The HTTP API: accounts and tokens."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from chat import revocations
from chat.people import Person
from chat.web import accounts, tokens
from chat.web.api.parsing import json_object
from chat.web.identity import cookie_login, count_call
from chat.web.services import services

blueprint = Blueprint("api_tokens", __name__, url_prefix="/api")


@blueprint.post("/register")
def register() -> ResponseReturnValue:
    body = json_object()
    person = accounts.register(body.get("name"), body.get("password"))
    return {"userId": person.user_id, "name": person.name, "role": person.role}, 201


@blueprint.post("/token")
def log_in() -> ResponseReturnValue:
    body = json_object()
    person = accounts.authenticate(body.get("name"), body.get("password"))
    family = revocations.new_login_id()
    refresh = tokens.refresh_token(person, family)
    return {**_who(person), "refreshToken": refresh, **_access(person, family)}


@blueprint.get("/token")
def token_of_login() -> ResponseReturnValue:
    """A token for the page's own script, which lives no longer than the login."""
    login = cookie_login()
    count_call(login.person)
    return {**_who(login.person), **_access(login.person, login.login_id)}


@blueprint.post("/token/refresh")
def refresh() -> ResponseReturnValue:
    caller = tokens.verify_refresh_token(tokens.bearer())
    count_call(caller.person)
    return _access(caller.person, caller.login_id)


@blueprint.post("/token/revoke")
def revoke() -> ResponseReturnValue:
    tokens.revoke(tokens.bearer())
    return "", 204


def _who(person: Person) -> dict[str, object]:
    return {"userId": person.user_id, "name": person.name}


def _access(person: Person, login_id: str) -> dict[str, object]:
    token = tokens.access_token(person, login_id)
    return {"accessToken": token, "expiresIn": services().settings.token_seconds}
