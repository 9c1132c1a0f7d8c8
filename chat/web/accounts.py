"""Logging in and registering, as the pages and the API share them: within limits."""

import re
import secrets
from collections.abc import Mapping

from flask import Response, after_this_request, request

from chat import account_state, accounts, login_limits, people, profile, validation
from chat.errors import Invalid
from chat.login_limits import Source
from chat.passwords import Asker
from chat.people import Person
from chat.transport.address import network_of
from chat.web.security import over_tls
from chat.web.services import services

#: The cookie by which a browser is known that has logged in before: up to so many ids with dots
#: between them, the latest first, each of them for one account.
DEVICE, DEVICES = "maru_device", 5
_DEVICE_S = 400 * 24 * 3600  # no browser keeps a cookie for longer
_DEVICE_ID = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)
_COOKIE_MAX = DEVICES * 23


def authenticate(name: object, password: object) -> Person:
    """The person with this name and password. Raises ``Unauthorized``, ``RateLimited``."""
    store, rate, source = services().store, services().settings.login_rate, _source()
    folded = _folded(name)
    known = login_limits.known_at(store, people.id_of_name(store, folded or ""), source)
    with login_limits.trying(store, rate, source, folded, known):
        person = accounts.authenticate(
            store, services().hasher, name, password, _asker(bool(known))
        )
    _remember(person, source, known)
    return person


def register(name: object, password: object) -> Person:
    """A new account. Raises ``Invalid``, ``Conflict``, ``Forbidden``, ``RateLimited``."""
    store, settings, source = services().store, services().settings, _source()
    login_limits.register(store, settings.login_rate, source.network)
    person = accounts.create(
        store,
        services().hasher,
        name,
        password,
        registration=settings.registration,
        asker=_asker(known=False),
    )
    _remember(person, source)
    return person


def change_password(person: Person, old: object, new: object) -> Person:
    """The person with the new password, of which all earlier logins have ended.

    Raises ``Unauthorized`` when the old one is wrong, ``Invalid``, ``RateLimited``.
    """
    store = services().store
    login_limits.change_password(store, services().settings.login_rate, person.user_id)
    return accounts.change_password(store, services().hasher, person, old, new, _asker(known=True))


def delete(person: Person, password: object) -> None:
    """Delete one's own account.

    Raises ``Unauthorized`` when the password is wrong, ``RateLimited``, and ``Conflict`` where
    nobody would be an admin any more.
    """
    store, settings = services().store, services().settings
    login_limits.change_password(store, settings.login_rate, person.user_id)
    accounts.confirm(store, services().hasher, person, password, _asker(known=True))
    account_state.delete(store, person.user_id, locale=settings.locale)


def change(person: Person, wanted: Mapping[str, object]) -> Person:
    """The person with what ``wanted`` says: see ``chat.profile.change``, which see for errors.

    Raises ``RateLimited`` too.
    """
    store, rate = services().store, services().settings.login_rate
    if wanted.get("name", person.name) != person.name:
        login_limits.rename(store, rate, person.user_id)
    login_limits.change_profile(store, rate, person.user_id)
    return profile.change(store, person.user_id, wanted)


def is_name_of(person: Person, typed: object) -> bool:
    """Whether this is the person's name, in small or capital letters."""
    return _folded(typed) == person.folded


def _folded(name: object) -> str | None:
    try:
        return validation.fold(validation.person_name(name))
    except Invalid:
        return None  # No account has such a name; the address is counted all the same.


def _source() -> Source:
    """The network and the browser from which the request comes."""
    given = request.cookies.get(_cookie_name()) or request.cookies.get(DEVICE, "")
    devices = given.split(".") if len(given) <= _COOKIE_MAX else []
    return Source(
        network_of(request.remote_addr or "unknown"),
        tuple(dict.fromkeys(filter(_DEVICE_ID.fullmatch, devices))),
    )


def _remember(person: Person, source: Source, known: str = "") -> None:
    """Remember where somebody has logged in, and let the browser keep the id for that account.

    Whatever else the browser sent is not known to the account: it gets a new id, since that one may
    have been planted by whoever wants to be taken for this browser.
    """
    brought = [device for device in source.devices if login_limits.by_device(device) == known]
    device = brought[0] if brought else secrets.token_urlsafe(16)
    login_limits.remember(services().store, person.user_id, source, device)
    devices = dict.fromkeys((device, *source.devices))
    value = ".".join([*devices][:DEVICES])

    @after_this_request
    def set_cookie(response: Response) -> Response:
        response.set_cookie(
            _cookie_name(),
            value,
            max_age=_DEVICE_S,
            path=services().settings.base_path or "/",
            secure=over_tls(),
            httponly=True,
            samesite="Lax",
        )
        return response


def _cookie_name() -> str:
    """With the prefix, no other host of the domain can set it; browsers want the whole path."""
    return f"__Host-{DEVICE}" if over_tls() and not services().settings.base_path else DEVICE


def _asker(known: bool) -> Asker:
    network = network_of(request.remote_addr or "unknown")
    return Asker(network, known, request.environ.get("maru.client"))
