"""Flask-SocketIO's message queue, over which processes outside emit to rooms."""

from collections.abc import Iterator
from typing import Any

import eventlet

from chat import key_prefix
from chat.live.client_manager import ClientManager


class QueueManager(ClientManager):
    """The library's manager, but it receives the queue through the worker's ``Subscriber``.

    The library's own connection would receive nothing for up to a minute after the store was away,
    and for ever if the connection was only half open.
    """

    def __init__(self, store_url: str) -> None:
        super().__init__(store_url, channel=key_prefix.queue())
        self._received = eventlet.queue.LightQueue()

    def receive(self, payload: bytes) -> None:
        """Put a message of the queue where the library reads it."""
        self._received.put(payload)

    def _ignore(self, message: dict[str, Any]) -> None:
        """Ignore a request from outside to change who is in a room.

        Only ``join`` and ``leave`` decide that. After one program had closed a room, nothing that
        other programs emit to it would arrive any more.
        """

    _handle_close_room = _handle_enter_room = _handle_leave_room = _ignore

    def _listen(self) -> Iterator[bytes]:
        while True:
            yield self._received.get()
