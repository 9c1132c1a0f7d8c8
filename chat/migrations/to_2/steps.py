"""The order in which a store of version 1 is carried over. Each step may be done again."""

import time
from collections.abc import Callable

from chat.migrations.lease import Lease
from chat.migrations.to_2 import accounts, keys, leftovers, rooms
from chat.migrations.to_2.ids import Ids
from chat.store.question import Command

#: Seconds between two lines about how far it is.
TELL_EVERY_S = 5.0


def run(lease: Lease, tell: Callable[[str], None]) -> None:
    """Carry everything over. Raises ``LostLease`` where another process has taken over."""
    began = told = time.monotonic()
    number = int(lease.store.ask(("ZCARD", keys.old("rooms"))))
    # The first step makes this key, and it stays.
    has_begun = lease.store.ask(("EXISTS", keys.old("legacy")))
    before = rooms.count_carried(lease.store) if has_begun else 0
    if has_begun:
        tell(
            f"Carrying the store over to version {keys.VERSION} goes on;"
            f" {before} of {number} rooms are done already."
        )
    else:
        tell(
            f"Carrying the store over to version {keys.VERSION} ({number} rooms);"
            " an earlier Maru cannot use it from now on."
        )
    people = accounts.carry_over(lease)
    ids = Ids(lease)
    accounts.carry_over_relations(lease, ids)
    for done in rooms.carry_over(lease, ids):
        if time.monotonic() - told > TELL_EVERY_S:
            told = time.monotonic()
            tell(f"{before + done} of {number} rooms are carried over.")
    leftovers.carry_over(lease, ids)
    _finish(lease, ids)
    seconds = time.monotonic() - began
    tell(f"The store is carried over: {people} accounts, {number} rooms, in {seconds:.1f} s.")


def _finish(lease: Lease, ids: Ids) -> None:
    """From here on the store is of the new version."""
    founder = (lease.store.ask(("GET", keys.old("founder"))) or b"").decode()
    commands: list[Command] = []
    if founder and not lease.store.ask(("EXISTS", keys.person(founder))):
        # A founder without an account was never created; but only the first account is a founder.
        commands.append(("SET", keys.old("founder"), ids.of_folded.get(founder) or ids.of(founder)))
    gone = ["users", "owned", "strangers", "migrating"]
    if lease.store.ask(("EXISTS", keys.old("users"))):
        # Else nothing was of version 1, and presence may be stored in the new shape already.
        gone.append("{presence}:occupied")
    commands += [
        ("DEL", *map(keys.old, gone)),
        ("SET", keys.old("version"), keys.VERSION),
    ]
    lease.commit(commands)
