"""What one person may make a worker do, over all of that person's connections to it.

A call that stores something is limited by the rates that the store counts, and is free here. What
remains are calls that only read, and calls that are refused: those are carried out at a pace.
Whoever asks for more has to wait, and nobody else does.
"""

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from chat.live.pace import Pace

if TYPE_CHECKING:
    from chat.live.session import Session

#: Calls a second of one person, and at once after a pause.
RATE, BURST = 100, 500
#: What a call counts beyond that for each so many bytes, when it is refused, and when its token is.
COSTLY_BYTES, REFUSED, BAD_TOKEN = 4096, 4, 19
#: Calls of one person that are carried out at the same time.
UNDER_WAY = 512
#: Bytes that may wait for one person, or be waited for, over all connections.
OWED = 8 * 2**20


def cost(packet: str | bytes) -> int:
    """What carrying out this packet counts."""
    return 1 + len(packet) // COSTLY_BYTES


class Allowance:
    """``owed`` is what waits for the person, as last counted, and what has been answered since."""

    __slots__ = ("_pace", "_under_way", "_waiting", "owed", "sessions")

    def __init__(self) -> None:
        self._pace = Pace(RATE, BURST)
        self.owed = self._under_way = 0
        self._waiting: deque[Callable[[], bool]] = deque()
        self.sessions: set[Session] = set()

    def may_begin(self) -> bool:
        """Whether another call is in the person's time and memory at this moment."""
        return self.owed <= OWED and self._pace.is_paid()

    def is_free(self) -> bool:
        """Whether it may begin, and not too many others are under way."""
        return self._under_way < UNDER_WAY and self.may_begin()

    def wait(self, go_on: Callable[[], bool]) -> None:
        """Have that called when a call ends; it gives whether it makes use of that."""
        self._waiting.append(go_on)

    def begin(self, calls: int) -> None:
        """A call begins that counts so much."""
        self._under_way += 1
        self._pace.take(calls)

    def end(self) -> None:
        """It has ended."""
        self._under_way -= 1
        free = UNDER_WAY - self._under_way
        while free > 0 and self._waiting:
            free -= self._waiting.popleft()()

    def spend(self, calls: int) -> None:
        self._pace.take(calls)

    def give_back(self, calls: int) -> None:
        self._pace.give_back(calls)

    def is_over(self) -> bool:
        """Whether nothing is left to remember."""
        self.sessions = {session for session in self.sessions if not session.closed}
        return not self.sessions and not self._under_way and self._pace.is_full()


class Allowances(dict[str, Allowance]):
    """By the person's name. It outlives the connections, or coming back would renew it."""

    def of(self, name: str, session: "Session") -> Allowance:
        allowance = self.get(name)
        if allowance is None:
            allowance = self[name] = Allowance()
        allowance.sessions.add(session)
        return allowance

    def forget(self) -> None:
        """Drop those of people who are gone."""
        for name in [name for name, allowance in self.items() if allowance.is_over()]:
            del self[name]
