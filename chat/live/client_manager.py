"""Who is connected and in which of Socket.IO's rooms: the library's client manager on plain dicts.

The library's own walks over every room of the process at each disconnect, and every connection is
a room of its own, so that a mass disconnect is quadratic. Here a connection knows its rooms, its
own is made up when asked for, and a disconnect costs what that one connection did.
"""

from collections.abc import Iterator
from typing import Any

import socketio

_NONE: dict[str, str] = {}


class ClientManager(socketio.RedisManager):
    """``rooms[namespace][room]`` maps a sid to that of Engine.IO, as in the library."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._eio_sids: dict[str, dict[str, str]] = {}
        self._sids: dict[str, dict[str, str]] = {}
        self._rooms_of: dict[tuple[str, str], set[str]] = {}
        #: On their way in, and on their way out.
        self._coming: set[tuple[str, str]] = set()
        self._going: set[tuple[str, str]] = set()

    def get_namespaces(self) -> list[str]:
        return list(self._eio_sids)

    def get_participants(self, namespace: str, room: Any) -> Iterator[tuple[str, str]]:
        if hasattr(room, "__len__") and not isinstance(room, str):
            found: dict[str, str] = {}
            for each in room:
                found.update(self._in(namespace, each))
            return iter(found.items())
        return iter(list(self._in(namespace, room).items()))

    def _in(self, namespace: str, room: str | None) -> dict[str, str]:
        connected = self._eio_sids.get(namespace, _NONE)
        if room is None:
            return connected
        if room in connected:
            return {room: connected[room]}
        found: dict[str, str] = self.rooms.get(namespace, {}).get(room, _NONE)
        return found

    def pre_connect(self, eio_sid: str, namespace: str) -> str | None:
        sids = self._sids.setdefault(namespace, {})
        if eio_sid in sids:
            return None
        sid: str = self.server.eio.generate_id()
        sids[eio_sid] = sid
        self._eio_sids.setdefault(namespace, {})[sid] = eio_sid
        self._coming.add((namespace, sid))
        return sid

    def connect(self, sid: str, namespace: str) -> str | None:
        if (namespace, sid) not in self._coming:
            # Not announced before: this is the id of Engine.IO.
            made = self.pre_connect(sid, namespace)
            if made is None:
                return None
            sid = made
        self._coming.discard((namespace, sid))
        return sid

    def is_pre_connected(self, sid: str, namespace: str) -> bool:
        return (namespace, sid) in self._coming

    def is_connected(self, sid: str, namespace: str) -> bool:
        known = (namespace, sid)
        if known in self._coming or known in self._going:
            return False
        return sid in self._eio_sids.get(namespace, _NONE)

    def sid_from_eio_sid(self, eio_sid: str, namespace: str) -> str | None:
        return self._sids.get(namespace, _NONE).get(eio_sid)

    def eio_sid_from_sid(self, sid: str, namespace: str) -> str | None:
        return self._eio_sids.get(namespace, _NONE).get(sid)

    def pre_disconnect(self, sid: str, namespace: str) -> str | None:
        self._going.add((namespace, sid))
        return self.eio_sid_from_sid(sid, namespace)

    def basic_disconnect(self, sid: str, namespace: str, **_: Any) -> None:
        for room in self._rooms_of.pop((namespace, sid), ()):
            self._remove(sid, namespace, room)
        eio_sid = self._eio_sids.get(namespace, {}).pop(sid, None)
        if eio_sid is not None:
            del self._sids[namespace][eio_sid]
        self.callbacks.pop(sid, None)
        self._coming.discard((namespace, sid))
        self._going.discard((namespace, sid))

    def is_sid_room(self, namespace: str, room: str) -> bool:
        return room in self._eio_sids.get(namespace, _NONE)

    def basic_enter_room(
        self, sid: str, namespace: str, room: str, eio_sid: str | None = None
    ) -> None:
        eio_sid = eio_sid or self.eio_sid_from_sid(sid, namespace)
        if eio_sid is None:
            raise ValueError("sid is not connected to requested namespace")
        if self.is_sid_room(namespace, room):
            if room == sid:
                return
            raise ValueError("cannot enter a sid room")
        self.rooms.setdefault(namespace, {}).setdefault(room, {})[sid] = eio_sid
        self._rooms_of.setdefault((namespace, sid), set()).add(room)

    def basic_leave_room(self, sid: str, namespace: str, room: str) -> None:
        entered = self._rooms_of.get((namespace, sid))
        if entered is None or room not in entered:
            return
        entered.discard(room)
        if not entered:
            del self._rooms_of[namespace, sid]
        self._remove(sid, namespace, room)

    def get_rooms(self, sid: str, namespace: str) -> list[str]:
        if not self.is_sid_room(namespace, sid):
            return []
        return [sid, *self._rooms_of.get((namespace, sid), ())]

    def _remove(self, sid: str, namespace: str, room: str) -> None:
        rooms = self.rooms[namespace]
        del rooms[room][sid]
        if not rooms[room]:
            del rooms[room]
