"""The admins' page: who has an account, and with which role."""

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from chat import people
from chat.errors import N_, Forbidden
from chat.web.identity import members_only
from chat.web.pages.forms import done
from chat.web.rendering import render
from chat.web.services import services

blueprint = Blueprint("admin", __name__, url_prefix="/admin")
blueprint.before_request(members_only)


@blueprint.before_request
def admins_only() -> None:
    if not current_user.person.is_admin:
        raise Forbidden(N_("This page is for admins."))


@blueprint.get("", endpoint="people")
def list_people() -> ResponseReturnValue:
    return render("people.html", users=people.everyone(services().store))


@blueprint.post("/role")
def set_role() -> ResponseReturnValue:
    people.set_role(services().store, request.form.get("name", ""), request.form.get("role", ""))
    return done(url_for("admin.people"))
