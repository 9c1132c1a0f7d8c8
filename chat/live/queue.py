"""Flask-SocketIO's message queue, over which processes outside emit to rooms."""

from collections.abc import Iterator
from typing import Any

import eventlet

from chat import key_prefix
from chat.live.members import Members


class QueueManager(Members):
    """The library's, but it hears the queue over the worker's one connection that listens.

    So it is healed with that: the library's own would be deaf for up to a minute after the store
    was away, and for ever on a connection that is only half open.
    """

    def __init__(self, store_url: str) -> None:
        super().__init__(store_url, channel=key_prefix.queue())
        self._heard = eventlet.queue.LightQueue()

    def hear(self, payload: bytes) -> None:
        """What arrived on the queue."""
        self._heard.put(payload)

    def _leave_as_it_is(self, message: dict[str, Any]) -> None:
        """Who is in a room is decided by ``join`` and ``leave`` alone, not by programs outside.

        A room that an outside program has closed would no longer hear what others outside emit.
        """

    _handle_close_room = _handle_enter_room = _handle_leave_room = _leave_as_it_is

    def _listen(self) -> Iterator[bytes]:
        while True:
            yield self._heard.get()
