"""The commands of one turn of the loop travel to the store in one write, and so do the answers.

Greenlets that need the store at the same moment share one connection. It is redis-py's own, so TLS,
authentication and addresses stay the library's; only who writes and who reads it is decided here.
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

from chat import condition
from chat.live.turn import Turn
from chat.store import PATIENCE, SCRIPTS, Command, Store

log = logging.getLogger(__name__)

#: Seconds before a batch is sent once more over a new connection, at the most.
PAUSE = 0.05
#: Seconds between two looks at how long somebody has been waiting.
LOOK = 0.5


class _Batch:
    """Commands of one caller, who sleeps until all their answers are here."""

    __slots__ = ("answers", "commands", "is_second_try", "packed", "since", "waiter")

    def __init__(self, commands: Sequence[Command], waiter: Any) -> None:
        self.commands = len(commands)
        self.packed = b"".join([hiredis.pack_command(command) for command in commands])  # type: ignore[arg-type]
        self.answers: list[Any] = []
        self.waiter = waiter
        self.since = time.monotonic()
        self.is_second_try = False

    def wake(self, failure: Exception | None = None) -> None:
        """To be called by the event loop."""
        waiter, self.waiter = self.waiter, None
        if waiter is None:
            return
        if failure is None:
            waiter.switch()
        else:
            waiter.throw(failure)


class Pipeline:
    """``send`` is for ``Store.travel``: commands in, answers out, errors of commands among them.

    Whatever is sent is carried out in that order, also where a broken connection makes it necessary
    to send it once more. ``on_other_server()`` is called when the server behind the connection is
    of no more use, or is another one than before: other connections may still be to that one.
    """

    def __init__(
        self, store: Store, turn: Turn, on_other_server: Callable[[], None] = lambda: None
    ) -> None:
        self._store = store
        self._turn = turn
        self._on_other_server = on_other_server
        pool = store.redis.connection_pool
        options = {**pool.connection_kwargs, "health_check_interval": 0}
        self._connection = pool.connection_class(**options)
        #: All that is not answered yet, in order; of that, what is to be written in this turn.
        self._pending: deque[_Batch] = deque()
        self._unwritten: list[_Batch] = []
        #: Whoever is to be woken, all of them at once.
        self._answered: list[_Batch] = []
        self._writer: Any = None
        self._reader: Any = None
        self._idle = self._broken = False

    def send(self, commands: Sequence[Command]) -> list[Any]:
        """Raises ``ConnectionError`` after a second try, and ``TimeoutError``."""
        batch = _Batch(commands, greenlet.getcurrent())
        self._pending.append(batch)
        self._unwritten.append(batch)
        if self._writer is None:
            self._writer = eventlet.spawn(self._write)
        self._start_writing()
        try:
            hubs.get_hub().switch()
        finally:
            # Whoever was thrown out of its sleep is not to be woken any more.
            batch.waiter = None
        return batch.answers

    def _start_writing(self) -> None:
        if self._idle:
            self._idle = False
            self._turn.at_end(self._writer.switch)

    def _write(self) -> None:
        """Write what has gathered, turn after turn; a reader beside it takes the answers."""
        while True:
            if not self._unwritten:
                self._idle = True
                hubs.get_hub().switch()
            if self._broken:
                # Jitter: everybody who waited for a store that was restarted comes now.
                self._broken = False
                eventlet.sleep(random.uniform(0, PAUSE))
            try:
                if not self._connection.is_connected:
                    self._connect()
                unwritten, self._unwritten = self._unwritten, []
                # One piece: the library writes each of several by itself.
                piece = b"".join([batch.packed for batch in unwritten])
                self._connection.send_packed_command([piece], check_health=False)
            except Exception as error:
                self._fail(error)

    def _connect(self) -> None:
        self._connection.connect()
        # First of all, or else who finds that they are missing would be overtaken by others.
        for script in SCRIPTS.values():
            self._connection.send_command("SCRIPT", "LOAD", script.source)
        for command in condition.WHO_ANSWERS:
            self._connection.send_command(*command)
        for _ in SCRIPTS:
            self._connection.read_response()
        self._begin_life([self._connection.read_response() for _ in condition.WHO_ANSWERS])
        self._reader = eventlet.spawn(self._read)

    def _begin_life(self, answers: list[Any]) -> None:
        before = self._store.life
        self._store.life, self._store.is_kept = condition.life(answers)
        if before and before != self._store.life:
            self._leave_server()
            # They name epochs of a life in which their numbers may have been given already.
            replaced = ConnectionError("The store is another one now.", status_code="REPLACED")
            self._give_up(list(self._pending), replaced)
            self._pending.clear()
            self._unwritten.clear()

    def _leave_server(self) -> None:
        self._store.leave_server()
        self._on_other_server()

    def _read(self) -> None:
        try:
            while True:
                answer = self._next_answer()
                if isinstance(answer, Exception) and condition.condemns(answer):
                    self._leave_server()
                    raise answer
                batch = self._pending[0]
                batch.answers.append(answer)
                if len(batch.answers) == batch.commands:
                    self._answered.append(self._pending.popleft())
                    if len(self._answered) == 1:
                        self._turn.soon(self._wake)
        except Exception as error:
            self._fail(error)

    def _wake(self) -> None:
        answered, self._answered = self._answered, []
        for batch in answered:
            batch.wake()

    def _next_answer(self) -> Any:
        while True:
            try:
                return self._connection.read_response(timeout=LOOK, disconnect_on_error=False)
            except ResponseError as error:
                return error
            except TimeoutError:
                waited = self._pending and time.monotonic() - self._pending[0].since
                # A process that was held up finds its time over, and the answer here.
                if waited and waited > PATIENCE and not self._connection.can_read(timeout=0):
                    raise

    def _fail(self, error: Exception) -> None:
        """The connection is of no more use: what it took along is sent again, but only once.

        The store may have been restarted since the last command. More patience than that is the
        client's, which has an outbox; and a store that is only silent has had all of ours.
        """
        if not isinstance(error, RedisError | OSError):
            log.exception("The pipeline to the store failed")
        reader, self._reader = self._reader, None
        if reader is not None and reader is not greenlet.getcurrent():
            reader.kill()
        self._connection.disconnect()
        self._broken = True
        hopeless = isinstance(error, TimeoutError)
        failed, self._pending = self._pending, deque()
        given_up = [batch for batch in failed if hopeless or batch.is_second_try]
        self._give_up(given_up, error)
        for batch in failed:
            if not (hopeless or batch.is_second_try):
                batch.is_second_try = True
                batch.answers.clear()
                self._pending.append(batch)
        self._unwritten = list(self._pending)
        if self._unwritten:
            self._start_writing()

    def _give_up(self, batches: Sequence[_Batch], error: Exception) -> None:
        for batch in batches:
            hubs.get_hub().schedule_call_global(0, batch.wake, _again(error))


def _again(error: Exception) -> Exception:
    """One for each caller: a traceback grows with everybody who raises it."""
    if isinstance(error, RedisError):
        return type(error)(str(error), status_code=error.status_code)
    return ConnectionError(str(error))
