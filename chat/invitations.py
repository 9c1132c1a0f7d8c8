"""Who adds whom to rooms: limits, and blocked inviters, whose invitations a person refuses."""

from collections.abc import Collection
from typing import Any

from chat import keys, rate_limit
from chat.errors import N_, Conflict, Forbidden
from chat.people import Person
from chat.store.question import Question, ScriptCall
from chat.store.store import Store

#: Invitations an hour: from one person to the same other, from one person, and to one person. An
#: owner can invite a large team at once, but nobody can be flooded with invitations.
BY_ONE_TO_ONE, BY_ONE, TO_ONE, HOUR_S = 10, 300, 60, 3600
#: Inviters that one person may block.
BLOCKED_MOST = 1000
#: Stands behind the userId of who has added a person, once the person has taken note of it.
_NOTED = "noted"


def check(store: Store, person: Person, others: Collection[Person], limited: bool) -> None:
    """Check that a person may add others to a room, and count it where ``limited`` is true.

    Raises ``Forbidden`` if one of them has blocked this person, and ``RateLimited``.
    """
    if store.ask(blocking(person, others)):
        raise Forbidden(N_("This person does not take invitations from you."))
    for other in others if limited else ():
        for kind, subject, most in (
            ("invite-pair", f"{person.user_id}:{other.user_id}", BY_ONE_TO_ONE),
            ("invite-by", person.user_id, BY_ONE),
            ("invite-to", other.user_id, TO_ONE),
        ):
            rate_limit.throttle(store, kind, subject, most, HOUR_S, most)


def block(store: Store, person: Person, user_id: str) -> bool:
    """Block an inviter; gives whether it is new. Raises ``Conflict``."""
    blocked = keys.blocked_inviters(person.user_id)
    answer: bytes | int = store.ask(ScriptCall("block_inviter", [blocked], [user_id, BLOCKED_MOST]))
    if answer == b"FULL":
        raise Conflict(N_("You refuse invitations from too many people."))
    return bool(answer)


def unblock(store: Store, person: Person, user_id: str) -> None:
    """Undo ``block``."""
    store.ask(("SREM", keys.blocked_inviters(person.user_id), user_id))


def blocked(store: Store, person: Person) -> list[str]:
    """The userIds of the inviters that this person has blocked."""
    return sorted(
        i.decode() for i in store.ask(("SMEMBERS", keys.blocked_inviters(person.user_id)))
    )


def blocking(person: Person, others: Collection[Person]) -> Question[list[Person]]:
    """Those of ``others`` who have blocked this person as an inviter."""
    asked = list(others)

    def read(answers: list[Any]) -> list[Person]:
        return [other for other, has_blocked in zip(asked, answers, strict=True) if has_blocked]

    commands = [
        ("SISMEMBER", keys.blocked_inviters(other.user_id), person.user_id) for other in asked
    ]
    return Question(commands, read)


def inviter(store: Store, person: Person, room_id: str) -> str | None:
    """The userId of the person who added this one to a room, if somebody else did."""
    return _inviter(store, person, room_id)[0]


def is_news(store: Store, person: Person, room_id: str) -> bool:
    """Whether somebody else has added this person, who has not taken note of it yet."""
    return _is_news(*_inviter(store, person, room_id))


def take_note(store: Store, person: Person, room_id: str) -> None:
    """Note that the person has read who added the person to a room."""
    user_id = inviter(store, person, room_id)
    if user_id:
        args = [room_id, user_id, _NOTED]
        store.ask(ScriptCall("note_inviter", [keys.inviters(person.user_id)], args))


def _inviter(store: Store, person: Person, room_id: str) -> tuple[str | None, bool]:
    return _read(person, store.ask(("HGET", keys.inviters(person.user_id), room_id)))


def _is_news(user_id: str | None, is_noted: bool) -> bool:
    return user_id is not None and not is_noted


def _read(person: Person, found: bytes | None) -> tuple[str | None, bool]:
    user_id, _, noted = (found or b"").decode().partition(" ")
    return (user_id if user_id and user_id != person.user_id else None), bool(noted)
