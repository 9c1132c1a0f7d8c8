"""What went wrong, as a page or as JSON: the one place of the web where errors become answers."""

import math
from typing import Any

from flask import Flask, Response, current_app, jsonify, make_response, request
from flask.globals import request_ctx
from flask_babel import gettext
from flask_login import AnonymousUserMixin, UserMixin, current_user
from flask_wtf.csrf import CSRFError
from redis.exceptions import RedisError
from werkzeug.exceptions import HTTPException

from chat.errors import N_, Invalid, MaruError, RateLimited, Unavailable, wire_error
from chat.web.i18n import language
from chat.web.rendering import render

#: HTTP status -> code on the wire, for what Flask itself refuses.
_CODES = {
    400: "invalid",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "invalid",
    409: "conflict",
    413: "too_long",
    415: "invalid",
    429: "rate_limited",
    503: "unavailable",
}
#: HTTP status -> title and explanation of the page.
_PAGES = {
    400: (N_("That did not work"), N_("Something in what was sent could not be understood.")),
    401: (N_("Please log in"), N_("This needs somebody who is logged in.")),
    403: (N_("Not for you"), N_("You may not see or do this.")),
    404: (N_("Nothing here"), N_("There is no such page, or it is not for you to see.")),
    405: (N_("Nothing here"), N_("This address is not there for that.")),
    409: (N_("That did not work"), N_("Something has changed in the meantime. Try again.")),
    413: (N_("Too long"), N_("What was sent is longer than allowed.")),
    429: (N_("Too fast"), N_("Wait a moment and try again.")),
    500: (
        N_("Something broke"),
        N_("It is not your fault. It has been noted in the server's log."),
    ),
    503: (N_("One moment, please"), N_("The server cannot reach its store. Try again shortly.")),
}
#: Forms that are sent without being logged in.
_FOR_ANYBODY = ("auth.login", "auth.register", "auth.language")
_STALE_FORM = N_(
    "This form is too old, or did not come from this site. Go back, reload the page and try again."
)


def init_app(app: Flask) -> None:
    """Make errors of the domain, the store and HTTP into answers."""
    app.register_error_handler(MaruError, _refused)
    app.register_error_handler(RedisError, _store_away)
    app.register_error_handler(CSRFError, _forged_or_stale)
    # Flask logs whatever nobody expected, and hands it on as an InternalServerError.
    app.register_error_handler(HTTPException, _http_error)


def is_api() -> bool:
    """Does the request want JSON, whatever happens?"""
    return request.path == "/api" or request.path.startswith("/api/")


def from_script() -> bool:
    """Does a page's script send its form, and show the answer beside it?"""
    return request.headers.get("Accept") == "application/json"


def problem(error: MaruError) -> str:
    """The error in the language of the page."""
    translated: str = gettext(error.message, **error.params)
    return translated


def retry_after(error: MaruError) -> dict[str, str]:
    """The header that tells when to come back, for errors that pass by waiting."""
    if isinstance(error, RateLimited):
        return {"Retry-After": str(math.ceil(error.retry_after))}
    return {}


def json_error(error: MaruError) -> Response:
    """``{"error": {"code", "message"}}`` with the error's status and headers.

    Programs get it in English, a form of a page in the language of the page. The form's script
    shows the sentence only if ``Content-Language`` says so: others in front of the app have none.
    """
    response = _json({**error.wire(), **({} if is_api() else {"message": problem(error)})})
    response.status_code = error.status
    response.headers.update(retry_after(error))
    if error.status == 401:
        # RFC 6750, section 3: say which scheme, and say more only of a token that was there.
        given = "Authorization" in request.headers
        challenge = 'Bearer realm="maru"' + (', error="invalid_token"' if given else "")
        response.headers["WWW-Authenticate"] = challenge
    return response


def _json(error: dict[str, object]) -> Response:
    response = jsonify(error=error)
    if not is_api():
        response.headers["Content-Language"] = language()
    return response


def _refused(error: MaruError) -> Response:
    if is_api() or from_script():
        return json_error(error)
    response = _page(error.status, problem(error))
    response.headers.update(retry_after(error))
    return response


def _store_away(error: RedisError) -> Response:
    away = Unavailable(_PAGES[503][1])
    if is_api() or from_script():
        return json_error(away)
    # The caller cannot be found without the store, and another look would only fail again.
    return _page(503, problem(away), current_user=AnonymousUserMixin())


def _forged_or_stale(error: CSRFError) -> Response:
    if is_api():
        return _http_error(error)
    if request.endpoint not in _FOR_ANYBODY and not _who_asks().is_authenticated:
        # The login ended while the page was open: that is what to mend.
        return make_response(current_app.login_manager.unauthorized())  # type: ignore[attr-defined]
    if from_script():
        return json_error(Invalid(_STALE_FORM))
    return _page(400, gettext(_STALE_FORM))


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    if is_api() or from_script():
        code = _CODES.get(status, "invalid" if status < 500 else "error")
        sentence = _sentence(status, error) if is_api() else gettext(_usual(status)[1])
        response = _json(wire_error(code, sentence))
        response.status_code = status
    else:
        response = _page(status)
    if status == 405:
        response.headers["Allow"] = ", ".join(getattr(error, "valid_methods", None) or ())
    return response


def _sentence(status: int, error: HTTPException) -> str:
    """What was said where the error was raised, or else what we say of that status."""
    if error.description and error.description != type(error).description:
        return error.description
    return _PAGES.get(status, (error.name, error.name))[1]


def _usual(status: int) -> tuple[str, str]:
    """Title and explanation of the page for this status."""
    return _PAGES.get(status, _PAGES[400 if status < 500 else 500])


def _page(status: int, explanation: str | None = None, **context: Any) -> Response:
    title, usual = _usual(status)
    if request_ctx.url_adapter is None:
        # Flask makes none for a Host that is no name; the page's own addresses need no host.
        request_ctx.url_adapter = current_app.url_map.bind("localhost", request.root_path)
    context.setdefault("current_user", _who_asks())
    html = render(
        "error.html",
        code=status,
        title=gettext(title),
        explanation=explanation or gettext(usual),
        **context,
    )
    return make_response(html, status)


def _who_asks() -> UserMixin | AnonymousUserMixin:
    """The person who asked; nobody, where the store cannot tell: an error page must not fail."""
    try:
        person: UserMixin | AnonymousUserMixin = current_user._get_current_object()
        return person
    except RedisError:
        return AnonymousUserMixin()
