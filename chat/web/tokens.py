"""Access and refresh tokens: made, verified, revoked.

A token is a JWT (HS256) with ``sub`` (the userId), ``v`` (2), ``jti``, ``type``, ``gen`` (the
person's generation: a changed password ends those of before) and ``sid``. That is OpenID Connect's
claim for the id of a login, and no ``sid`` of Socket.IO: the login that a page's token was made
from, or the family of an API client's tokens, which is everything that comes of one
``POST /api/token``. Revoking a ``sid`` revokes all of its tokens.
"""

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Flask, Response, request
from flask_jwt_extended import JWTManager, create_access_token, create_refresh_token, decode_token
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt.exceptions import ExpiredSignatureError, PyJWTError

from chat import people, rate_limit, revocations, validation
from chat.errors import N_, MaruError, TokenExpired, TokenRevoked, Unauthorized
from chat.people import Person
from chat.web.errors import json_error
from chat.web.security import CLOCKS_APART_S
from chat.web.services import services
from config import Settings

REFRESH_LIFETIME = timedelta(days=30)
#: Characters of a token that is looked at; the longest of ours has some 1,000.
_LONGEST = 4_096
#: Tokens that one person may revoke in a minute on average, and at once: a revocation is kept for
#: as long as the token would have lived, and is told to every worker.
_REVOCATIONS, _REVOCATIONS_AT_ONCE = 10, 100
#: What every token of ours says, and as what.
_CLAIMS = {"sub": str, "jti": str, "sid": str, "type": str, "exp": int}

#: The version of the claims. In those of the first, which said none, ``sub`` is a name.
_VERSION = 2
#: In place of a version: the token was made by a site around Maru, without ``gen``.
_BY_OTHERS = 0

_MISSING = N_("Send an access token: Authorization: Bearer <token>.")
_INVALID = N_("That token is not valid.")
_EXPIRED = N_("That token has expired.")
_REVOKED = N_("That token has been revoked.")


@dataclass(frozen=True)
class Caller:
    """The person of a token. ``expires_at`` is in ms since 1970."""

    person: Person
    jti: str
    login_id: str
    expires_at: int


def init_app(app: Flask, settings: Settings) -> None:
    """Sign and verify tokens."""
    app.config.update(
        JWT_SECRET_KEY=settings.jwt_secret_key,
        JWT_ALGORITHM="HS256",
        JWT_DECODE_ALGORITHMS=["HS256"],
        JWT_TOKEN_LOCATION=["headers"],
        JWT_COOKIE_CSRF_PROTECT=False,
        # One machine's new token is from the future to another whose clock is a little behind.
        JWT_DECODE_LEEWAY=CLOCKS_APART_S,
        JWT_ENCODE_NBF=False,
        JWT_ACCESS_TOKEN_EXPIRES=timedelta(seconds=settings.token_seconds),
        JWT_REFRESH_TOKEN_EXPIRES=REFRESH_LIFETIME,
    )
    manager = JWTManager(app)

    # Whatever the extension itself refuses takes the same shape as what is refused here.
    def refuse(error: type[MaruError], message: str) -> Response:
        return json_error(error(message))

    manager.unauthorized_loader(lambda reason: refuse(Unauthorized, _MISSING))
    manager.invalid_token_loader(lambda reason: refuse(Unauthorized, _INVALID))
    manager.token_verification_loader(_check_end)
    manager.user_lookup_error_loader(lambda header, claims: refuse(Unauthorized, _INVALID))
    manager.token_verification_failed_loader(lambda header, claims: refuse(Unauthorized, _INVALID))
    manager.needs_fresh_token_loader(lambda header, claims: refuse(Unauthorized, _INVALID))
    manager.expired_token_loader(lambda header, claims: refuse(TokenExpired, _EXPIRED))
    manager.revoked_token_loader(lambda header, claims: refuse(TokenRevoked, _REVOKED))


def bearer() -> str:
    """The token of the request's ``Authorization`` header. Raises ``Unauthorized``."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthorized(_MISSING)
    return token.strip()


def access_token(person: Person, login_id: str) -> str:
    """A token of this person that is valid for TOKEN_SECONDS."""
    token: str = create_access_token(person.user_id, additional_claims=_claims(person, login_id))
    return token


def refresh_token(person: Person, login_id: str) -> str:
    """A token that only fetches access tokens, for 30 days."""
    token: str = create_refresh_token(person.user_id, additional_claims=_claims(person, login_id))
    return token


def verify_token(token: object) -> Caller:
    """The person of an access token now; it needs no request, only an app context.

    It is read from the store, so the role is the present one. Raises ``Unauthorized`` for anything
    but a token that this server made and whose person still exists, ``TokenExpired`` and
    ``TokenRevoked``.
    """
    return _verify(token, "access")


def verify_refresh_token(token: object) -> Caller:
    """The same for a refresh token."""
    return _verify(token, "refresh")


def revoke(token: object) -> None:
    """Revoke an access token, or with a refresh token its whole family.

    Raises as verifying, and ``RateLimited``.
    """
    claims = _decode(token)
    if revocations.is_revoked(services().store, claims["jti"], claims["sid"]):
        raise TokenRevoked(_REVOKED)
    subject = validation.fold(claims["sub"])
    rate_limit.throttle(
        services().store, "revoke", subject, _REVOCATIONS, 60, burst=_REVOCATIONS_AT_ONCE
    )
    if claims["type"] == "access":
        revoked_id, rest = claims["jti"], 0
    else:
        # The last access token of the family may outlive the refresh token by its own lifetime.
        revoked_id, rest = claims["sid"], services().settings.token_seconds
    seconds = int(claims["exp"] - time.time()) + rest + CLOCKS_APART_S
    revocations.revoke(services().store, revoked_id, seconds)


def _claims(person: Person, login_id: str) -> dict[str, object]:
    return {"v": _VERSION, "sid": login_id, "gen": person.generation}


def _verify(token: object, kind: str) -> Caller:
    claims = _decode(token)
    if claims["type"] != kind:
        raise Unauthorized(_INVALID)
    person, *revoked = services().store.ask_all(
        [
            people.person_question(_user_id(claims)),
            revocations.revocation(claims["jti"]),
            revocations.revocation(claims["sid"]),
        ]
    )
    if any(revoked):
        raise TokenRevoked(_REVOKED)
    if person is None:
        raise Unauthorized(_INVALID)
    if person.deactivated or claims["gen"] != person.generation:
        raise TokenRevoked(_REVOKED)
    return Caller(person, claims["jti"], claims["sid"], claims["exp"] * 1000)


def _user_id(claims: dict[str, Any]) -> str:
    """The userId in the claims; ``""`` for nobody.

    A name may be somebody else's by now: those of our own tokens, from before people had ids, are
    looked up as they were then. A site around Maru vouches for the name that it writes.
    """
    if claims["v"] == _VERSION:
        return str(claims["sub"])
    if claims["v"] is None:
        return people.id_of_former(services().store, claims["sub"])
    person = people.find(services().store, claims["sub"]) if claims["v"] == _BY_OTHERS else None
    return person.user_id if person else ""


def _decode(token: object) -> dict[str, Any]:
    """The claims of a token that is genuine and has not expired."""
    if not isinstance(token, str) or len(token) > _LONGEST or not token.isascii():
        raise Unauthorized(_INVALID)
    try:
        claims: dict[str, Any] = decode_token(token)
    except ExpiredSignatureError:
        raise TokenExpired(_EXPIRED) from None
    except (PyJWTError, JWTExtendedException, RecursionError):
        # RecursionError: JSON that is nested too deep, which is parsed before the signature counts.
        raise Unauthorized(_INVALID) from None
    # A site around Maru that has the same key may make tokens with the extension alone.
    version = claims.get("v") if "gen" in claims else _BY_OTHERS
    claims = {"sid": claims.get("jti"), "gen": 0, **claims, "v": version}
    has_claims = all(isinstance(claims.get(claim), kind) for claim, kind in _CLAIMS.items())
    if not has_claims or len(claims["sub"]) > validation.NAME_MAX:
        raise Unauthorized(_INVALID)
    _check_end({}, claims)
    return claims


def _check_end(header: dict[str, Any], claims: dict[str, Any]) -> bool:
    """The leeway of the library is for ``iat`` and ``nbf``, and not for ``exp``."""
    if isinstance(claims.get("exp"), int) and claims["exp"] <= time.time():
        raise TokenExpired(_EXPIRED)
    return True
