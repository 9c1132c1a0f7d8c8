"""Sends the store's commands of one tick of the event loop in one write, over one connection.

All greenlets of a worker share the connection. It is redis-py's own: the library handles TLS,
authentication and addresses. This module decides only when to write to it and to read from it.
"""

import logging
import random
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import eventlet
import greenlet
import hiredis
from eventlet import hubs
from redis.exceptions import ConnectionError, RedisError, ResponseError, TimeoutError

from chat.store import error_replies, identity
from chat.store.buffered_answers import buffered_answers
from chat.store.question import Command
from chat.store.scripts import SCRIPTS
from chat.store.store import COMMAND_TIMEOUT_S, Done, Store
from chat.transport.tick import Tick

log = logging.getLogger(__name__)

#: Seconds until a batch is sent again over a new connection, at most.
RETRY_PAUSE_S = 0.05
#: Seconds between two checks of how long the oldest batch has waited.
CHECK_S = 0.5


class _Batch:
    """The commands of one caller, and whom to call when all answers have arrived."""

    __slots__ = ("answers", "commands", "done", "is_second_try", "packed", "since")

    def __init__(self, commands: Sequence[Command], done: Done) -> None:
        self.commands = len(commands)
        pack: Any = hiredis.pack_command
        # One is by far the most frequent number.
        self.packed = pack(commands[0]) if len(commands) == 1 else b"".join(map(pack, commands))
        self.answers: list[Any] = []
        self.done: Done | None = done
        self.since = time.monotonic()
        self.is_second_try = False

    def end(self, failure: Exception | None = None) -> None:
        """Give the caller the answers. To be called by the event loop."""
        done, self.done = self.done, None
        if done is not None:
            done(self.answers if failure is None else failure)


class Pipeline:
    """``send`` serves as ``Store.send_commands``: it takes commands, and gives answers and errors.

    The store carries out commands in the order of sending, also if they are sent again over a new
    connection. ``on_server_changed()`` is called when the server cannot be used any more, or is
    another one than before: then all other connections have to be made again, too.
    """

    def __init__(
        self, store: Store, tick: Tick, on_server_changed: Callable[[], None] = lambda: None
    ) -> None:
        self._store = store
        self._tick = tick
        self._on_server_changed = on_server_changed
        pool = store.redis.connection_pool
        options = {**pool.connection_kwargs, "health_check_interval": 0}
        self._connection = pool.connection_class(**options)
        #: The batches that are not answered yet, in order; and those that are not written yet.
        self._pending: deque[_Batch] = deque()
        self._unwritten: list[_Batch] = []
        #: Batches with all answers, whose callers will be woken together.
        self._answered: list[_Batch] = []
        self._writer: Any = None
        self._reader: Any = None
        self._idle = self._broken = False

    def send(self, commands: Sequence[Command]) -> list[Any]:
        """Raises ``ConnectionError`` after a second try, and ``TimeoutError``."""
        batch = self.send_nowait(commands, greenlet.getcurrent().switch)
        try:
            answers: list[Any] | Exception = hubs.get_hub().switch()
        finally:
            # If an exception (a timeout) has ended the sleep, nobody is to be woken later.
            batch.done = None
        if isinstance(answers, Exception):
            raise answers
        return answers

    def send_nowait(self, commands: Sequence[Command], done: Done) -> _Batch:
        """Send commands, and return at once. Serves as ``Store.send_commands_nowait``.

        The event loop calls ``done``, which must not block, with what ``send`` gives or raises.
        """
        batch = _Batch(commands, done)
        self._pending.append(batch)
        self._unwritten.append(batch)
        if self._writer is None:
            self._writer = eventlet.spawn(self._write)
        if self._idle:
            self._start_writing()
        return batch

    def _start_writing(self) -> None:
        if self._idle:
            self._idle = False
            self._tick.at_end_of_tick(self._writer.switch)

    def _write(self) -> None:
        """Write the batches of each tick. The reading greenlet takes the answers."""
        while True:
            if not self._unwritten:
                self._idle = True
                hubs.get_hub().switch()
            if self._broken:
                # Jitter: the workers of a restarted store do not all connect at the same time.
                self._broken = False
                eventlet.sleep(random.uniform(0, RETRY_PAUSE_S))
            try:
                if not self._connection.is_connected:
                    self._connect()
                unwritten, self._unwritten = self._unwritten, []
                # One piece: the library would write several pieces one by one.
                piece = b"".join([batch.packed for batch in unwritten])
                self._connection.send_packed_command([piece], check_health=False)
            except Exception as error:
                self._fail(error)

    def _connect(self) -> None:
        self._connection.connect()
        # Scripts are loaded first: a command that had to load its script would come too late.
        for script in SCRIPTS.values():
            self._connection.send_command("SCRIPT", "LOAD", script.source)
        for command in identity.COMMANDS:
            self._connection.send_command(*command)
        for _ in SCRIPTS:
            self._connection.read_response()
        self._check_life([self._connection.read_response() for _ in identity.COMMANDS])
        self._reader = eventlet.spawn(self._read)

    def _check_life(self, answers: list[Any]) -> None:
        before = self._store.life
        self._store.life, self._store.is_embedded = identity.read(answers)
        if before and before != self._store.life:
            self._report_other_server()
            # Waiting commands name epochs of the old life; the numbers in them may be used again.
            replaced = ConnectionError("The store is another one now.", status_code="REPLACED")
            self._give_up(list(self._pending), replaced)
            self._pending.clear()
            self._unwritten.clear()

    def _report_other_server(self) -> None:
        self._store.close_idle_connections()
        self._on_server_changed()

    def _read(self) -> None:
        try:
            while True:
                self._take(self._next_answer())
                for answer in buffered_answers(self._connection):
                    self._take(answer)
        except Exception as error:
            self._fail(error)

    def _take(self, answer: Any) -> None:
        if isinstance(answer, Exception) and error_replies.needs_new_connection(answer):
            self._report_other_server()
            raise answer
        batch = self._pending[0]
        batch.answers.append(answer)
        if len(batch.answers) == batch.commands:
            self._answered.append(self._pending.popleft())
            if len(self._answered) == 1:
                self._tick.in_this_tick(self._wake)

    def _wake(self) -> None:
        answered, self._answered = deque(self._answered), []
        try:
            while answered:
                answered.popleft().end()
        finally:
            # One of the callers has failed: the others are woken by another step.
            if answered:
                self._answered.extend(answered)
                self._tick.in_this_tick(self._wake)

    def _next_answer(self) -> Any:
        while True:
            try:
                return self._connection.read_response(timeout=CHECK_S, disconnect_on_error=False)
            except ResponseError as error:
                return error
            except TimeoutError:
                waited = self._pending and time.monotonic() - self._pending[0].since
                # The time may be over because the whole process was stopped, and answers are here.
                if (
                    waited
                    and waited > COMMAND_TIMEOUT_S
                    and not self._connection.can_read(timeout=0)
                ):
                    raise

    def _fail(self, error: Exception) -> None:
        """The connection has failed: send its unanswered batches again, each at most once.

        So callers do not notice a restart of the store. After a second failure, or a timeout, they
        get the error: the clients have an outbox and repeat their calls.
        """
        if not isinstance(error, RedisError | OSError):
            log.exception("The pipeline to the store failed")
        reader, self._reader = self._reader, None
        if reader is not None and reader is not greenlet.getcurrent():
            reader.kill()
        self._connection.disconnect()
        self._broken = True
        is_timeout = isinstance(error, TimeoutError)
        failed, self._pending = self._pending, deque()
        given_up = [batch for batch in failed if is_timeout or batch.is_second_try]
        self._give_up(given_up, error)
        for batch in failed:
            if not (is_timeout or batch.is_second_try):
                batch.is_second_try = True
                batch.answers.clear()
                self._pending.append(batch)
        self._unwritten = list(self._pending)
        if self._unwritten:
            self._start_writing()

    def _give_up(self, batches: Sequence[_Batch], error: Exception) -> None:
        for batch in batches:
            hubs.get_hub().schedule_call_global(0, batch.end, _copy_of(error))


def _copy_of(error: Exception) -> Exception:
    """A copy of the error for each caller: a shared error would collect all their tracebacks."""
    if isinstance(error, RedisError):
        return type(error)(str(error), status_code=error.status_code)
    return ConnectionError(str(error))
