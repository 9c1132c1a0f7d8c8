"""The rooms that each person owns, as a set in the store, so that their number can be limited.

The scripts that make a room or pass it on count it. What is no longer there is taken out here, once
the set is full.
"""

from chat import keys
from chat.errors import N_, Conflict
from chat.store.question import ScriptCall
from chat.store.store import Store


def check(store: Store, owner: str, most: int) -> None:
    """Raise ``Conflict`` if a person (a userId) owns too many rooms to be given another one."""
    owned = keys.owned_rooms(owner)
    if not most or store.ask(("SCARD", owned)) < most:
        return
    prune(store, owner)
    if store.ask(("SCARD", owned)) >= most:
        raise Conflict(N_("This person owns too many rooms already."))


def prune(store: Store, owner: str) -> None:
    """Take out of a person's set the rooms that are gone or belong to somebody else."""
    owned = keys.owned_rooms(owner)
    found = [member.decode() for member in store.ask(("SMEMBERS", owned))]
    store.ask(ScriptCall("prune_owned_rooms", [owned, *map(keys.room, found)], [owner, *found]))
