"""The admins' page: who has an account, with which role, and whether it is active."""

from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from chat import account_state, erasing, people, people_search, validation
from chat.errors import N_, Forbidden, Invalid
from chat.people import Person
from chat.web.identity import members_only
from chat.web.pages.forms import done
from chat.web.rendering import render
from chat.web.services import services

blueprint = Blueprint("admin", __name__, url_prefix="/admin")
blueprint.before_request(members_only)

#: People on a page of the list.
_PEOPLE = 100
#: Characters of a search and of a cursor that a form leads back to.
_KEPT = 200


@blueprint.before_request
def admins_only() -> None:
    if not current_user.person.is_admin:
        raise Forbidden(N_("This page is for admins."))


@blueprint.get("", endpoint="people")
def list_people() -> ResponseReturnValue:
    q, cursor = request.args.get("q", ""), request.args.get("cursor", "")
    found, following = people_search.page(services().store, q, cursor, _PEOPLE, everyone=True)
    under_way = erasing.under_way(services().store)
    return render("people.html", people=found, next=following, q=q, erased=under_way)


@blueprint.post("/role")
def set_role() -> ResponseReturnValue:
    role = request.form.get("role", "")
    account_state.set_role(services().store, _given(), role, by=_me(), locale=_locale())
    return done(url_for("admin.people"))


@blueprint.post("/deactivate")
def deactivate() -> ResponseReturnValue:
    person = account_state.deactivate(services().store, _given(), by=_me(), locale=_locale())
    return _back(gettext("%(name)s is deactivated now.", name=person.shown))


@blueprint.post("/reactivate")
def reactivate() -> ResponseReturnValue:
    person = account_state.reactivate(services().store, _given(), by=_me())
    return _back(gettext("%(name)s is active again.", name=person.shown))


@blueprint.post("/delete")
def delete() -> ResponseReturnValue:
    """To delete an account an admin types its name; capital letters do not matter.

    ``what`` says what else is erased: see ``erasing.WHAT``.
    """
    store = services().store
    person = people.get(store, _given())
    if validation.fold(request.form.get("name", "")) != person.folded:
        raise Invalid(N_("That is not the name of this account. Nothing was deleted."))
    what = request.form.get("what") or erasing.ACCOUNT
    erasing.begin(store, person.user_id, what, by=_me(), locale=_locale())
    return _back(gettext("The account of %(name)s is deleted.", name=person.shown))


def _back(words: str) -> ResponseReturnValue:
    """To the list as it was searched, which says what was done."""
    flash(words)
    q, cursor = (request.form.get(name, "")[:_KEPT] or None for name in ("q", "cursor"))
    target = url_for("admin.people", q=q, cursor=cursor)
    return done(target, then=target)


def _me() -> Person:
    me: Person = current_user.person
    return me


def _locale() -> str:
    """The language in which those in the rooms are told who is gone."""
    return services().conversation.limits.locale


def _given() -> str:
    """The id or name of the person that the form is about."""
    return request.form.get("person", "")
