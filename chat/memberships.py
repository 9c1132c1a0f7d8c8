"""Who belongs to a private room: let in by its owner, and taken out again."""

from collections.abc import Set
from typing import Any

from chat import keys, rate_limit, rooms, text, users
from chat.errors import N_, Conflict, Forbidden, NotFound
from chat.rooms import Room
from chat.store import Question, Store
from chat.users import User

#: Invitations an hour: by one person to the same other, by one person, and to one person. A team
#: of many is let in at once; nobody is let into one room after another by a stranger.
BY_ONE_TO_ONE, BY_ONE, TO_ONE, HOUR = 10, 300, 60, 3600
#: People whose invitations one person may refuse.
REFUSED_MOST = 1000


def members(store: Store, room_id: str) -> list[str]:
    """The names of those who may enter a private room."""
    return store.ask(listing(room_id))


def listing(room_id: str) -> Question[list[str]]:
    """The same as a question."""

    def read(answers: list[Any]) -> list[str]:
        return sorted(name.decode() for name in answers[0])

    return Question([("SMEMBERS", keys.members(room_id))], read)


def invite(store: Store, user: User, room_id: object, name: object, limited: bool = False) -> User:
    """Let somebody into a private room; it is noted by whom.

    Raises ``Invalid``, ``NotFound``, ``Conflict``, ``Forbidden`` where that person wants no
    invitations of this user, ``RateLimited`` where it is ``limited``, and as ``manage`` does.
    """
    room = rooms.manage(store, user, room_id)
    _check_private(room)
    guest = users.get(store, text.person_name(name))
    if guest is None:
        raise NotFound(N_("There is nobody of that name."))
    known, refused = store.batch(
        [
            ("SISMEMBER", keys.members(room.room_id), guest.name),
            ("SISMEMBER", keys.refused(guest.folded), user.folded),
        ]
    )
    if known:
        return guest
    if refused:
        raise Forbidden(N_("This person does not take invitations from you."))
    if limited:
        for kind, subject, most in (
            ("invite-pair", f"{user.folded}:{guest.folded}", BY_ONE_TO_ONE),
            ("invite-by", user.folded, BY_ONE),
            ("invite-to", guest.folded, TO_ONE),
        ):
            rate_limit.throttle(store, kind, subject, most, HOUR, most)
    _add_member(store, room.room_id, guest.name)
    store.redis.hset(keys.inviters(guest.folded), room.room_id, user.name)
    return guest


def inviter(store: Store, user: User, room_id: str) -> str | None:
    """Who has let this user into a private room, if it was somebody else."""
    found = store.redis.hget(keys.inviters(user.folded), room_id)
    return found.decode() if found else None


def refuse(store: Store, user: User, name: object) -> None:
    """Take no more invitations from somebody. Raises ``Invalid``, ``NotFound``, ``Conflict``."""
    other = users.get(store, text.person_name(name))
    if other is None:
        raise NotFound(N_("There is nobody of that name."))
    if store.redis.scard(keys.refused(user.folded)) >= REFUSED_MOST:
        raise Conflict(N_("You refuse invitations from too many people."))
    store.redis.sadd(keys.refused(user.folded), other.folded)


def accept_again(store: Store, user: User, name: object) -> None:
    """The opposite of ``refuse``. Raises ``Invalid``."""
    store.redis.srem(keys.refused(user.folded), text.fold(text.person_name(name)))


def refused(store: Store, user: User) -> list[str]:
    """The names of those whose invitations this user refuses."""
    folded = sorted(name.decode() for name in store.redis.smembers(keys.refused(user.folded)))
    found = store.ask_together(*map(users.reading, folded))
    return [other.name if other else name for name, other in zip(folded, found, strict=True)]


def removable(store: Store, user: User, room_id: object, name: object) -> tuple[Room, str]:
    """A private room, and the member with that name whom this user may take out of it.

    Its owner stays; a member may remove itself. Raises ``Invalid``, ``NotFound``, ``Conflict``, and
    as ``manage`` does.
    """
    room = rooms.access(store, user, room_id)
    folded = text.fold(text.person_name(name))
    if folded != text.fold(user.name):
        rooms.manage(store, user, room_id)
    _check_private(room)
    if folded == text.fold(room.owner):
        raise Conflict(N_("The owner of a room stays in it."))
    removed = next((m for m in members(store, room.room_id) if text.fold(m) == folded), None)
    if removed is None:
        raise NotFound(N_("There is nobody of that name."))
    return room, removed


def members_among(room_id: str, names: Set[str]) -> Question[set[str]]:
    """Those of these names who are members of a private room."""
    asked = sorted(names)
    if not asked:
        return Question([], lambda answers: set())

    def read(answers: list[Any]) -> set[str]:
        return {name for name, is_member in zip(asked, answers[0], strict=True) if is_member}

    return Question([("SMISMEMBER", keys.members(room_id), *asked)], read)


def _check_private(room: Room) -> None:
    if not room.private:
        raise Conflict(N_("Everybody may enter this room."))


def _add_member(store: Store, room_id: str, name: str) -> None:
    store.run("admit", [keys.room(room_id), keys.members(room_id)], [name])
    store.redis.sadd(keys.private_rooms(text.fold(name)), room_id)
