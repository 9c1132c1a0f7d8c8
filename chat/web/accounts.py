"""Logging in and registering, as the pages and the API share them: within limits."""

import re
import secrets

from flask import Response, after_this_request, request

from chat import login_limits, text, users
from chat.errors import Invalid
from chat.login_limits import Place
from chat.passwords import Asker
from chat.transport.address import network_of
from chat.users import User
from chat.web.parts import parts
from chat.web.security import over_tls

#: The cookie by which a browser is known that has logged in before: up to so many ids with dots
#: between them, the latest first, each of them for one account.
DEVICE, DEVICES = "maru_device", 5
_DEVICE_SECONDS = 400 * 24 * 3600  # no browser keeps a cookie for longer
_DEVICE_ID = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)
_COOKIE_MAX = DEVICES * 23


def authenticate(name: object, password: object) -> User:
    """The user with this name and password. Raises ``Unauthorized``, ``RateLimited``."""
    store, rate, place = parts().store, parts().settings.login_rate, _place()
    folded = _folded(name)
    known = login_limits.known_at(store, folded, place) if folded else ""
    with login_limits.trying(store, rate, place, folded, known):
        user = users.authenticate(store, parts().hasher, name, password, _asker(bool(known)))
    _remember(user, place, known)
    return user


def register(name: object, password: object) -> User:
    """A new account. Raises ``Invalid``, ``Conflict``, ``Forbidden``, ``RateLimited``."""
    store, settings, place = parts().store, parts().settings, _place()
    login_limits.register(store, settings.login_rate, place.network)
    user = users.create(
        store,
        parts().hasher,
        name,
        password,
        registration=settings.registration,
        asker=_asker(known=False),
    )
    _remember(user, place)
    return user


def change_password(user: User, old: object, new: object) -> User:
    """The user with the new password, of which all earlier logins have ended.

    Raises ``Unauthorized`` when the old one is wrong, ``Invalid``, ``RateLimited``.
    """
    store = parts().store
    login_limits.change_password(store, parts().settings.login_rate, user.folded)
    return users.change_password(store, parts().hasher, user, old, new, _asker(known=True))


def _folded(name: object) -> str | None:
    try:
        return text.fold(text.person_name(name))
    except Invalid:
        return None  # No account has such a name; the address is counted all the same.


def _place() -> Place:
    """Where the request comes from."""
    given = request.cookies.get(_cookie_name()) or request.cookies.get(DEVICE, "")
    devices = given.split(".") if len(given) <= _COOKIE_MAX else []
    return Place(
        network_of(request.remote_addr or "unknown"),
        tuple(dict.fromkeys(filter(_DEVICE_ID.fullmatch, devices))),
    )


def _remember(user: User, place: Place, known: str = "") -> None:
    """Remember where somebody has logged in, and let the browser keep the id for that account.

    Whatever else the browser sent is not known to the account: it gets a new id, since that one may
    have been planted by whoever wants to be taken for this browser.
    """
    brought = [device for device in place.devices if login_limits.by_device(device) == known]
    device = brought[0] if brought else secrets.token_urlsafe(16)
    login_limits.remember(parts().store, user.folded, place, device)
    devices = dict.fromkeys((device, *place.devices))
    value = ".".join([*devices][:DEVICES])

    @after_this_request
    def set_cookie(response: Response) -> Response:
        response.set_cookie(
            _cookie_name(),
            value,
            max_age=_DEVICE_SECONDS,
            path=parts().settings.base_path or "/",
            secure=over_tls(),
            httponly=True,
            samesite="Lax",
        )
        return response


def _cookie_name() -> str:
    """With the prefix, no other host of the domain can set it; browsers want the whole path."""
    return f"__Host-{DEVICE}" if over_tls() and not parts().settings.base_path else DEVICE


def _asker(known: bool) -> Asker:
    network = network_of(request.remote_addr or "unknown")
    return Asker(network, known, request.environ.get("maru.client"))
