"""The inbox of a session: the calls that its client has sent and that wait to be carried out.

A greenlet carries them out in order. It exists only while a call may begin. No call begins while
the client has too many bytes to read, or while its allowance is used up.
"""

import sys
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

import eventlet

from chat.transport.allowance import Allowance
from chat.transport.tick import Tick
from chat.transport.transport import Transport

#: When FULL calls of a connection wait, reading from it stops; at LOW calls it continues.
FULL, LOW = 64, 16
#: The same limits in bytes of memory.
FULL_BYTES, LOW_BYTES = 256 * 1024, 64 * 1024
#: Calls of one connection that may be under way at the same time, if they may overlap.
OVERLAP = 16
#: Calls of one connection that begin in one tick of the event loop.
CALLS = 16
#: No call of a client begins while it has more bytes than this to read.
UNREAD_MAX = 2**20


class InboxServer(Protocol):
    """The server of a session, as far as an inbox needs it."""

    tick: Tick
    may_overlap: Callable[[str], bool]
    begin_call: Callable[[Any, str, Callable[[], None]], bool]

    def deliver(self, session: Any, data: str | bytes) -> None: ...


class InboxSession(Protocol):
    """A session, as far as its inbox needs it."""

    allowance: Allowance | None
    transport: Transport | None
    ordered_calls: int

    @property
    def server(self) -> InboxServer: ...

    @property
    def closed(self) -> bool: ...

    @property
    def unread_bytes(self) -> int: ...

    def bytes_waiting(self) -> None: ...

    def check_reader(self) -> None: ...

    def close(self, wait: bool, abort: bool, reason: str | None) -> None: ...

    def drop_inbox(self, inbox: "Inbox") -> None: ...


class EndOfCalls:
    """The last item of an inbox: the client's connection is closed, with this reason."""

    __slots__ = ("reason",)

    def __init__(self, reason: str) -> None:
        self.reason = reason


class Inbox:
    """The inbox of one session. ``bytes`` is the memory of the calls that wait.

    An idle session has no inbox, and makes a new one for its next call. So most attributes have
    their first value in the class.
    """

    is_full = False
    #: An event that is sent when the inbox is not full any more; made when a request waits for it.
    _room_again: Any = None
    #: _has_worker: calls are begun now, or a greenlet carries them out, or will. _is_blocked: the
    #: next call waits for the end of another call. _is_waiting: it waits for ``resume_calls``.
    _has_worker = _is_blocked = _is_waiting = False
    _under_way = _begun = _tick_number = 0

    def __init__(self, session: InboxSession) -> None:
        self._session = session
        self._tick = session.server.tick
        self._items: deque[str | bytes | EndOfCalls] = deque()
        self.bytes = 0

    def put(self, item: str | bytes | EndOfCalls) -> None:
        """Put a call behind the others, and begin it if it may. Does not block."""
        self._items.append(item)
        if not isinstance(item, EndOfCalls):
            self.bytes += sys.getsizeof(item)
        if not self._has_worker:
            self._has_worker = True
            self._begin_calls()
        elif len(self._items) >= FULL or self.bytes >= FULL_BYTES:
            self.is_full = True
            if self._session.transport is not None:
                self._session.transport.pause()

    def resume_calls(self) -> bool:
        """Check again whether the next call may begin; returns whether one has waited for this."""
        was_waiting = self._is_waiting
        if was_waiting:
            self._is_waiting = False
            self._begin_calls()
        return was_waiting

    def wait_for_room(self) -> None:
        """Block while the inbox is full."""
        while self.is_full:
            if self._room_again is None:
                self._room_again = eventlet.event.Event()
            self._room_again.wait()

    def _begin_calls(self) -> None:
        """Begin calls that may overlap; start a greenlet for what cannot be begun without one.

        Calls that may overlap begin in order: the next one begins while the store answers this one.
        """
        session, items = self._session, self._items
        while items:
            first = items[0]
            overlaps = not session.ordered_calls and self._may_overlap(first)
            if self._postpone_if_needed(overlaps):
                return
            if not overlaps or session.closed or not self._try_begin(first):
                self._tick.start_greenlet(self._carry_out_calls)
                return
            self._take()
        self._has_worker = False
        self._drop_if_idle()

    def _may_overlap(self, item: str | bytes | EndOfCalls) -> bool:
        return isinstance(item, str) and self._session.server.may_overlap(item)

    def _try_begin(self, item: str | bytes | EndOfCalls) -> bool:
        """Begin a call without a greenlet. Gives false, and begins nothing, if it takes one."""
        session, allowance = self._session, self._session.allowance
        if allowance is None or not isinstance(item, str):
            return False
        self._under_way += 1
        allowance.begin()
        if session.server.begin_call(session, item, self._end):
            return True
        self._under_way -= 1
        allowance.end()
        return False

    def _end(self) -> None:
        """A call that was begun without a greenlet is answered."""
        self._under_way -= 1
        if self._session.allowance is not None:
            self._session.allowance.end()
        self._session.check_reader()
        if self._is_blocked:
            self._is_blocked = False
            self._begin_calls()
        else:
            self._drop_if_idle()

    def _carry_out_calls(self) -> None:
        """Carry out calls one after the other, except calls that may overlap."""
        session, items = self._session, self._items
        while items:
            first = items[0]
            overlaps = not session.ordered_calls and self._may_overlap(first)
            if self._postpone_if_needed(overlaps):
                return
            self._take()
            if isinstance(first, EndOfCalls):
                # All calls that the client sent before are carried out: a page may leave and close.
                session.close(wait=False, abort=True, reason=first.reason)
                items.clear()
                self.bytes = 0
                self._make_readable()
                break
            if overlaps:
                if items:
                    self._tick.start_greenlet(self._carry_out_calls)
                else:
                    self._has_worker = False
                self._carry_out_overlapping(first)
                return
            self._carry_out(first)
        self._has_worker = False
        self._drop_if_idle()

    def _postpone_if_needed(self, overlaps: bool) -> bool:
        """If the next call may not begin yet, have ``_begin_calls`` called again, and give true."""
        if self._under_way and (not overlaps or self._under_way == OVERLAP):
            # ``_end`` or ``_carry_out_overlapping`` calls it.
            self._is_blocked = True
            return True
        session = self._session
        if session.closed or isinstance(self._items[0], EndOfCalls):
            return False
        transport = session.transport
        unread_bytes = session.unread_bytes if transport is None else transport.outbox.waiting
        if self._tick_number != self._tick.number:
            self._tick_number, self._begun = self._tick.number, 0
        allowance = session.allowance
        if self._begun == CALLS:
            self._tick.in_next_tick(self._retry)
        elif unread_bytes > UNREAD_MAX:
            # The transport, when the client has read all, or the backlog calls ``resume_calls``.
            session.bytes_waiting()
        elif allowance is None or allowance.is_free():
            return False
        elif allowance.may_begin():
            allowance.wait(self.resume_calls)
        else:
            self._tick.within_100_ms(self._retry)
        self._is_waiting = True
        return True

    def _retry(self) -> None:
        self.resume_calls()

    def _take(self) -> None:
        """Take the next item out: its call begins."""
        item = self._items.popleft()
        self._begun += 1
        if not isinstance(item, EndOfCalls):
            self.bytes -= sys.getsizeof(item)
        if self.is_full and len(self._items) <= LOW and self.bytes <= LOW_BYTES:
            self._make_readable()

    def _make_readable(self) -> None:
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
        allowance = session.allowance
        if allowance is None:
            session.server.deliver(session, item)
        else:
            allowance.begin()
            try:
                session.server.deliver(session, item)
            finally:
                allowance.end()
        session.check_reader()

    def _carry_out_overlapping(self, item: str | bytes) -> None:
        self._under_way += 1
        try:
            self._carry_out(item)
        finally:
            self._under_way -= 1
            if self._is_blocked:
                self._is_blocked = False
                self._begin_calls()
            self._drop_if_idle()

    def _drop_if_idle(self) -> None:
        """Drop the inbox if it is idle: it is most of the memory of an idle connection."""
        if not self._items and not self._under_way and not self._has_worker:
            self._session.drop_inbox(self)
