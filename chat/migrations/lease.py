"""The right to carry a store over: one process at a time has it, for a short while, and renews it.

Every change is made in a transaction that fails if the lease is no longer this process's own. So a
process that was stopped for longer than its lease changes nothing when it goes on.
"""

import secrets
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from redis.exceptions import WatchError

from chat import keys
from chat.store.question import Command
from chat.store.store import Store

#: For how long a process that was ended holds up the next one, in ms.
LEASE_MS = 10_000
#: Commands in one transaction.
TOGETHER = 500


class LostLease(Exception):
    """Another process has taken over."""


class Lease:
    def __init__(self, store: Store, ms: int = LEASE_MS) -> None:
        self.store = store
        self._ms = ms
        self._token = secrets.token_hex(8).encode()
        self._renewed_at = 0.0

    def take(self) -> bool:
        """False if another process has it."""
        self._renewed_at = time.monotonic()
        return bool(self.store.ask(("SET", keys.MIGRATING, self._token, "NX", "PX", self._ms)))

    def keep(self) -> None:
        """Renew the lease if it is time to: called where much is read and little is changed."""
        if time.monotonic() - self._renewed_at > self._ms / 4000:
            self.commit([])

    def commit(self, commands: Sequence[Command], may_be_gone: bool = False) -> None:
        """Carry these out in one transaction, and renew the lease.

        ``may_be_gone``: a key that RENAME does not find has expired, and is passed over.
        Raises ``LostLease`` if nothing was done, since the lease is another's; and ``RedisError``.
        """
        self._renewed_at = time.monotonic()
        with self.store.redis.pipeline(transaction=True) as transaction:
            try:
                transaction.watch(keys.MIGRATING)
                if transaction.get(keys.MIGRATING) != self._token:
                    raise LostLease
                transaction.multi()
                transaction.pexpire(keys.MIGRATING, self._ms)
                for command in commands:
                    transaction.execute_command(*command)
                answers = transaction.execute(raise_on_error=False)
            except WatchError:
                raise LostLease from None
        for answer in answers:
            expired = may_be_gone and "no such key" in str(answer)
            if isinstance(answer, Exception) and not expired:
                raise answer

    def commit_in_parts(self, commands: Iterable[Command]) -> None:
        """Carry these out in several transactions, where each command may stand alone."""
        for part in chunks(commands, TOGETHER):
            self.commit(part)


def chunks(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """The items in lists of at most this size, none of them empty."""
    ahead = iter(items)
    while chunk := list(islice(ahead, size)):
        yield chunk
