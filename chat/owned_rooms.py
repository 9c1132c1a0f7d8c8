"""The rooms that each person owns, as a set in the store, so that their number can be limited."""

from chat import keys
from chat.errors import N_, Conflict
from chat.store.question import Call
from chat.store.store import Store


def note(store: Store, owner: str, room_id: str, most: int) -> None:
    """Note that ``owner`` (a userId) owns a room that is about to be created.

    Raises ``Conflict`` if ``owner`` already owns ``most`` rooms; 0 means any number.
    """
    owned = keys.owned_rooms(owner)
    if store.ask(Call("own", [owned], [room_id, most])):
        return
    # The set is full. Not all of its rooms have to be the person's: see ``_forget_others``.
    _forget_others(store, owner)
    if not store.ask(Call("own", [owned], [room_id, most])):
        raise Conflict(N_("You own %(most)s rooms. Delete one first."), most=most)


def check(store: Store, owner: str, most: int) -> None:
    """Raise ``Conflict`` if a person (a userId) owns too many rooms to be given another one."""
    owned = keys.owned_rooms(owner)
    if not most or store.ask(("SCARD", owned)) < most:
        return
    _forget_others(store, owner)
    if store.ask(("SCARD", owned)) >= most:
        raise Conflict(N_("This person owns too many rooms already."))


def pass_on(store: Store, room_id: str, before: str, after: str) -> None:
    """Note that a room has another owner; both are userIds."""
    store.ask_all(
        [
            ("SADD", keys.owned_rooms(after), room_id),
            ("SREM", keys.owned_rooms(before), room_id),
        ]
    )


def _forget_others(store: Store, owner: str) -> None:
    """Take out of a person's set what was never created after all, lost, or passed on."""
    owned = keys.owned_rooms(owner)
    found = [member.decode() for member in store.ask(("SMEMBERS", owned))]
    owners = store.ask_all([("HGET", keys.room(i), "ownerId") for i in found])
    others = [i for i, of in zip(found, owners, strict=True) if of is None or of.decode() != owner]
    if others:
        store.ask(("SREM", owned, *others))
