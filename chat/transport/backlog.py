"""Limits the memory of pending bytes: those that clients have not read, and incomplete messages.

There is a limit for each connection, each allowance and the whole worker. Once a second the backlog
checks all sessions that have pending bytes. So it finds a slow client also if nothing more is sent
to it. The sessions with most pending bytes are closed first. Such a client gets the notice
``slow``, connects again, and reads the messages that it missed from the history.
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
CHECK_S = 1.0
#: Checks after which unused allowances are dropped.
DROP_CHECKS = 10
#: Bytes that may be pending on one worker, over all connections.
WORKER_PENDING_MAX = 256 * 2**20
#: An answer of more bytes than this is counted at once, before the next check.
LARGE_ANSWER = 4096
#: Pieces of outboxes that are compared, at most, to find pieces that several clients share.
COMPARED_PIECES = 300_000


class Client(Protocol):
    """A session, as far as the backlog needs it."""

    allowance: Allowance | None
    transport: Transport | None

    @property
    def closed(self) -> bool: ...

    def pending_bytes(self) -> int: ...

    def check_reader(self) -> None: ...

    def close_slow(self) -> None: ...

    def resume_calls(self) -> None: ...


class Backlog:
    """``allowances`` are those of the sessions of this worker.

    ``allowance_max`` and ``worker_max`` are the bytes that may be pending by one, and in all.
    """

    def __init__(
        self, allowance_max: int = allowance.PENDING_MAX, worker_max: int = WORKER_PENDING_MAX
    ) -> None:
        self._allowance_max = allowance_max
        self._worker_max = worker_max
        self.allowances = Allowances()
        self._watched: set[Client] = set()
        self._pending = 0
        self._checks = 0
        self._is_check_due = False

    def run(self) -> None:
        """Check once a second, for ever."""
        while True:
            eventlet.sleep(CHECK_S)
            try:
                self.check()
            except Exception:
                log.exception("The pending bytes of clients could not be checked")

    def watch(self, session: Client) -> None:
        """Include this session in the next checks: it may have pending bytes."""
        self._watched.add(session)

    def count_answer(self, session: Client, answered: int) -> None:
        """Count the bytes of a large answer to this session at once."""
        self._watched.add(session)
        if session.allowance is not None:
            session.allowance.pending_bytes += answered
        self._pending += answered
        if self._pending > self._worker_max and not self._is_check_due:
            self._is_check_due = True
            eventlet.spawn_n(self.check)

    def check(self) -> None:
        """Close sessions whose clients do not read, and those with most bytes over a limit."""
        pending = self._pending_by_session()
        for session in pending:
            session.check_reader()
        self._check_allowances(pending)
        self._check_worker(pending)
        self._is_check_due = False
        for session in pending:
            session.resume_calls()
        self._checks += 1
        if self._checks % DROP_CHECKS == 0:
            self.allowances.drop_unused()

    def _pending_by_session(self) -> dict[Client, int]:
        pending = {session: session.pending_bytes() for session in self._watched}
        self._watched = {
            session for session, much in pending.items() if much and not session.closed
        }
        return pending

    def _check_allowances(self, pending: dict[Client, int]) -> None:
        by_allowance: dict[Allowance, list[Client]] = defaultdict(list)
        for session in pending:
            if session.allowance is not None:
                by_allowance[session.allowance].append(session)
        for shared, sessions in by_allowance.items():
            shared.pending_bytes = sum(pending[session] for session in sessions)
            if shared.pending_bytes > self._allowance_max:
                shared.pending_bytes -= _close_slow(
                    pending, sessions, shared.pending_bytes - self._allowance_max
                )

    def _check_worker(self, pending: dict[Client, int]) -> None:
        self._pending = sum(pending.values())
        if self._pending > self._worker_max:
            self._pending -= _shared(pending, self._pending)
        if self._pending > self._worker_max:
            log.warning("Too much waits for clients that do not read; the slowest are closed.")
            self._pending -= _close_slow(pending, list(pending), self._pending - self._worker_max)


def _close_slow(pending: dict[Client, int], sessions: list[Client], too_much: int) -> int:
    """Close those of ``sessions`` with most bytes, until ``too_much`` bytes are freed.

    Returns the number of freed bytes, and sets the entries of closed sessions in ``pending`` to 0.
    """
    freed = 0
    for session in sorted(sessions, key=pending.__getitem__, reverse=True):
        if freed >= too_much:
            break
        session.close_slow()
        freed += pending[session]
        pending[session] = 0
    return freed


def _shared(pending: dict[Client, int], total: int) -> int:
    """How many of ``total`` bytes are counted more than once, since several clients share them.

    With more than ``COMPARED_PIECES`` pieces it is an estimate from the first ones.
    """
    transports = (session.transport for session in pending)
    waiting = chain.from_iterable(t.outbox.pieces for t in transports if t is not None)
    compared = list(islice(waiting, COMPARED_PIECES))
    counted = sum(map(len, compared))
    shared = counted - sum(len(piece) for piece in {id(p): p for p in compared}.values())
    return shared if len(compared) < COMPARED_PIECES else total * shared // counted
