"""What one person may make a worker do, over all of that person's connections to it.

A call that stores something is limited by the rates that the store counts, and is free here. What
remains are calls that only read, and calls that are refused: those are carried out at a pace.
Whoever asks for more has to wait, and nobody else does.
"""

from typing import TYPE_CHECKING

from chat.live.pace import Pace

if TYPE_CHECKING:
    from chat.live.session import Session

#: Calls a second of one person, and at once after a pause.
RATE, BURST = 100, 500
#: What a call counts beyond that for each so many bytes, when it is refused, and when its token is.
COSTLY_BYTES, REFUSED, BAD_TOKEN = 4096, 4, 19
#: Calls of one person that are carried out at the same time.
UNDER_WAY = 64
#: Bytes that may wait for one person, or be waited for, over all connections.
OWED = 8 * 2**20


def cost(packet: str | bytes) -> int:
    """What carrying out this packet counts."""
    return 1 + len(packet) // COSTLY_BYTES


class Allowance:
    """``owed`` is what waits for the person, as last counted, and what has been answered since."""

    __slots__ = ("_pace", "owed", "sessions", "under_way")

    def __init__(self) -> None:
        self._pace = Pace(RATE, BURST)
        self.owed = self.under_way = 0
        self.sessions: set[Session] = set()

    def may_begin(self) -> bool:
        """Whether another call may be begun at this moment."""
        return self.under_way < UNDER_WAY and self.owed <= OWED and self._pace.is_paid()

    def spend(self, calls: int) -> None:
        self._pace.take(calls)

    def give_back(self, calls: int) -> None:
        self._pace.give_back(calls)

    def is_over(self) -> bool:
        """Whether nothing is left to remember."""
        self.sessions = {session for session in self.sessions if not session.closed}
        return not self.sessions and not self.under_way and self._pace.is_full()


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
