"""Logins and tokens that may no longer be used."""

import secrets
from collections.abc import Sequence

from chat import control_messages, keys
from chat.store.question import Question
from chat.store.store import Store

#: Seconds that a revocation is kept beyond the life of what is revoked: the store forgets it by its
#: own clock, which may be set forward, and tokens end by the workers' clocks.
SLACK = 24 * 3600


def new_id() -> str:
    """The identity of one login: its cookie and its tokens share it."""
    return secrets.token_urlsafe(16)


def revoke(store: Store, ident: str, seconds: int) -> None:
    """Refuse a token (by its jti) or all that belongs to a login for the next ``seconds``.

    Give as many as it could still live. Every worker is told, and closes the sockets concerned.
    """
    store.ask(("SET", keys.revoked(ident), 1, "EX", max(1, seconds) + SLACK))
    control_messages.publish(store, {control_messages.REVOKED: ident})


def revocation(ident: str) -> Question[bool]:
    """Is this token or login revoked?"""
    return Question([("EXISTS", keys.revoked(ident))], lambda answers: bool(answers[0]))


def is_revoked(store: Store, *idents: str) -> bool:
    """Is any of these tokens or logins revoked?"""
    return bool(revoked_among(store, idents))


def revoked_among(store: Store, idents: Sequence[str]) -> set[str]:
    """Those of these tokens and logins that are revoked."""
    answers = store.ask_all(map(revocation, idents))
    return {ident for ident, revoked in zip(idents, answers, strict=True) if revoked}
