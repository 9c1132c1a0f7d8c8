"""Limits the memory that slow clients cost: bytes they have not read, and messages they began.

There is a limit for each connection, each person and the whole worker. Once a second all sessions
that have pending bytes are checked, so that a client is found also when nothing more is sent to it.
The sessions with most pending bytes are cut off first: such a client is told ``slow``, connects
again, and reads what it missed from the history.
"""

import logging
from collections import defaultdict
from itertools import chain, islice
from typing import Protocol

import eventlet

from chat.transport import allowance
from chat.transport.allowance import Allowance, Allowances
from chat.transport.transport import Transport

log = logging.getLogger(__name__)

#: Seconds between two checks.
LOOK = 1.0
#: Checks after which the allowances of people who are gone are dropped.
FORGET = 10
#: Bytes that may be pending on one worker, over all connections.
WORKER_PENDING_MAX = 256 * 2**20
#: An answer of more bytes than this is counted at once, and not only by the next check.
NOTED = 4096
#: Pieces of outboxes that are compared to find those that several clients share.
PIECES = 300_000


class Client(Protocol):
    """A session, as far as the backlog needs it."""

    allowance: Allowance | None
    transport: Transport | None

    @property
    def closed(self) -> bool: ...

    def pending_bytes(self) -> int: ...

    def check_reader(self) -> None: ...

    def close_slow(self) -> None: ...

    def go_on(self) -> None: ...


class Backlog:
    """``people`` are the allowances of the people who are connected to this worker.

    ``person_max`` and ``worker_max`` are the bytes that may be pending for one of them, and in all.
    """

    def __init__(
        self, person_max: int = allowance.PENDING_MAX, worker_max: int = WORKER_PENDING_MAX
    ) -> None:
        self._person_max = person_max
        self._worker_max = worker_max
        self.people = Allowances()
        self._watched: set[Client] = set()
        self._pending = 0
        self._looks = 0
        self._is_looking = False

    def run(self) -> None:
        """Check once a second, for ever."""
        while True:
            eventlet.sleep(LOOK)
            try:
                self.look()
            except Exception:
                log.exception("The pending bytes of clients could not be checked")

    def watch(self, session: Client) -> None:
        """This session may have pending bytes: include it in the next checks."""
        self._watched.add(session)

    def note(self, session: Client, answered: int) -> None:
        """A large answer has been sent to this session: count its bytes at once."""
        self._watched.add(session)
        if session.allowance is not None:
            session.allowance.pending_bytes += answered
        self._pending += answered
        if self._pending > self._worker_max and not self._is_looking:
            self._is_looking = True
            eventlet.spawn_n(self.look)

    def look(self) -> None:
        """Cut off clients that do not read, and those with most bytes where a limit is passed."""
        pending = self._pending_by_session()
        for session in pending:
            session.check_reader()
        self._look_at_people(pending)
        self._look_at_worker(pending)
        self._is_looking = False
        for session in pending:
            session.go_on()
        self._looks += 1
        if self._looks % FORGET == 0:
            self.people.forget()

    def _pending_by_session(self) -> dict[Client, int]:
        pending = {session: session.pending_bytes() for session in self._watched}
        self._watched = {
            session for session, much in pending.items() if much and not session.closed
        }
        return pending

    def _look_at_people(self, pending: dict[Client, int]) -> None:
        by_person: dict[Allowance, list[Client]] = defaultdict(list)
        for session in pending:
            if session.allowance is not None:
                by_person[session.allowance].append(session)
        for person, theirs in by_person.items():
            person.pending_bytes = sum(pending[session] for session in theirs)
            if person.pending_bytes > self._person_max:
                person.pending_bytes -= _close_slow(
                    pending, theirs, person.pending_bytes - self._person_max
                )

    def _look_at_worker(self, pending: dict[Client, int]) -> None:
        self._pending = sum(pending.values())
        if self._pending > self._worker_max:
            self._pending -= _shared(pending, self._pending)
        if self._pending > self._worker_max:
            log.warning("Too much waits for clients that do not read; the slowest are cut off.")
            self._pending -= _close_slow(pending, list(pending), self._pending - self._worker_max)


def _close_slow(pending: dict[Client, int], theirs: list[Client], too_much: int) -> int:
    """Cut off those of ``theirs`` with most bytes, until ``too_much`` are freed; gives the number.

    Sets their entries in ``pending`` to 0.
    """
    freed = 0
    for session in sorted(theirs, key=pending.__getitem__, reverse=True):
        if freed >= too_much:
            break
        session.close_slow()
        freed += pending[session]
        pending[session] = 0
    return freed


def _shared(pending: dict[Client, int], total: int) -> int:
    """How many of ``total`` bytes are counted more than once, since several clients share them.

    Beyond ``PIECES`` pieces the result is an estimate from the first ones.
    """
    transports = (session.transport for session in pending)
    waiting = chain.from_iterable(t.outbox.pieces for t in transports if t is not None)
    looked_at = list(islice(waiting, PIECES))
    counted = sum(map(len, looked_at))
    shared = counted - sum(len(piece) for piece in {id(p): p for p in looked_at}.values())
    return shared if len(looked_at) < PIECES else total * shared // counted
