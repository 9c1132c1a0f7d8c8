"""Who is asking: Flask-Login for pages, bearer tokens or the page's cookie for the API.

A login is a random id in the signed session cookie. Logging out revokes that id in the store, so
that a copy of the cookie is worth nothing, on any worker, and the tokens made from it neither.
"""

import logging
import time

from flask import Flask, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from flask_wtf import CSRFProtect

from chat import people, revocations
from chat.errors import N_, Unauthorized
from chat.people import Person
from chat.web import tokens
from chat.web.i18n import keep_language
from chat.web.rendering import render
from chat.web.security import LOGIN_LIFETIME, is_safe_next
from chat.web.services import services

csrf = CSRFProtect()

#: What has a limit of its own, where it is stored.
OWN_LIMITS = {
    "api.say": "MESSAGE_RATE",
    "api.edit": "MESSAGE_RATE",
    "api.delete_message": "MESSAGE_RATE",
    "api.react": "MESSAGE_RATE",
    "api.unreact": "MESSAGE_RATE",
    "api.create_room": "ROOM_RATE",
}

#: The version of the session. In those of the first, which said none, the id is a name.
_VERSION = 2

_LIFETIME_S = int(LOGIN_LIFETIME.total_seconds())


class LoggedIn(UserMixin):
    """The person who is logged in, as Flask-Login wants its user, with the id of the login."""

    def __init__(self, person: Person, login_id: str) -> None:
        self.person = person
        self.login_id = login_id

    @property
    def name(self) -> str:
        return self.person.name

    @property
    def shown(self) -> str:
        return self.person.shown

    @property
    def role(self) -> str:
        return self.person.role

    def get_id(self) -> str:
        return self.person.user_id


def init_app(app: Flask) -> None:
    """Find out by the cookie who makes a request."""
    csrf.init_app(app)
    # One line for each form without a token: anybody could fill the log with them.
    logging.getLogger("flask_wtf").setLevel(logging.WARNING)
    logins = LoginManager()
    # It would bind the session to the browser's address and name, of which the first changes with
    # every network a phone passes through, and the second tells nothing to a thief of cookies.
    logins.session_protection = None
    logins.user_loader(_load)
    logins.unauthorized_handler(to_login)
    # Templates are given current_user by ``render``: a context processor would ask the store even
    # for the page that says that the store is away.
    logins.init_app(app, add_context_processor=False)


def log_in(person: Person) -> None:
    """Begin a login for this browser, with nothing left of the session before."""
    session.clear()
    session.permanent = True
    session["login"] = revocations.new_login_id()
    session["since"] = int(time.time())
    session["generation"] = person.generation
    session["v"] = _VERSION
    login_user(LoggedIn(person, session["login"]))
    if person.language:
        keep_language(person.language)


def log_out() -> None:
    """End this browser's login, with its tokens and the sockets that use them."""
    if current_user.is_authenticated:
        revocations.revoke(services().store, current_user.login_id, _LIFETIME_S)
    logout_user()
    session.clear()


def members_only() -> ResponseReturnValue | None:
    """A ``before_request`` that lets only those through who may chat."""
    if not current_user.is_authenticated:
        return to_login()
    if not current_user.person.may_chat:
        return render("forbidden_guest.html"), 403
    count_call(current_user.person)
    return None


def count_call(person: Person) -> None:
    """Count this request against READ_RATE, unless a limit of its own counts it.

    Raises ``RateLimited``.
    """
    if request.endpoint not in OWN_LIMITS:
        services().store.ask_all(services().conversation.limiter.count("read", person.user_id))


def caller() -> Person:
    """Who calls the API. Raises ``Unauthorized`` and kin, ``CSRFError``, ``RateLimited``.

    The cookie alone proves only that the browser is theirs; so where it would change something,
    the CSRF header must show that the page is ours.
    """
    if "Authorization" in request.headers:
        person = tokens.verify_token(tokens.bearer()).person
    else:
        person = cookie_login().person
        csrf.protect()
    count_call(person)
    return person


def cookie_login() -> LoggedIn:
    """The login of the cookie. Raises ``Unauthorized``."""
    if not current_user.is_authenticated:
        raise Unauthorized(N_("Log in, or send an access token."))
    login: LoggedIn = current_user._get_current_object()
    return login


def to_login() -> ResponseReturnValue:
    """To the login page, and back from there to what a browser can simply open again."""
    target = request.root_path + request.full_path.rstrip("?")
    returns = request.method in ("GET", "HEAD") and is_safe_next(target, request.root_path)
    return redirect(url_for("auth.login", next=target if returns else None))


def _load(user_id: str) -> LoggedIn | None:
    """The person of a session cookie, or ``None`` when that login is over."""
    login, since = session.get("login"), session.get("since", 0)
    if not login or since + _LIFETIME_S < time.time():
        return None
    if revocations.is_revoked(services().store, login):
        return None
    if session.get("v") != _VERSION:
        # A name from before people had ids: it may be somebody else's by now.
        user_id = people.id_of_former(services().store, user_id)
    person = services().store.ask(people.person_question(user_id))
    if person is None or person.deactivated or person.generation != session.get("generation"):
        return None
    return LoggedIn(person, login)
