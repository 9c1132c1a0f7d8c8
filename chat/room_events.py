"""What those who are in a room are told of it, besides its messages: ``member`` and ``room``."""

from collections.abc import Sequence

from chat import control_messages, memberships, rooms
from chat.store.store import Store


def tell_members(store: Store, room_id: str, user_ids: Sequence[str]) -> None:
    """Tell those in a room what these people are in it now."""
    found = store.ask_all(memberships.one(user_id, room_id) for user_id in user_ids)
    for user_id, membership in zip(user_ids, found, strict=True):
        event: dict[str, object] = {"roomId": room_id, "userId": user_id}
        if membership is None:
            event["gone"] = True
        else:
            wire = membership.wire()
            event |= {field: wire[field] for field in ("role", "mutedUntil") if field in wire}
        control_messages.publish(store, {control_messages.MEMBER: event})


def tell_room(store: Store, room: rooms.Room) -> None:
    """Tell those in a room what it is called and described as, and whether it is archived."""
    control_messages.publish(store, {control_messages.ROOM: room.wire()})
