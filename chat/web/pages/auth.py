"""The pages to log in, register and log out, and the settings of one's own account."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required

from chat import memberships, people
from chat.errors import N_, Invalid, MaruError
from chat.people import Person
from chat.web import accounts, identity
from chat.web.errors import problem, retry_after
from chat.web.i18n import LANGUAGES
from chat.web.pages.forms import CredentialsForm, PasswordForm
from chat.web.rendering import render
from chat.web.security import is_safe_next, over_tls
from chat.web.services import services

blueprint = Blueprint("auth", __name__)

_YEAR = 365 * 24 * 60 * 60


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
    response = redirect(_next(request.form.get("next")))
    response.set_cookie(
        "lang",
        chosen,
        max_age=_YEAR,
        path=request.root_path or "/",
        secure=over_tls(),
        httponly=True,
        samesite="Lax",
    )
    return response


@blueprint.route("/settings", methods=["GET", "POST"])
@login_required
def settings() -> ResponseReturnValue:
    form = PasswordForm()
    if request.method == "GET":
        return _settings_page(form)
    try:
        person = accounts.change_password(
            current_user.person, form.current.data, form.password.data
        )
    except MaruError as error:
        return _settings_page(form, error)
    identity.log_in(person)
    return _settings_page(form, done=True)


def _enter(
    find: Callable[[object, object], Person], page: Callable[..., ResponseReturnValue]
) -> ResponseReturnValue:
    """Log in the user whom ``find`` gives for a name and a password, or show the page."""
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
    return _form_page("login.html", error, form=form, registration=registration)


def _register_page(form: CredentialsForm, error: MaruError | None = None) -> ResponseReturnValue:
    registration = services().settings.registration
    first = people.nobody_yet(services().store)
    return _form_page("register.html", error, form=form, registration=registration, first=first)


def _settings_page(
    form: PasswordForm, error: MaruError | None = None, done: bool = False
) -> ResponseReturnValue:
    name, role = current_user.name, current_user.role
    refused = memberships.refused(services().store, current_user.person)
    return _form_page(
        "settings.html", error, form=form, done=done, name=name, role=role, refused=refused
    )


def _form_page(template: str, error: MaruError | None, **context: Any) -> ResponseReturnValue:
    """The page with the form, and what was wrong with it, if anything was."""
    if error is None:
        return render(template, problem=None, **context)
    page = render(template, problem=problem(error), **context)
    return page, error.status, retry_after(error)
