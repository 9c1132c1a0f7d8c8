"""The pages to log in, register and log out, and the settings of one's own account."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required

from chat import accounts as chat_accounts
from chat import invitations, people
from chat.errors import N_, Invalid, MaruError
from chat.people import Person
from chat.web import accounts, identity, own_messages
from chat.web.errors import problem, retry_after
from chat.web.i18n import LANGUAGES, keep_language
from chat.web.pages.forms import CredentialsForm, DeletionForm, Form, PasswordForm, ProfileForm
from chat.web.pages.forms import done as form_done
from chat.web.rendering import render
from chat.web.security import is_safe_next
from chat.web.services import services

blueprint = Blueprint("auth", __name__)


@blueprint.route("/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    return _enter(accounts.authenticate, _login_page)


@blueprint.route("/register", methods=["GET", "POST"])
def register() -> ResponseReturnValue:
    return _enter(accounts.register, _register_page)


@blueprint.post("/logout")
def logout() -> ResponseReturnValue:
    identity.log_out()
    return redirect(url_for("auth.login"))


@blueprint.post("/language")
def language() -> ResponseReturnValue:
    chosen = request.form.get("lang")
    if chosen not in LANGUAGES:
        raise Invalid(N_("A language is en or ko."))
    if current_user.is_authenticated:
        accounts.change(current_user.person, {"language": chosen})
    keep_language(chosen)
    return redirect(_next(request.form.get("next")))


@blueprint.route("/settings", methods=["GET", "POST"])
@login_required
def settings() -> ResponseReturnValue:
    if request.method != "POST":
        return _settings_page()
    form = PasswordForm()
    try:
        person = accounts.change_password(
            current_user.person, form.current.data, form.password.data
        )
    except MaruError as error:
        return _settings_page(error)
    identity.log_in(person)
    return _settings_page(done=True)


@blueprint.post("/settings/profile")
@login_required
def profile() -> ResponseReturnValue:
    form = ProfileForm()
    wanted = {
        "name": form.name.data,
        "displayName": form.display_name.data,
        "status": form.status.data,
        "timeZone": form.time_zone.data,
    }
    try:
        accounts.change(current_user.person, wanted)
    except MaruError as error:
        return _settings_page(error, about="profile")
    return redirect(url_for("auth.settings", saved=""))


@blueprint.get("/settings/messages")
@login_required
def download() -> ResponseReturnValue:
    return own_messages.download(current_user.person)


@blueprint.post("/settings/delete")
@login_required
def delete_account() -> ResponseReturnValue:
    """Whoever deletes the account types its name; capital letters do not matter."""
    form, person = DeletionForm(), current_user.person
    try:
        if not accounts.is_name_of(person, form.own_name.data):
            raise Invalid(N_("That is not the name of this account. Nothing was deleted."))
        accounts.delete(person, form.own_password.data)
    except MaruError as error:
        return _settings_page(error, about="deletion")
    identity.log_out()
    return form_done(url_for("auth.login", deleted=""))


def _enter(
    find: Callable[[object, object], Person], page: Callable[..., ResponseReturnValue]
) -> ResponseReturnValue:
    """Log in the person whom ``find`` gives for a name and a password, or show the page."""
    form = CredentialsForm(next=request.args.get("next"))
    if request.method == "POST":
        try:
            identity.log_in(find(form.name.data, form.password.data))
        except MaruError as error:
            return page(form, error)
    if current_user.is_authenticated:
        return redirect(_next(form.next.data))
    return page(form)


def _next(target: str | None) -> str:
    return target if target and is_safe_next(target, request.root_path) else url_for("pages.rooms")


def _login_page(form: CredentialsForm, error: MaruError | None = None) -> ResponseReturnValue:
    registration = services().settings.registration
    return _form_page(
        "login.html",
        error,
        form=form,
        wrong="",
        registration=registration,
        deleted="deleted" in request.args,
    )


def _register_page(form: CredentialsForm, error: MaruError | None = None) -> ResponseReturnValue:
    registration = services().settings.registration
    first = chat_accounts.nobody_yet(services().store)
    return _form_page(
        "register.html",
        error,
        form=form,
        wrong=_wrong(form, error),
        registration=registration,
        first=first,
    )


def _settings_page(
    error: MaruError | None = None, about: str = "password", done: bool = False
) -> ResponseReturnValue:
    """``about`` names the form that was sent: ``password``, ``profile`` or ``deletion``."""
    store, person = services().store, current_user.person
    form = PasswordForm(sent=about == "password")
    deletion = DeletionForm(sent=about == "deletion")
    profile = ProfileForm(
        sent=about == "profile",
        name=person.name,
        display_name=person.display_name,
        status=person.status,
        time_zone=person.time_zone,
    )
    forms: dict[str, Form] = {"password": form, "profile": profile, "deletion": deletion}
    blocked = people.find_by_ids(store, invitations.blocked(store, person))
    return _form_page(
        "settings.html",
        error,
        form=form,
        profile=profile,
        deletion=deletion,
        about=about,
        wrong=_wrong(forms[about], error),
        done=done,
        saved="saved" in request.args,
        person=person,
        blocked=sorted(other.name for other in blocked.values()),
    )


def _wrong(form: Form, error: MaruError | None) -> str:
    return form.wrong_field(error) if error else ""


def _form_page(template: str, error: MaruError | None, **context: Any) -> ResponseReturnValue:
    """The page with its form, and what was wrong with it, if anything was. ``wrong`` is the name of
    the field that it is about, or ``""``; ``about`` says which of several forms on the page."""
    page = render(template, problem=problem(error) if error else None, **context)
    return page if error is None else (page, error.status, retry_after(error))
