"""Members of private rooms: listed, invited, removed; and whose invitations a person refuses."""

from collections.abc import Set
from typing import Any

from chat import keys, people, rate_limit, rooms, validation
from chat.errors import N_, Conflict, Forbidden, NotFound
from chat.people import Person
from chat.rooms import Room
from chat.store.store import Question, Store

#: Invitations an hour: from one person to the same other, from one person, and to one person. An
#: owner can invite a large team at once, but nobody can be flooded with invitations.
BY_ONE_TO_ONE, BY_ONE, TO_ONE, HOUR = 10, 300, 60, 3600
#: People whose invitations one person may refuse.
REFUSED_MOST = 1000


def members(store: Store, room_id: str) -> list[str]:
    """The names of a private room's members."""
    return store.ask(listing(room_id))


def listing(room_id: str) -> Question[list[str]]:
    """The same, as a question to ask together with others."""

    def read(answers: list[Any]) -> list[str]:
        return sorted(name.decode() for name in answers[0])

    return Question([("SMEMBERS", keys.members(room_id))], read)


def invite(
    store: Store, person: Person, room_id: object, name: object, limited: bool = False
) -> Person:
    """Make a person member of a private room, and note who has invited; gives that person.

    Raises ``Invalid``, ``NotFound``, ``Conflict``; ``Forbidden`` if that person refuses invitations
    from this user; ``RateLimited`` where ``limited`` is true; and what ``rooms.manage`` raises.
    """
    room = rooms.manage(store, person, room_id)
    _check_private(room)
    guest = people.get(store, validation.person_name(name))
    if guest is None:
        raise NotFound(N_("There is nobody of that name."))
    known, refused = store.batch(
        [
            ("SISMEMBER", keys.members(room.room_id), guest.name),
            ("SISMEMBER", keys.refused(guest.folded), person.folded),
        ]
    )
    if known:
        return guest
    if refused:
        raise Forbidden(N_("This person does not take invitations from you."))
    if limited:
        for kind, subject, most in (
            ("invite-pair", f"{person.folded}:{guest.folded}", BY_ONE_TO_ONE),
            ("invite-by", person.folded, BY_ONE),
            ("invite-to", guest.folded, TO_ONE),
        ):
            rate_limit.throttle(store, kind, subject, most, HOUR, most)
    _add_member(store, room.room_id, guest.name)
    store.redis.hset(keys.inviters(guest.folded), room.room_id, person.name)
    return guest


def inviter(store: Store, person: Person, room_id: str) -> str | None:
    """The name of who has invited this user into a private room, if anybody."""
    found = store.redis.hget(keys.inviters(person.folded), room_id)
    return found.decode() if found else None


def refuse(store: Store, person: Person, name: object) -> None:
    """Refuse invitations from a person. Raises ``Invalid``, ``NotFound``, ``Conflict``."""
    other = people.get(store, validation.person_name(name))
    if other is None:
        raise NotFound(N_("There is nobody of that name."))
    if store.redis.scard(keys.refused(person.folded)) >= REFUSED_MOST:
        raise Conflict(N_("You refuse invitations from too many people."))
    store.redis.sadd(keys.refused(person.folded), other.folded)


def accept_again(store: Store, person: Person, name: object) -> None:
    """Undo ``refuse``. Raises ``Invalid``."""
    store.redis.srem(keys.refused(person.folded), validation.fold(validation.person_name(name)))


def refused(store: Store, person: Person) -> list[str]:
    """The names of people whose invitations this user refuses."""
    folded = sorted(name.decode() for name in store.redis.smembers(keys.refused(person.folded)))
    found = store.ask_together(*map(people.reading, folded))
    return [other.name if other else name for name, other in zip(folded, found, strict=True)]


def removable(store: Store, person: Person, room_id: object, name: object) -> tuple[Room, str]:
    """A private room, and the name of its member whom this user may remove.

    The owner cannot be removed. A member may remove only itself. Raises ``Invalid``, ``NotFound``,
    ``Conflict``, and what ``rooms.manage`` raises.
    """
    room = rooms.access(store, person, room_id)
    folded = validation.fold(validation.person_name(name))
    if folded != validation.fold(person.name):
        rooms.manage(store, person, room_id)
    _check_private(room)
    if folded == validation.fold(room.owner):
        raise Conflict(N_("The owner of a room stays in it."))
    removed = next((m for m in members(store, room.room_id) if validation.fold(m) == folded), None)
    if removed is None:
        raise NotFound(N_("There is nobody of that name."))
    return room, removed


def members_among(room_id: str, names: Set[str]) -> Question[set[str]]:
    """Which of these names are members of a private room."""
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
    store.redis.sadd(keys.private_rooms(validation.fold(name)), room_id)
