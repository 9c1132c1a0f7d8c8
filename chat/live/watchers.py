"""Which connections of this worker watch which rooms, for the event ``rooms``.

A connection watches the rooms that its person belongs to, and those on its page. So a change of a
room costs nothing to all others.
"""

from collections.abc import Iterable

from chat.live.connections import Connection


class Watchers:
    """Who watches which rooms, by room and by connection. Both change together."""

    def __init__(self) -> None:
        self._of_room: dict[str, set[Connection]] = {}
        self._of_connection: dict[Connection, set[str]] = {}

    def watch(self, connection: Connection, room_ids: Iterable[str]) -> None:
        """Let a connection watch these rooms, besides those that it watches already."""
        watched = self._of_connection.setdefault(connection, set())
        for room_id in room_ids:
            watched.add(room_id)
            self._of_room.setdefault(room_id, set()).add(connection)

    def watch_only(self, connection: Connection, room_ids: Iterable[str]) -> None:
        """Let a connection watch these rooms, and no others: so it cannot watch ever more."""
        self.unwatch_all(connection)
        self.watch(connection, room_ids)

    def is_watching(self, connection: Connection) -> bool:
        """Whether a connection has called ``watch``, be it for no room at all."""
        return connection in self._of_connection

    def unwatch(self, connection: Connection, room_id: str) -> None:
        """Let a connection watch this room no more."""
        self._of_connection.get(connection, set()).discard(room_id)
        watching = self._of_room.get(room_id)
        if watching is not None:
            watching.discard(connection)
            if not watching:
                del self._of_room[room_id]

    def unwatch_all(self, connection: Connection) -> None:
        """Let a connection watch nothing any more."""
        for room_id in list(self._of_connection.get(connection, ())):
            self.unwatch(connection, room_id)
        self._of_connection.pop(connection, None)

    def of(self, room_ids: Iterable[str]) -> dict[str, set[Connection]]:
        """Those of these rooms that anybody watches, with the connections that do."""
        return {i: set(self._of_room[i]) for i in room_ids if i in self._of_room}
