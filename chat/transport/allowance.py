"""How much work one person may cause on a worker, over all of that person's connections to it.

A call that stores something is limited by the rates that the store counts, and costs nothing here.
Calls that only read, and calls that are refused, take tokens from a bucket. When it is empty, the
person's further calls wait; those of other people do not.
"""

from collections import deque
from collections.abc import Callable
from typing import Protocol

from chat.transport.token_bucket import TokenBucket

#: Calls a second of one person, and how many at once after a pause.
RATE, BURST = 100, 500
#: A call costs one token, and one more for each COSTLY_BYTES of it; REFUSED more if it is refused,
#: BAD_TOKEN more if its access token is.
COSTLY_BYTES, REFUSED, BAD_TOKEN = 4096, 4, 19
#: Calls of one person that are carried out at the same time.
UNDER_WAY = 512
#: Bytes that may be pending for one person, over all connections: see ``Session.pending_bytes``.
PENDING_MAX = 8 * 2**20


class Closable(Protocol):
    """A session, as far as an allowance needs it."""

    @property
    def closed(self) -> bool: ...


def cost(packet: str | bytes) -> int:
    """The tokens that carrying out this packet costs."""
    return 1 + len(packet) // COSTLY_BYTES


class Allowance:
    """Of one person. ``pending_bytes``: as last counted, plus the large answers since then."""

    __slots__ = ("_bucket", "_under_way", "_waiting", "pending_bytes", "sessions")

    def __init__(self) -> None:
        self._bucket = TokenBucket(RATE, BURST)
        self.pending_bytes = self._under_way = 0
        self._waiting: deque[Callable[[], bool]] = deque()
        self.sessions: set[Closable] = set()

    def may_begin(self) -> bool:
        """Whether the person is within the limits of calls a second and of pending bytes."""
        return self.pending_bytes <= PENDING_MAX and not self._bucket.in_debt()

    def is_free(self) -> bool:
        """Whether a call may begin, and fewer than ``UNDER_WAY`` calls are under way."""
        return self._under_way < UNDER_WAY and self.may_begin()

    def wait(self, go_on: Callable[[], bool]) -> None:
        """Call ``go_on`` when another call ends; it returns whether it began something."""
        self._waiting.append(go_on)

    def begin(self) -> None:
        """A call begins. What it costs is known when it is answered."""
        self._under_way += 1

    def end(self) -> None:
        """A call has ended."""
        self._under_way -= 1
        free = UNDER_WAY - self._under_way
        while free > 0 and self._waiting:
            free -= self._waiting.popleft()()

    def spend(self, calls: int) -> None:
        """Take the tokens of so many calls, also where that makes a debt."""
        self._bucket.take(calls)

    def is_over(self) -> bool:
        """Whether this can be dropped: a new one would be in the same state."""
        self.sessions = {session for session in self.sessions if not session.closed}
        return not self.sessions and not self._under_way and self._bucket.is_full()


class Allowances(dict[str, Allowance]):
    """The allowances by person's name.

    An allowance outlives the person's connections: else connecting again would fill the bucket.
    """

    def of(self, name: str, session: Closable) -> Allowance:
        allowance = self.get(name)
        if allowance is None:
            allowance = self[name] = Allowance()
        allowance.sessions.add(session)
        return allowance

    def forget(self) -> None:
        """Drop the allowances of people who have no connection any more, and a full bucket."""
        for name in [name for name, allowance in self.items() if allowance.is_over()]:
            del self[name]
