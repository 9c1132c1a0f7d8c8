"""What one client has sent and is not carried out yet: in order, and within a budget.

A greenlet carries it out and exists only as long as there is something that may begin. Nothing
begins while the client does not take its answers, nor while its person has asked for too much.
"""

import sys
from collections import deque
from typing import TYPE_CHECKING, Any

import eventlet

from chat.live import allowance

if TYPE_CHECKING:
    from chat.live.session import Session

#: Calls of one connection that may wait before no more are read, and when reading goes on.
FULL, LOW = 64, 16
#: The same in bytes of memory.
FULL_BYTES, LOW_BYTES = 256 * 1024, 64 * 1024
#: Calls of one connection that are carried out at the same time, where they may.
OVERLAP = 16
#: Calls of one connection that are begun in one turn of the loop.
CALLS = 16
#: Bytes that may wait for a client before no further call of it is carried out.
UNTAKEN = 2**20


class Ended:
    """The place of a connection's end among what it has sent."""

    __slots__ = ("reason",)

    def __init__(self, reason: str) -> None:
        self.reason = reason


class Inbox:
    """Of one session, as long as something of it waits or is under way. ``bytes`` is what waits.

    On a quiet connection each call makes one, so that little is set at first.
    """

    is_full = False
    #: Told when there is room again.
    _room_again: Any = None
    #: Whether a greenlet works on it, is about to, or whoever ends next sees to that; and whether
    #: it has stopped until it is told to look again.
    _has_worker = _is_held = _is_parked = False
    _under_way = _begun = _turn_number = 0

    def __init__(self, session: "Session") -> None:
        self._session = session
        self._turn = session.server.turn
        self._items: deque[str | bytes | Ended] = deque()
        self.bytes = 0

    def put(self, item: str | bytes | Ended) -> None:
        self._items.append(item)
        if not isinstance(item, Ended):
            self.bytes += sys.getsizeof(item)
        if not self._has_worker:
            self._has_worker = True
            self._turn.work(self._work)
        elif len(self._items) >= FULL or self.bytes >= FULL_BYTES:
            self.is_full = True
            if self._session.transport is not None:
                self._session.transport.pause()

    def go_on(self) -> bool:
        """Look again whether the next call may begin. Gives whether anything waited for that."""
        was_parked = self._is_parked
        if was_parked:
            self._is_parked = False
            self._turn.work(self._work)
        return was_parked

    def wait_for_room(self) -> None:
        while self.is_full:
            if self._room_again is None:
                self._room_again = eventlet.event.Event()
            self._room_again.wait()

    def _work(self) -> None:
        """Carry out what has come, one after the other, but for calls that may overlap.

        Those only have to begin in order: the next one begins while the store answers this one.
        """
        session, items = self._session, self._items
        while items:
            first = items[0]
            overlaps = (
                isinstance(first, str) and not session.asking and session.server.may_overlap(first)
            )
            if self._under_way and (not overlaps or self._under_way == OVERLAP):
                # Whoever is under way begins this anew.
                self._is_held = True
                return
            if self._has_to_wait():
                self._is_parked = True
                return
            items.popleft()
            self._make_room(first)
            if isinstance(first, Ended):
                # What was called before is carried out by now: a page says goodbye and is gone.
                session.close(wait=False, abort=True, reason=first.reason)
                items.clear()
                self.bytes = 0
                self._open_again()
                break
            if overlaps:
                if items:
                    self._turn.work(self._work)
                else:
                    self._has_worker = False
                self._carry_out_beside(first)
                return
            self._carry_out(first)
        self._has_worker = False
        self._leave_if_done()

    def _has_to_wait(self) -> bool:
        """Whether the next one may not begin; then it is seen to that somebody calls ``go_on``."""
        session = self._session
        if session.closed or isinstance(self._items[0], Ended):
            return False
        if self._turn_number != self._turn.number:
            self._turn_number, self._begun = self._turn.number, 0
        person = session.allowance
        if self._begun == CALLS:
            self._turn.next(self._look_again)
        elif session.untaken > UNTAKEN:
            # The one whose turn it is when the client has taken it, or else the clock.
            session.behind()
        elif person is None or person.is_free():
            self._begun += 1
            return False
        elif person.may_begin():
            person.wait(self.go_on)
        else:
            self._turn.later(self._look_again)
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
            person.begin(allowance.cost(item))
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
                self._turn.work(self._work)
            self._leave_if_done()

    def _leave_if_done(self) -> None:
        """An idle connection has no inbox, which is what most of its memory would be."""
        if not self._items and not self._under_way and not self._has_worker:
            self._session.forget_inbox(self)
