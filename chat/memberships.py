"""Who belongs to a private room: let in by its owner, and taken out again."""

from collections.abc import Set
from typing import Any

from chat import keys, rooms, text, users
from chat.errors import N_, Conflict, NotFound
from chat.rooms import Room
from chat.store import Question, Store
from chat.users import User


def members(store: Store, room_id: str) -> list[str]:
    """The names of those who may enter a private room."""
    return sorted(name.decode() for name in store.redis.smembers(keys.members(room_id)))


def invite(store: Store, user: User, room_id: object, name: object) -> User:
    """Let somebody into a private room.

    Raises ``Invalid``, ``NotFound``, ``Conflict``, and as ``manage`` does.
    """
    room = rooms.manage(store, user, room_id)
    _check_private(room)
    guest = users.get(store, text.person_name(name))
    if guest is None:
        raise NotFound(N_("There is nobody of that name."))
    _add_member(store, room.room_id, guest.name)
    return guest


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
