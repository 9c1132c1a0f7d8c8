"""Rooms: their owners and members by id, with the messages; nobody is present afterwards."""

from collections.abc import Iterator

from chat.migrations.lease import TOGETHER, Lease, chunks
from chat.migrations.to_2 import keys, streams
from chat.migrations.to_2.ids import Ids
from chat.store.question import Command, fields
from chat.store.store import Store

#: Keys that one SCAN looks at.
SCANNED = 1000


def count_carried(store: Store) -> int:
    """How many rooms are carried over already."""
    room_ids = store.ask(("ZRANGE", keys.old("rooms"), 0, -1))
    return sum(
        kind is not None
        for part in chunks(room_ids, SCANNED)
        for kind in store.ask_all([("HGET", keys.room(r.decode()), "kind") for r in part])
    )


def carry_over(lease: Lease, ids: Ids) -> Iterator[int]:
    """Carry over all rooms that are not yet. Gives after each how many it has carried over."""
    done = 0
    # Only the key of a room itself ends with a brace.
    for key in lease.store.redis.scan_iter(match=keys.room("*"), count=SCANNED):
        lease.keep()
        room_id, _ = keys.room_id_of(key.decode())
        if _carry(lease, ids, room_id):
            done += 1
            yield done


def _carry(lease: Lease, ids: Ids, room_id: str) -> bool:
    """False for a room that is carried over already."""
    store = lease.store
    room = fields(store.ask(("HGETALL", keys.room(room_id))))
    if b"kind" in room or b"owner" not in room:
        return False
    said = int(room.get(b"said") or 0)
    carried = streams.carry_over(lease, ids, room_id, said)
    owner = room[b"owner"].decode()
    is_private = room.get(b"private") == b"1"
    members = _members(lease, ids, room_id, is_private, owner, carried.speakers)
    joined_at = int(room.get(b"createdAt") or 0)
    # Before the room itself: this may be done twice, if it is interrupted.
    lease.commit_in_parts(
        ("ZADD", keys.person(user_id, "rooms"), joined_at, room_id) for user_id in members.values()
    )
    said_by = (room.get(b"saidBy") or b"").decode() or carried.said_by
    changed: dict[str, str | int] = {
        "kind": "private" if is_private else "open",
        "ownerId": ids.of(owner),
        "said": carried.said,
        "deleted": carried.said - carried.talks,
        "saidBy": said_by,
        "saidById": ids.of(said_by) if said_by else "",
        "description": "",
        "archived": 0,
        "userCount": 0,
        "activeAt": int(room.get(b"activeAt") or joined_at),
    }
    commands: list[Command] = [
        *carried.replacing,
        ("DEL", *(keys.room(room_id, what) for what in ("conns", "people", "members"))),
        ("HSET", keys.room(room_id), *(part for pair in changed.items() for part in pair)),
    ]
    for part in chunks(members.items(), TOGETHER):
        records = [
            value
            for name, user_id in part
            for value in (user_id, f"{'owner' if name == owner else 'member'} 0 {name}")
        ]
        commands.append(("HSET", keys.room(room_id, "members"), *records))
    if owner in members:
        commands.append(("SADD", keys.person(members[owner], "owned"), room_id))
    lease.commit(commands)
    return True


def _members(
    lease: Lease, ids: Ids, room_id: str, is_private: bool, owner: str, speakers: set[str]
) -> dict[str, str]:
    """Name -> userId of those who belong to the room.

    To a private one its owner and those who were its members; to an open one its owner, whoever has
    said something that is still there, and whoever was present. Names without an account belong
    nowhere.
    """
    redis = lease.store.redis
    if is_private:
        found = redis.sscan_iter(keys.room(room_id, "members"), count=SCANNED)
        names = {owner, *(name.decode() for name in found)}
    else:
        found = redis.hscan_iter(keys.room(room_id, "people"), count=SCANNED)
        names = {owner, *speakers, *(name.decode() for name, _ in found)}
    return ids.of_accounts(names)
