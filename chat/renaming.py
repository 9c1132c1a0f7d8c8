"""Renaming: the new name is written wherever a copy of the old one stands.

An account's name changes in one script. Copies of it stand in the rooms to which the person
belongs. Until they are all written, the renaming is noted in the store; if the worker that wrote
them ends in between, another one writes them.
"""

from collections.abc import Iterable

from chat import control_messages, keys, people, room_members, unfinished_changes
from chat.people import Person
from chat.store.question import ScriptCall
from chat.store.store import Store


def finish(store: Store, user_id: str, began: int) -> Person:
    """Write the person's present name everywhere, and tell all workers.

    ``began`` (ms) names the renaming. The name may change again meanwhile, so it is looked up
    again at the end. Raises ``NotFound`` for an id that nobody has.
    """
    while True:
        person = people.get_by_id(store, user_id)
        room_members.write_name_everywhere(store, person)
        over = store.ask(
            ScriptCall(
                "finish_renaming",
                [keys.account(user_id), keys.RENAMING],
                [person.name, f"{user_id}:{began}"],
            )
        )
        if over:
            tell(store, person)
            return person


def catch_up(store: Store, added: Iterable[Person], room_id: str) -> None:
    """Write the names of those who were renamed while they were added to a room.

    Whoever is renamed once the room is in his or her list of rooms is renamed in it anyway.
    """
    written = {person.user_id: person for person in added}
    while written:
        now = people.find_by_ids(store, written)
        written = {i: person for i, person in now.items() if person.name != written[i].name}
        for person in written.values():
            room_members.write_name(store, person, [room_id])


def finish_abandoned(store: Store) -> None:
    """Finish the renamings whose workers have ended. Several workers may do this at once."""
    for member in store.ask(unfinished_changes.abandoned(keys.RENAMING)):
        user_id, _, began = member.partition(":")
        finish(store, user_id, int(began))


def tell(store: Store, person: Person) -> None:
    """Tell all workers how this person is shown now, and to which rooms he or she belongs."""
    room_ids = room_members.room_ids_of(store, person.user_id)
    control_messages.publish(
        store, {control_messages.PERSON: person.wire(), control_messages.ROOMS: room_ids}
    )
