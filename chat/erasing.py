"""An admin erases a person, everywhere: the account, its name, or these and all that it has said.

``begin`` ends the account, and notes what is left to be done, which may be much:
``chat.erasing_work`` does it.
"""

from chat import account_state, keys, people, person_ids, renaming, room_members, rooms, validation
from chat.errors import N_, Forbidden, Invalid
from chat.people import Person
from chat.store.question import Argument, ScriptCall
from chat.store.store import Store

#: What is erased: the account alone, its name too, or all of it with what the person has said.
ACCOUNT, NAME, WORDS = "account", "name", "words"
WHAT = (ACCOUNT, NAME, WORDS)


def begin(
    store: Store, given: str, what: str, by: Person | None = None, locale: str = "en"
) -> Person:
    """Erase a person, found by id or name, or by the id alone one whose account is deleted already.

    What was to be erased before still is. ``by`` and ``locale`` are as for
    ``account_state.delete``, which see for errors. Raises ``Invalid`` for what cannot be erased.
    """
    if what not in WHAT:
        raise Invalid(N_("What is erased is account, name or words."))
    person = people.get(store, given)
    if not person.deleted or what == ACCOUNT:
        person = account_state.delete(store, person.user_id, by, locale)
    elif by is not None and not people.get_by_id(store, by.user_id).is_admin:
        raise Forbidden(N_("This page is for admins."))
    if what == ACCOUNT:
        return person
    wanted: list[Argument] = ["", person.user_id, int(what == WORDS), 1]
    store.ask(ScriptCall("note_erasing", [keys.ERASING], wanted))
    other = person_ids.unnamed(person.user_id)
    _rename_direct_rooms(store, person, other)
    account_keys = [keys.account(person.user_id), keys.RENAMING, keys.LEGACY]
    call = ScriptCall("erase_name", account_keys, ["", person.user_id, other, person.folded])
    return renaming.finish(store, person.user_id, int(store.ask(call)))


def _rename_direct_rooms(store: Store, person: Person, other: str) -> None:
    """Direct rooms are called as those in them were when it was made."""
    for room in rooms.find(store, room_members.room_ids_of(store, person.user_id)):
        if room is not None and room.kind == rooms.DIRECT and person.name in room.name:
            name = room.name.replace(person.name, other)[: validation.ROOM_NAME_MAX]
            store.ask(("HSET", keys.room(room.room_id), "name", name))


def under_way(store: Store) -> int:
    """How many people are being erased."""
    return int(store.ask(("HLEN", keys.ERASING)))
