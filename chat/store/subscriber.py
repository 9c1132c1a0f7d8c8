"""The worker's one connection to the store that is subscribed to channels.

One greenlet reads it; any greenlet may subscribe. When the connection is lost, or silent for longer
than a healthy one can be, it is made anew, and all channels are subscribed again.
"""

import contextlib
import logging
import random
import socket
from collections.abc import Callable

import eventlet
from redis.exceptions import ConnectionError, RedisError, TimeoutError

from chat.store.store import COMMAND_TIMEOUT, Store
from chat.transport.peer import is_closed_by_peer

log = logging.getLogger(__name__)

#: Seconds of silence after which the connection counts as dead. The worker's own canary, published
#: every ``heartbeat.CANARY`` seconds, is heard far more often than that.
SILENCE = 10.0
#: How often what was missed is asked for, and seconds between two times.
CATCH_UP_TRIES, CATCH_UP_PAUSE = 5, 0.2
#: Seconds between two tries to connect, at the most.
LONGEST_PAUSE = 2.0


class Subscriber:
    """``on_message(channel, payload)`` and ``on_connected()`` run in the reading greenlet.

    ``always`` are the channels that are subscribed from the start.
    """

    def __init__(
        self,
        store: Store,
        on_message: Callable[[str, bytes], None],
        on_connected: Callable[[], None],
        always: tuple[str, ...],
    ) -> None:
        pool = store.redis.connection_pool
        options = {**pool.connection_kwargs, "health_check_interval": 0, "socket_timeout": SILENCE}
        self._connection = pool.connection_class(**options)
        self._on_message = on_message
        self._on_connected = on_connected
        self._channels = {channel: eventlet.event.Event() for channel in always}
        self._connected = False
        #: Whether all channels are subscribed, and ``on_connected`` has read what was missed.
        self.listens = False
        self._writing = eventlet.semaphore.Semaphore()

    def subscribe(self, *channels: str) -> None:
        """Subscribe, and wait for the store's confirmation. Raises ``RedisError``."""
        confirmations = {channel: eventlet.event.Event() for channel in channels}
        self._channels.update(confirmations)
        self._send("SUBSCRIBE", channels)
        with eventlet.Timeout(
            COMMAND_TIMEOUT, RedisError("The store does not confirm a subscription.")
        ):
            for confirmed in confirmations.values():
                confirmed.wait()

    def unsubscribe(self, *channels: str) -> None:
        for channel in channels:
            self._channels.pop(channel, None)
        self._send("UNSUBSCRIBE", channels)

    def reconnect(self) -> None:
        """Connect anew, since the server behind this connection is not to be used any more."""
        self._hang_up()

    def run(self) -> None:
        """Listen for ever."""
        failures = 0
        was_told = False
        while True:
            try:
                self._connect()
                failures = 0
                while True:
                    self._handle(self._read())
                    # Not before: a store that loads its data takes a connection, and is silent.
                    if was_told:
                        was_told = False
                        log.warning("The worker hears the store again.")
            except (RedisError, OSError) as error:
                if not was_told:
                    was_told = True
                    log.warning("The worker does not hear the store (%s); trying again.", error)
            except Exception:
                # The loop must go on: without it the worker would hear nothing any more.
                log.exception("The worker could not handle what it heard; starting over.")
            self._connection.disconnect()
            self._connected = self.listens = False
            failures += 1
            # Jitter, so that all workers of a restarted store do not come at once.
            longest = min(0.1 * 2**failures, LONGEST_PAUSE)
            eventlet.sleep(longest * random.uniform(0.5, 1.0))

    def _read(self) -> list[bytes]:
        if not self._connection.is_connected:
            # The library closes it where a write fails.
            raise ConnectionError("The connection was closed.")
        try:
            answer: list[bytes] = self._connection.read_response(disconnect_on_error=False)
        except TimeoutError:
            # After a pause of the whole process the time is over, but bytes may have arrived.
            if not self._connection.can_read(timeout=0):
                raise
            answer = self._connection.read_response()
        return answer

    def _connect(self) -> None:
        self._connection.connect()
        # From here on ``subscribe`` sends its own command.
        self._connected = True
        with self._writing:
            wanted = list(self._channels)
            if wanted:
                self._connection.send_command("SUBSCRIBE", *wanted)
        # Messages that arrive meanwhile are handled after ``on_connected`` has read older ones.
        early: list[list[bytes]] = []
        pending = set(wanted)
        while pending:
            answer = self._connection.read_response()
            if answer[0] == b"subscribe":
                pending.discard(answer[1].decode())
                self._handle(answer)
            else:
                early.append(answer)
        self._catch_up()
        self.listens = True
        for answer in early:
            self._handle(answer)

    def _catch_up(self) -> None:
        """Read what was missed, again where the store did not answer that.

        As long as the subscribed connection is open, closing it would lose the messages that wait
        there, and not all of them are stored. Raises ``RedisError``.
        """
        for _ in range(CATCH_UP_TRIES - 1):
            try:
                self._on_connected()
            except RedisError as error:
                if is_closed_by_peer(self._connection._sock):
                    raise
                log.debug("The store does not answer: %s", error)
                eventlet.sleep(CATCH_UP_PAUSE)
            else:
                return
        self._on_connected()

    def _send(self, command: str, channels: tuple[str, ...]) -> None:
        with self._writing:
            # If the connection is lost, nothing is sent: the next one subscribes to all channels.
            # (The library would connect here by itself, beside the reading greenlet.)
            if not self._connected or not self._connection.is_connected:
                return
            try:
                self._connection.send_command(command, *channels)
            except (RedisError, OSError):
                self._hang_up()

    def _hang_up(self) -> None:
        """Shut the socket down: then the reading greenlet connects and subscribes again.

        Only that greenlet may close the connection, since it may be reading from it.
        """
        if self._connected and self._connection._sock is not None:
            with contextlib.suppress(OSError):
                self._connection._sock.shutdown(socket.SHUT_RDWR)

    def _handle(self, answer: list[bytes]) -> None:
        kind, channel, payload = answer
        if kind == b"message":
            self._on_message(channel.decode(), payload)
        elif kind == b"subscribe":
            confirmed = self._channels.get(channel.decode())
            if confirmed is not None and not confirmed.ready():
                confirmed.send()
