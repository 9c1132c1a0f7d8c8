"""What protects a browser and its person: cookies, headers, proxies, redirects."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from itsdangerous import SignatureExpired, TimestampSigner, URLSafeTimedSerializer

from chat.transport.forwarded import Forwarded
from chat.transport.http_rules import BODY_MAX, ResponseHeaders
from chat.web.base_path import BasePath
from chat.web.hosts import AllowedHosts
from chat.web.services import services
from config import Settings

#: How long a login lasts. It is not prolonged: a cookie of a login that was ended stays useless
#: because the store remembers the ended login for as long.
LOGIN_LIFETIME = timedelta(days=31)
#: The largest form in bytes; a password, its fields and where to go next, all escaped, fit.
FORM_MAX = 16 * 1024

#: Seconds that the clocks of two machines may be apart: what one has just signed is from the future
#: to the other.
CLOCKS_APART_S = 30

_NOT_IN_A_PATH = re.compile(r"[\x00-\x20\x7f-\x9f\\]")


class _Signer(TimestampSigner):
    """Takes what a machine has signed whose clock is ahead."""

    def unsign(self, signed: Any, max_age: Any = None, return_timestamp: bool = False) -> Any:
        value, signed_at = super().unsign(signed, return_timestamp=True)
        age = self.get_timestamp() - signed_at.timestamp()
        if max_age is not None and not -CLOCKS_APART_S <= age <= max_age:
            raise SignatureExpired("Signed too long ago, or in the future.", value, signed_at)
        return (value, signed_at) if return_timestamp else value


class _SessionCookie(SecureCookieSessionInterface):
    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        serializer = super().get_signing_serializer(app)
        if serializer is not None:
            serializer.signer = _Signer
        return serializer

    def get_cookie_secure(self, app: Flask) -> bool:
        return over_tls()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        # Static files are the same for everybody: "Vary: Cookie" would keep them from every cache.
        if request.endpoint != "static":
            super().save_session(app, session, response)


def init_app(app: Flask, settings: Settings) -> None:
    """Set up the cookies of sessions, and the largest form."""
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="maru_session",
        SESSION_COOKIE_PATH=settings.base_path or "/",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=LOGIN_LIFETIME,
        MAX_CONTENT_LENGTH=BODY_MAX,
        WTF_CSRF_TIME_LIMIT=None,
        # The check of the Referer adds nothing to a token that is bound to the session and to
        # SameSite, and turns away people behind proxies that rewrite Host or strip the Referer.
        WTF_CSRF_SSL_STRICT=False,
    )
    app.session_interface = _SessionCookie()
    # In front of all that answers, Socket.IO and the relay between workers included.
    hosts = frozenset(settings.allowed_hosts)
    asked = AllowedHosts(app.wsgi_app, hosts) if hosts else app.wsgi_app
    answered = ResponseHeaders(asked, tls=bool(settings.tls_cert))
    placed = BasePath(answered, settings.base_path) if settings.base_path else answered
    app.wsgi_app = Forwarded(placed, settings.trusted_proxies)  # type: ignore[method-assign]
    app.before_request(_bound_form)


def over_tls() -> bool:
    """Does the browser speak TLS with us, or with a proxy that we trust to say so?"""
    return bool(services().settings.tls_cert) or request.is_secure


def is_safe_next(target: str | None, base: str = "") -> bool:
    """May a browser be sent to ``target`` after it asked for it in a link?

    Only to an absolute path of this site, under ``base``, where Maru is. Browsers take ``//host``,
    ``/\\host`` and the same with control characters in between for another site. Logging out right
    after logging in helps nobody.
    """
    if not target or not target.startswith("/") or target.startswith("//"):
        return False
    if len(target) > 2000 or _NOT_IN_A_PATH.search(target):
        return False
    path = urlsplit(target).path
    if base and path != base and not path.startswith(f"{base}/"):
        return False
    return path.rstrip("/") != f"{base}/logout"


def _bound_form() -> None:
    # Reading a form costs far more than reading JSON of the same size: it may be all separators.
    if request.mimetype in ("application/x-www-form-urlencoded", "multipart/form-data"):
        request.max_content_length = FORM_MAX
