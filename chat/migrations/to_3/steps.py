"""Goes through all rooms. Each may be done again: the last transaction alone deletes something."""

import time
from collections.abc import Callable, Iterator

from chat import keys
from chat.migrations.lease import Lease, chunks
from chat.migrations.to_3 import rooms
from chat.store.question import Command

VERSION = "3"
#: Seconds between two lines about how far it is.
TELL_EVERY_S = 5.0
#: Keys that one SCAN looks at.
SCANNED = 1000


def run(lease: Lease, tell: Callable[[str], None]) -> None:
    """Carry everything over. Raises ``LostLease`` where another process has taken over."""
    began = told = time.monotonic()
    tell(
        f"Carrying the store over to version {VERSION}; an earlier Maru cannot use it from now on."
    )
    done = 0
    # Only the key of a room itself ends with a brace.
    for key in lease.store.redis.scan_iter(match=rooms.of("*"), count=SCANNED):
        lease.keep()
        done += rooms.carry_over(lease, rooms.id_in(key.decode()))
        if time.monotonic() - told > TELL_EVERY_S:
            told = time.monotonic()
            tell(f"{done} rooms are carried over.")
    _finish(lease)
    seconds = time.monotonic() - began
    tell(f"The store is carried over to version {VERSION}: {done} rooms, in {seconds:.1f} s.")


def _finish(lease: Lease) -> None:
    """From here on the store is of the new version.

    In one transaction: who goes on after an end in between needs the old marks.
    """
    commands: list[Command] = []
    for part in chunks(_old_marks(lease), SCANNED):
        commands.append(("DEL", *part))
    commands += [
        ("DEL", keys.PREFIX + "migrating"),
        ("SET", keys.PREFIX + "version", VERSION),
    ]
    lease.commit(commands)


def _old_marks(lease: Lease) -> Iterator[bytes]:
    yield from lease.store.redis.scan_iter(match=rooms.old_marks("*"), count=SCANNED)
