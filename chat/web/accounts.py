"""Logging in and registering, as the pages and the API share them: with the brakes on."""

from flask import request

from chat import rate_limit, text, users
from chat.address import network_of
from chat.errors import Invalid
from chat.users import User
from chat.web.parts import parts

#: For each failed login that LOGIN_RATE allows an address, it may register this many accounts: a
#: whole team may do so at once.
REGISTRATIONS = 10


def authenticate(name: object, password: object) -> User:
    """The user with this name and password. Raises ``Unauthorized``, ``RateLimited``.

    Tries are counted for the account and for the address, before any password is looked at; those
    that succeed are taken off again, or an office behind one address would lock itself out.
    """
    counted = [("login-from", _address()), *_of_account(name)]
    for kind, subject in counted:
        _throttle(kind, subject)
    user = users.authenticate(parts().store, parts().hasher, name, password)
    for kind, subject in counted:
        rate_limit.give_back(parts().store, kind, subject, parts().settings.login_rate, 60)
    return user


def register(name: object, password: object) -> User:
    """A new account. Raises ``Invalid``, ``Conflict``, ``Forbidden``, ``RateLimited``."""
    rate = REGISTRATIONS * parts().settings.login_rate
    rate_limit.throttle(parts().store, "register-from", _address(), rate, 60, burst=rate)
    registration = parts().settings.registration
    return users.create(parts().store, parts().hasher, name, password, registration=registration)


def change_password(user: User, old: object, new: object) -> User:
    """The user with the new password, of which all earlier logins have ended.

    Raises ``Unauthorized`` when the old one is wrong, ``Invalid``, ``RateLimited``.
    """
    for kind, subject in _of_account(user.name):
        _throttle(kind, subject)
    return users.change_password(parts().store, parts().hasher, user, old, new)


def _of_account(name: object) -> list[tuple[str, str]]:
    try:
        return [("login-to", text.fold(text.person_name(name)))]
    except Invalid:
        return []  # No account has such a name; the address is counted all the same.


def _throttle(kind: str, subject: str) -> None:
    rate = parts().settings.login_rate
    rate_limit.throttle(parts().store, kind, subject, rate, per_seconds=60, burst=rate)


def _address() -> str:
    """The network that the client has to itself."""
    return network_of(request.remote_addr or "unknown")
