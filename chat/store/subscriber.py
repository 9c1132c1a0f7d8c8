"""The worker's connection to the store that is subscribed to channels.

One greenlet reads from it; any greenlet may subscribe. When the connection is lost, or nothing has
arrived for too long, the subscriber connects again and subscribes to all channels.
"""

import contextlib
import logging
import random
import socket
from collections.abc import Callable

import eventlet
from redis.exceptions import ConnectionError, RedisError, TimeoutError

from chat.store.buffered_answers import buffered_answers
from chat.store.store import COMMAND_TIMEOUT_S, Store
from chat.transport.peer import is_closed_by_peer

log = logging.getLogger(__name__)

#: Seconds without a message after which the connection counts as lost. The worker's own canary
#: arrives much more often: every ``heartbeat.CANARY_S`` seconds.
SILENCE_S = 10.0
#: Tries to read the messages that were missed, and seconds between two tries. What arrives in that
#: time waits; if no try succeeds, it is lost with the connection.
CATCH_UP_TRIES, CATCH_UP_PAUSE_S = 25, 0.2
#: Seconds between two tries to connect, at most.
LONGEST_PAUSE_S = 2.0


class Subscriber:
    """``on_message(channel, payload)`` and ``on_connected()`` run in the reading greenlet.

    ``permanent`` are the channels that are subscribed from the start.
    """

    def __init__(
        self,
        store: Store,
        on_message: Callable[[str, bytes], None],
        on_connected: Callable[[], None],
        permanent: tuple[str, ...],
    ) -> None:
        pool = store.redis.connection_pool
        options = {
            **pool.connection_kwargs,
            "health_check_interval": 0,
            "socket_timeout": SILENCE_S,
        }
        self._connection = pool.connection_class(**options)
        self._on_message = on_message
        self._on_connected = on_connected
        self._channels = {channel: eventlet.event.Event() for channel in permanent}
        self._connected = False
        #: Whether all channels are subscribed, and ``on_connected`` has read missed messages.
        self.is_caught_up = False
        self._writing = eventlet.semaphore.Semaphore()

    def subscribe(self, *channels: str) -> None:
        """Subscribe, and wait for the store's confirmation. Raises ``RedisError``."""
        confirmations = {channel: eventlet.event.Event() for channel in channels}
        self._channels.update(confirmations)
        self._send("SUBSCRIBE", channels)
        with eventlet.Timeout(
            COMMAND_TIMEOUT_S, RedisError("The store does not confirm a subscription.")
        ):
            for confirmed in confirmations.values():
                confirmed.wait()

    def unsubscribe(self, *channels: str) -> None:
        """Unsubscribe, without waiting. Raises ``RedisError``."""
        for channel in channels:
            self._channels.pop(channel, None)
        self._send("UNSUBSCRIBE", channels)

    def reconnect(self) -> None:
        """Connect again: the server of this connection must not be used any more."""
        self._shut_down_socket()

    def run(self) -> None:
        """Receive for ever."""
        failures = 0
        was_logged = False
        while True:
            try:
                self._connect()
                failures = 0
                while True:
                    self._handle(self._read())
                    for answer in buffered_answers(self._connection):
                        self._handle(answer)
                    # Not before a message: a store that loads its data accepts a connection.
                    if was_logged:
                        was_logged = False
                        log.warning("The worker receives from the store again.")
            except (RedisError, OSError) as error:
                if not was_logged:
                    was_logged = True
                    log.warning("The worker receives nothing from the store (%s).", error)
            except Exception:
                # Without this loop the worker would receive no more messages.
                log.exception("The worker could not handle what it received; starting over.")
            self._connection.disconnect()
            self._connected = self.is_caught_up = False
            failures += 1
            # Jitter: the workers of a restarted store do not all connect at the same time.
            longest = min(0.1 * 2**failures, LONGEST_PAUSE_S)
            eventlet.sleep(longest * random.uniform(0.5, 1.0))

    def _read(self) -> list[bytes]:
        if not self._connection.is_connected:
            # The library closes it where a write fails.
            raise ConnectionError("The connection was closed.")
        try:
            answer: list[bytes] = self._connection.read_response(disconnect_on_error=False)
        except TimeoutError:
            # The time may be over because the whole process was stopped, and bytes have arrived.
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
        # Messages that arrive before that are handled after ``on_connected`` has read older ones.
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
        self.is_caught_up = True
        for answer in early:
            self._handle(answer)

    def _catch_up(self) -> None:
        """Read missed messages; try again if the store does not answer. Raises ``RedisError``.

        The subscribed connection stays open for this: messages that wait in it would be lost
        otherwise, and not all of them are stored.
        """
        for _ in range(CATCH_UP_TRIES - 1):
            try:
                self._on_connected()
            except RedisError as error:
                if is_closed_by_peer(self._connection._sock):
                    raise
                log.debug("The store does not answer: %s", error)
                eventlet.sleep(CATCH_UP_PAUSE_S)
            else:
                return
        self._on_connected()

    def _send(self, command: str, channels: tuple[str, ...]) -> None:
        with self._writing:
            # Without a connection nothing is sent: the next one subscribes to all channels. (The
            # library would connect here, at the same time as the reading greenlet.)
            if not self._connected or not self._connection.is_connected:
                return
            try:
                self._connection.send_command(command, *channels)
            except (RedisError, OSError):
                self._shut_down_socket()

    def _shut_down_socket(self) -> None:
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
