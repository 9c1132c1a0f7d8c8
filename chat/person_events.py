"""What people are told on all their connections: the event ``me`` of docs/protocol.md."""

from collections.abc import Sequence

from chat import control_messages, memberships, room_members, rooms
from chat.memberships import Membership
from chat.rooms import Room
from chat.store.store import Store

#: UserIds, and what they are told.
PersonEvent = tuple[Sequence[str], dict[str, object]]


def tell(store: Store, events: Sequence[PersonEvent]) -> None:
    """Have all workers send these events to every connection of the people."""
    control_messages.publish(store, {control_messages.ME: events})


def membership_event(
    room: Room, membership: Membership, by: str = "", members: Sequence[str] = ()
) -> dict[str, object]:
    """What a person is in a room now; ``by`` is the userId of who added the person.

    ``members`` are the userIds of a direct room's people, after whom it is called.
    """
    event: dict[str, object] = {
        "type": "membership",
        "membership": membership.wire(),
        "room": room.wire(),
    }
    if members:
        event["members"] = members
    return {**event, "by": by} if by else event


def gone_event(room_id: str, banned: bool = False) -> dict[str, object]:
    """A person is no member of a room any more."""
    event: dict[str, object] = {"type": "membership", "roomId": room_id, "gone": True}
    return {**event, "banned": True} if banned else event


def read_event(membership: Membership) -> dict[str, object]:
    """A person has read up to another number, and so much is unread now."""
    wire = membership.wire()
    told = {field: wire[field] for field in ("roomId", "read", "unread", "mentions")}
    return {"type": "read", **told}


def membership_events(
    store: Store, pairs: Sequence[tuple[str, str]], by: str = ""
) -> list[dict[str, object] | None]:
    """What to tell people of rooms, given by userId and roomId; ``None`` for no member."""
    if not pairs:
        return []
    # The memberships behind the rooms: nobody is told of a room what it is after a removal.
    there, *found = store.ask_all(
        [
            rooms.rooms_question([room_id for _, room_id in pairs]),
            *(memberships.one(user_id, i) for user_id, i in pairs),
        ]
    )
    direct = {room.room_id for room in there if room is not None and room.kind == rooms.DIRECT}
    listed = store.ask_all(map(room_members.listed, direct))
    members = {
        room_id: [member.user_id for member in of_room]
        for room_id, of_room in zip(direct, listed, strict=True)
    }
    return [
        membership_event(room, membership, by, members.get(room.room_id, ()))
        if room and membership and user_id in members.get(room.room_id, (user_id,))
        else None
        for (user_id, _), room, membership in zip(pairs, there, found, strict=True)
    ]


def tell_membership(store: Store, room_id: str, user_ids: Sequence[str], by: str = "") -> None:
    """Tell people what they are in a room now; ``by`` is the userId of the one who added them."""
    events = membership_events(store, [(user_id, room_id) for user_id in user_ids], by)
    tell(store, [([i], event) for i, event in zip(user_ids, events, strict=True) if event])
