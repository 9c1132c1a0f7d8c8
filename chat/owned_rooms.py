"""Which rooms are somebody's: a set for each owner, so that their number has a bound."""

from typing import NamedTuple

from chat import keys, text
from chat.errors import N_, Conflict
from chat.store import Store

#: Rooms of an older store that are looked at in one step.
STEP = 500


class Place(NamedTuple):
    """How far an older store is carried over: up to this score, which so many rooms have."""

    score: float = float("-inf")
    equal: int = 0


def note(store: Store, owner: str, room_id: str, most: int) -> None:
    """Note a room that is about to be made. Raises ``Conflict`` for who owns ``most``; 0 is any
    number. ``owner`` is a folded name."""
    owned = keys.owned_rooms(owner)
    if store.run("own", [owned], [room_id, most]):
        return
    # Before somebody is refused: some may have been lost while they were made, or by the store.
    found = [member.decode() for member in store.redis.smembers(owned)]
    there = store.batch([("EXISTS", keys.room(i)) for i in found])
    gone = [i for i, exists in zip(found, there, strict=True) if not exists]
    if gone:
        store.redis.srem(owned, *gone)
    if not store.run("own", [owned], [room_id, most]):
        raise Conflict(N_("You own %(most)s rooms. Delete one first."), most=most)


def carry_over(store: Store, place: Place, step: int = STEP) -> Place | None:
    """Note up to ``step`` rooms that were made before there were these sets.

    Begins with ``Place()`` and goes on with what it gives; ``None`` when all are noted. Rooms move
    up in their index when something is said in them, so none is passed over by going upwards. Any
    number of workers may do it at the same time.
    """
    # Those of the last score once more: there may be others of it by now.
    most = place.equal + step
    done, found = store.batch(
        [
            ("EXISTS", keys.OWNED),
            (
                *("ZRANGEBYSCORE", keys.ROOMS, str(place.score), "+inf", "WITHSCORES"),
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
            ("SADD", keys.owned_rooms(text.fold(owner.decode())), room_id)
            for (room_id, _), owner in zip(rooms, owners, strict=True)
            if owner is not None
        ]
    )
    if len(rooms) < most:
        store.redis.set(keys.OWNED, 1)
        return None
    last = rooms[-1][1]
    return Place(last, sum(score == last for _, score in rooms))
