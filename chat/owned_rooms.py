"""The rooms that each person owns, as a set in the store, so that their number can be limited."""

from typing import NamedTuple

from chat import keys, validation
from chat.errors import N_, Conflict
from chat.store.store import Store

#: Rooms of an older store that are handled in one step.
STEP = 500


class Progress(NamedTuple):
    """How far an older store is carried over: to this score, with ``equal`` rooms of that score."""

    score: float = float("-inf")
    equal: int = 0


def note(store: Store, owner: str, room_id: str, most: int) -> None:
    """Note that ``owner`` (a folded name) owns a room that is about to be created.

    Raises ``Conflict`` if ``owner`` already owns ``most`` rooms; 0 means any number.
    """
    owned = keys.owned_rooms(owner)
    if store.run("own", [owned], [room_id, most]):
        return
    # The set is full. It may list rooms that were never created after all, or that the store lost.
    found = [member.decode() for member in store.redis.smembers(owned)]
    there = store.batch([("EXISTS", keys.room(i)) for i in found])
    gone = [i for i, exists in zip(found, there, strict=True) if not exists]
    if gone:
        store.redis.srem(owned, *gone)
    if not store.run("own", [owned], [room_id, most]):
        raise Conflict(N_("You own %(most)s rooms. Delete one first."), most=most)


def carry_over(store: Store, progress: Progress, step: int = STEP) -> Progress | None:
    """Note the owners of up to ``step`` rooms that were created before these sets existed.

    Call it first with ``Progress()``, then with what it returns, until that is ``None``. A room's
    score grows when something is said in it, so going upwards misses no room. Several workers may
    do this at the same time.
    """
    # Rooms of the last score are read again: more may have that score by now.
    most = progress.equal + step
    done, found = store.batch(
        [
            ("EXISTS", keys.OWNED),
            (
                *("ZRANGEBYSCORE", keys.ROOMS, str(progress.score), "+inf", "WITHSCORES"),
                *("LIMIT", 0, most),
            ),
        ]
    )
    if done:
        return None
    rooms = [
        (member.decode(), float(score))
        for member, score in zip(found[::2], found[1::2], strict=True)
    ]
    owners = store.batch([("HGET", keys.room(room_id), "owner") for room_id, _ in rooms])
    store.batch(
        [
            ("SADD", keys.owned_rooms(validation.fold(owner.decode())), room_id)
            for (room_id, _), owner in zip(rooms, owners, strict=True)
            if owner is not None
        ]
    )
    if len(rooms) < most:
        store.redis.set(keys.OWNED, 1)
        return None
    last = rooms[-1][1]
    return Progress(last, sum(score == last for _, score in rooms))
