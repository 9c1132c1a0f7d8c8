"""The HTTP API: accounts and tokens."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from chat import sessions
from chat.users import User
from chat.web import accounts, tokens
from chat.web.api.parsing import json_object
from chat.web.identity import cookie_login, count_call
from chat.web.parts import parts

blueprint = Blueprint("api_tokens", __name__, url_prefix="/api")


@blueprint.post("/register")
def register() -> ResponseReturnValue:
    body = json_object()
    user = accounts.register(body.get("name"), body.get("password"))
    return {"name": user.name, "role": user.role}, 201


@blueprint.post("/token")
def log_in() -> ResponseReturnValue:
    body = json_object()
    user = accounts.authenticate(body.get("name"), body.get("password"))
    family = sessions.new_id()
    refresh = tokens.refresh_token(user, family)
    return {"name": user.name, "refreshToken": refresh, **_access(user, family)}


@blueprint.get("/token")
def token_of_login() -> ResponseReturnValue:
    """A token for the page's own script, which lives no longer than the login."""
    login = cookie_login()
    count_call(login.user)
    return {"name": login.name, **_access(login.user, login.session_id)}


@blueprint.post("/token/refresh")
def refresh() -> ResponseReturnValue:
    caller = tokens.verify_refresh_token(tokens.bearer())
    count_call(caller.user)
    return _access(caller.user, caller.session)


@blueprint.post("/token/revoke")
def revoke() -> ResponseReturnValue:
    tokens.revoke(tokens.bearer())
    return "", 204


def _access(user: User, session: str) -> dict[str, object]:
    token = tokens.access_token(user, session)
    return {"accessToken": token, "expiresIn": parts().settings.token_seconds}
