"""Revocations: which logins and tokens may not be used any more."""

import secrets
from collections.abc import Sequence

from chat import control_messages, keys
from chat.store.question import Question
from chat.store.store import Store

#: Seconds that a revocation is kept beyond the life of what is revoked: the store forgets it by its
#: own clock, which may be set forward, and tokens end by the workers' clocks.
SLACK_S = 24 * 3600


def new_login_id() -> str:
    """The ``login_id`` of a new login, which its cookie and its tokens share."""
    return secrets.token_urlsafe(16)


def revoke(store: Store, token_or_login_id: str, seconds: int) -> None:
    """Refuse a token (by its jti) or all that belongs to a login for the next ``seconds``.

    Give as many as it could still live. Every worker is told, and closes the sockets concerned.
    """
    store.ask(("SET", keys.revoked(token_or_login_id), 1, "EX", max(1, seconds) + SLACK_S))
    control_messages.publish(store, {control_messages.REVOKED: token_or_login_id})


def revocation(token_or_login_id: str) -> Question[bool]:
    """Is this token or login revoked?"""
    return Question([("EXISTS", keys.revoked(token_or_login_id))], lambda answers: bool(answers[0]))


def is_revoked(store: Store, *ids: str) -> bool:
    """Is any of these tokens or logins revoked?"""
    return bool(revoked_among(store, ids))


def revoked_among(store: Store, ids: Sequence[str]) -> set[str]:
    """Those of these tokens and logins that are revoked."""
    answers = store.ask_all(map(revocation, ids))
    return {each for each, is_revoked in zip(ids, answers, strict=True) if is_revoked}
