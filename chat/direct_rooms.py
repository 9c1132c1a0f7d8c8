"""Direct rooms: two to nine people talk in one, and the same people always in the same one.

Everybody in it is a plain member. Nobody can be added; whoever has ended the membership is a member
again when one of the others asks for the room.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from chat import keys, room_lifecycle, room_members, rooms, validation
from chat.people import Person
from chat.rooms import DIRECT, MEMBER, Room
from chat.store.question import Question, ScriptCall
from chat.store.store import Store

#: People in a direct room, at the most.
PEOPLE_MAX = 9


def find(store: Store, people: Iterable[Person]) -> Room | None:
    """The direct room that these people have, if they have one."""
    noted = store.ask(("HGET", keys.DIRECT, _group(people)))
    return rooms.find(store, [noted.decode()])[0] if noted else None


def create(store: Store, person: Person, others: Sequence[Person]) -> Room | None:
    """Create the direct room of these people; ``None`` if somebody else has just done it.

    Raises ``Forbidden`` where one of them takes no invitations from ``person``.
    """
    everybody = [person, *others]
    group = _group(everybody)
    noted = (store.ask(("HGET", keys.DIRECT, group)) or b"").decode()
    name = ", ".join(each.name for each in everybody)[: validation.ROOM_NAME_MAX]
    room = room_lifecycle.new_room(store, person, name, DIRECT, is_encrypted=False)
    i = room.room_id
    room_keys = [
        *(keys.room(i), keys.members(i), keys.account(person.user_id), keys.DIRECT),
        *(keys.room(noted or i), *_keys_of(everybody)),
    ]
    records = _records(everybody)
    args = [group, noted, person.user_id, len(records), *records, *room.fields(), "group", group]
    return room if store.ask(ScriptCall("create_direct", room_keys, args)) else None


def absent(room_id: str, people: Sequence[Person]) -> Question[list[Person]]:
    """Those of these people who have ended their membership of a direct room."""
    command = ("HMGET", keys.members(room_id), *(each.user_id for each in people))

    def read(answers: list[Any]) -> list[Person]:
        return [each for each, stored in zip(people, answers[0], strict=True) if stored is None]

    return Question([command], read)


def rejoin(store: Store, person: Person, room: Room, people: Sequence[Person]) -> list[Person]:
    """Make these people members of a direct room again, as ``person`` asks for it.

    Gives those who were none. Raises ``NotFound``, ``Forbidden``.
    """
    i = room.room_id
    account = keys.account(person.user_id)
    of_room = [keys.room(i), keys.members(i), account, keys.marks(i), keys.spoken(i)]
    args = [person.user_id, *_records(people)]
    back = store.ask(ScriptCall("rejoin_direct", [*of_room, *_keys_of(people)], args))
    return [each for each in people if each.user_id.encode() in back]


def _group(people: Iterable[Person]) -> str:
    """The people of a direct room, as the store names them together."""
    return ",".join(sorted({each.user_id for each in people}))


def _keys_of(people: Iterable[Person]) -> list[str]:
    """The keys of each of these people that the scripts need."""
    of_person = (keys.account, keys.rooms_of, keys.blocked_inviters, keys.inviters)
    return [key(each.user_id) for each in people for key in of_person]


def _records(people: Iterable[Person]) -> list[str]:
    return [
        part for each in people for part in (each.user_id, room_members.record(MEMBER, each.name))
    ]
