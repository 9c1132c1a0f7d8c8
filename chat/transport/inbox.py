"""The queue of calls that one client has sent and that have not been carried out, with its limits.

A greenlet carries them out in order; it exists only while a call may begin. No call begins while
too many bytes wait for the client to read them, or while its person is over the allowance.
"""

import sys
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

import eventlet

from chat.transport.allowance import Allowance
from chat.transport.tick import Tick
from chat.transport.transport import Transport

#: With FULL calls of a connection waiting no more is read from it; at LOW reading goes on.
FULL, LOW = 64, 16
#: The same limits in bytes of memory.
FULL_BYTES, LOW_BYTES = 256 * 1024, 64 * 1024
#: Calls of one connection that are carried out at the same time, of those kinds that may overlap.
OVERLAP = 16
#: Calls of one connection that begin in one tick of the event loop.
CALLS = 16
#: While more bytes than this wait for a client to read them, no call of it begins.
UNTAKEN = 2**20


class Server(Protocol):
    """The server of a session, as far as an inbox needs it."""

    tick: Tick
    may_overlap: Callable[[str], bool]

    def deliver(self, session: Any, data: str | bytes) -> None: ...


class Caller(Protocol):
    """A session, as far as its inbox needs it."""

    allowance: Allowance | None
    transport: Transport | None
    asking: int

    @property
    def server(self) -> Server: ...

    @property
    def closed(self) -> bool: ...

    @property
    def untaken(self) -> int: ...

    def behind(self) -> None: ...

    def check_reader(self) -> None: ...

    def close(self, wait: bool, abort: bool, reason: str | None) -> None: ...

    def forget_inbox(self, inbox: "Inbox") -> None: ...


class Ended:
    """Stands in the queue behind a connection's last call: the connection has ended."""

    __slots__ = ("reason",)

    def __init__(self, reason: str) -> None:
        self.reason = reason


class Inbox:
    """Of one session, while calls of it wait or are under way. ``bytes`` counts those that wait.

    A quiet connection makes a new inbox for each call: so most attributes begin as the class's.
    """

    is_full = False
    #: An event that is sent when there is room again; made when somebody waits for it.
    _room_again: Any = None
    #: _has_worker: a greenlet carries calls out, or one will be started. _is_held: the next call
    #: waits for one under way to end. _is_parked: the next call waits for ``go_on``.
    _has_worker = _is_held = _is_parked = False
    _under_way = _begun = _turn_number = 0

    def __init__(self, session: Caller) -> None:
        self._session = session
        self._tick = session.server.tick
        self._items: deque[str | bytes | Ended] = deque()
        self.bytes = 0

    def put(self, item: str | bytes | Ended) -> None:
        self._items.append(item)
        if not isinstance(item, Ended):
            self.bytes += sys.getsizeof(item)
        if not self._has_worker:
            self._has_worker = True
            self._tick.work(self._work)
        elif len(self._items) >= FULL or self.bytes >= FULL_BYTES:
            self.is_full = True
            if self._session.transport is not None:
                self._session.transport.pause()

    def go_on(self) -> bool:
        """Check again whether the next call may begin; gives whether one was waiting for this."""
        was_parked = self._is_parked
        if was_parked:
            self._is_parked = False
            self._tick.work(self._work)
        return was_parked

    def wait_for_room(self) -> None:
        while self.is_full:
            if self._room_again is None:
                self._room_again = eventlet.event.Event()
            self._room_again.wait()

    def _work(self) -> None:
        """Carry out calls one after the other, except those that may overlap.

        Overlapping calls only begin in order: the next begins while the store answers this one.
        """
        session, items = self._session, self._items
        while items:
            first = items[0]
            overlaps = (
                isinstance(first, str) and not session.asking and session.server.may_overlap(first)
            )
            if self._under_way and (not overlaps or self._under_way == OVERLAP):
                # ``_carry_out_beside`` starts this method again when a call has ended.
                self._is_held = True
                return
            if self._has_to_wait():
                self._is_parked = True
                return
            items.popleft()
            self._make_room(first)
            if isinstance(first, Ended):
                # Calls sent before the end have been carried out: a page may leave and close.
                session.close(wait=False, abort=True, reason=first.reason)
                items.clear()
                self.bytes = 0
                self._open_again()
                break
            if overlaps:
                if items:
                    self._tick.work(self._work)
                else:
                    self._has_worker = False
                self._carry_out_beside(first)
                return
            self._carry_out(first)
        self._has_worker = False
        self._leave_if_done()

    def _has_to_wait(self) -> bool:
        """Whether the next call may not begin yet; if so, arranges that ``go_on`` is called."""
        session = self._session
        if session.closed or isinstance(self._items[0], Ended):
            return False
        transport = session.transport
        untaken = session.untaken if transport is None else transport.outbox.waiting
        if self._turn_number != self._tick.number:
            self._turn_number, self._begun = self._tick.number, 0
        person = session.allowance
        if self._begun == CALLS:
            self._tick.next(self._look_again)
        elif untaken > UNTAKEN:
            # The transport calls ``go_on`` when the client has read, or else the backlog's check.
            session.behind()
        elif person is None or person.is_free():
            self._begun += 1
            return False
        elif person.may_begin():
            person.wait(self.go_on)
        else:
            self._tick.later(self._look_again)
        return True

    def _look_again(self) -> None:
        self.go_on()

    def _make_room(self, item: str | bytes | Ended) -> None:
        if not isinstance(item, Ended):
            self.bytes -= sys.getsizeof(item)
        if self.is_full and len(self._items) <= LOW and self.bytes <= LOW_BYTES:
            self._open_again()

    def _open_again(self) -> None:
        self.is_full = False
        if self._session.transport is not None:
            self._session.transport.resume()
        waiting, self._room_again = self._room_again, None
        if waiting is not None:
            waiting.send()

    def _carry_out(self, item: str | bytes) -> None:
        session = self._session
        if session.closed:
            return
        person = session.allowance
        if person is None:
            session.server.deliver(session, item)
        else:
            person.begin()
            try:
                session.server.deliver(session, item)
            finally:
                person.end()
        session.check_reader()

    def _carry_out_beside(self, item: str | bytes) -> None:
        self._under_way += 1
        try:
            self._carry_out(item)
        finally:
            self._under_way -= 1
            if self._is_held:
                self._is_held = False
                self._tick.work(self._work)
            self._leave_if_done()

    def _leave_if_done(self) -> None:
        """Drop the inbox of an idle connection: it would be most of that connection's memory."""
        if not self._items and not self._under_way and not self._has_worker:
            self._session.forget_inbox(self)
