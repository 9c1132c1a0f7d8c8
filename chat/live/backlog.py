"""What waits on this worker for clients that do not take it, or do not end what they have begun.

Each connection, each person and the whole worker may have so much of it. The clock looks at all
that have something, so that a client which is sent nothing more is found, too. Who owes most is cut
off first: it is told ``slow``, and comes back for what it missed.
"""

import logging
from collections import defaultdict
from itertools import chain, islice
from typing import TYPE_CHECKING

import eventlet

from chat.live import allowance
from chat.live.allowance import Allowances

if TYPE_CHECKING:
    from chat.live.session import Session

log = logging.getLogger(__name__)

#: Seconds between two looks.
LOOK = 1.0
#: Looks between two at who may be forgotten.
FORGET = 10
#: Bytes that may wait on one worker, over all connections.
WORKER_OWED = 256 * 2**20
#: Bytes of an answer from which on it is noted before the next look.
NOTED = 4096
#: Pieces that are looked at to find those that wait for several clients.
PIECES = 300_000


class Backlog:
    """``people`` are the allowances of this worker's people.

    So many bytes may be owed to one of them, and by the whole worker.
    """

    def __init__(self, person_owed: int = allowance.OWED, worker_owed: int = WORKER_OWED) -> None:
        self._person_owed = person_owed
        self._worker_owed = worker_owed
        self.people = Allowances()
        self._watched: set[Session] = set()
        self._owed = 0
        self._looks = 0
        self._is_looking = False

    def run(self) -> None:
        """Look for ever."""
        while True:
            eventlet.sleep(LOOK)
            try:
                self.look()
            except Exception:
                log.exception("What waits for clients could not be looked at")

    def watch(self, session: "Session") -> None:
        """Something waits for it, or of it."""
        self._watched.add(session)

    def note(self, session: "Session", answered: int) -> None:
        """It has been answered with so many bytes since the last look."""
        self._watched.add(session)
        if session.allowance is not None:
            session.allowance.owed += answered
        self._owed += answered
        if self._owed > self._worker_owed and not self._is_looking:
            self._is_looking = True
            eventlet.spawn_n(self.look)

    def look(self) -> None:
        """Cut off who does not read, and who owes most where too much is owed."""
        owed = self._owed_by_session()
        for session in owed:
            session.check_reader()
        self._look_at_people(owed)
        self._look_at_worker(owed)
        self._is_looking = False
        for session in owed:
            session.go_on()
        self._looks += 1
        if self._looks % FORGET == 0:
            self.people.forget()

    def _owed_by_session(self) -> dict["Session", int]:
        owed = {session: session.owed() for session in self._watched}
        self._watched = {session for session, much in owed.items() if much and not session.closed}
        return owed

    def _look_at_people(self, owed: dict["Session", int]) -> None:
        by_person: dict[allowance.Allowance, list[Session]] = defaultdict(list)
        for session in owed:
            if session.allowance is not None:
                by_person[session.allowance].append(session)
        for person, theirs in by_person.items():
            person.owed = sum(owed[session] for session in theirs)
            if person.owed > self._person_owed:
                person.owed -= _cut_off(owed, theirs, person.owed - self._person_owed)

    def _look_at_worker(self, owed: dict["Session", int]) -> None:
        self._owed = sum(owed.values())
        if self._owed > self._worker_owed:
            self._owed -= _shared(owed, self._owed)
        if self._owed > self._worker_owed:
            log.warning("Too much waits for clients that do not read; the slowest are cut off.")
            self._owed -= _cut_off(owed, list(owed), self._owed - self._worker_owed)


def _cut_off(owed: dict["Session", int], theirs: list["Session"], too_much: int) -> int:
    """Cut off those of these who owe most, until so many bytes are freed; gives how many are.

    They owe nothing from then on.
    """
    freed = 0
    for session in sorted(theirs, key=owed.__getitem__, reverse=True):
        if freed >= too_much:
            break
        session.cut_off()
        freed += owed[session]
        owed[session] = 0
    return freed


def _shared(owed: dict["Session", int], total: int) -> int:
    """How many of these bytes are counted more than once, since they wait for several clients.

    An estimate from the first pieces, where there are very many.
    """
    transports = (session.transport for session in owed)
    waiting = chain.from_iterable(t.outbox.pieces for t in transports if t is not None)
    looked_at = list(islice(waiting, PIECES))
    counted = sum(map(len, looked_at))
    shared = counted - sum(len(piece) for piece in {id(p): p for p in looked_at}.values())
    return shared if len(looked_at) < PIECES else total * shared // counted
