"""An allowance: how much work the sessions that share it may cause on a worker.

The application says by a key which sessions share one; Maru uses the userId.

The store counts the rate of calls that store something; such a call costs nothing here. Calls that
only read, and calls that are refused, take tokens from a bucket. When the bucket is empty, further
calls of these sessions wait; calls of others do not.
"""

from collections import deque
from collections.abc import Callable
from typing import Protocol

from chat.transport.token_bucket import TokenBucket

#: Calls a second by one allowance, and how many at once after a pause.
RATE, BURST = 100, 500
#: A call costs one token, and one more for each COSTLY_BYTES of it; REFUSED more if it is refused,
#: BAD_TOKEN more if its access token is.
COSTLY_BYTES, REFUSED, BAD_TOKEN = 4096, 4, 19
#: Calls by one allowance that may be under way at the same time.
UNDER_WAY = 512
#: Bytes that may be pending by one allowance, over all its sessions: see ``Session.pending_bytes``.
PENDING_MAX = 8 * 2**20


class Closable(Protocol):
    """A session, as far as an allowance needs it."""

    @property
    def closed(self) -> bool: ...


def cost(packet: str | bytes) -> int:
    """The tokens that carrying out this packet costs."""
    return 1 + len(packet) // COSTLY_BYTES


class Allowance:
    """``pending_bytes``: of its sessions at the last check, and of large answers since then."""

    __slots__ = ("_bucket", "_under_way", "_waiting", "pending_bytes", "sessions")

    def __init__(self) -> None:
        self._bucket = TokenBucket(RATE, BURST)
        self.pending_bytes = self._under_way = 0
        self._waiting: deque[Callable[[], bool]] = deque()
        self.sessions: set[Closable] = set()

    def may_begin(self) -> bool:
        """Whether the sessions are within the limits of calls a second and of pending bytes."""
        return self.pending_bytes <= PENDING_MAX and not self._bucket.in_debt()

    def is_free(self) -> bool:
        """Whether a call may begin, and fewer than ``UNDER_WAY`` calls are under way."""
        return self._under_way < UNDER_WAY and self.may_begin()

    def wait(self, resume_calls: Callable[[], bool]) -> None:
        """Call ``resume_calls`` when another call ends; it returns whether it began something."""
        self._waiting.append(resume_calls)

    def begin(self) -> None:
        """Count a call that begins. Its cost is known when it is answered: see ``spend``."""
        self._under_way += 1

    def end(self) -> None:
        """Count off a call that has ended, and let calls begin that wait for that."""
        self._under_way -= 1
        free = UNDER_WAY - self._under_way
        while free > 0 and self._waiting:
            free -= self._waiting.popleft()()

    def spend(self, calls: int) -> None:
        """Take the tokens of so many calls, even if the bucket then is in debt."""
        self._bucket.take(calls)

    def is_unused(self) -> bool:
        """Whether this allowance can be dropped: a new one has the same state."""
        self.sessions = {session for session in self.sessions if not session.closed}
        return not self.sessions and not self._under_way and self._bucket.is_full()


class Allowances(dict[str, Allowance]):
    """The allowances, by key.

    An allowance stays after its last session is closed, until its bucket is full: otherwise a
    client could fill the bucket by connecting again.
    """

    def of(self, key: str, session: Closable) -> Allowance:
        allowance = self.get(key)
        if allowance is None:
            allowance = self[key] = Allowance()
        allowance.sessions.add(session)
        return allowance

    def drop_unused(self) -> None:
        """Drop the allowances that have no session and a full bucket."""
        for key in [key for key, allowance in self.items() if allowance.is_unused()]:
            del self[key]
