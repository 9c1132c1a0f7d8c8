"""The userIds of those whom a store of version 1 knows by name."""

from collections.abc import Iterable

from chat.migrations.lease import Lease, chunks
from chat.migrations.to_2 import keys
from chat.person_ids import new_id

#: Names that are looked up in one write.
TOGETHER = 1000


class Ids:
    """``of_folded`` has the accounts by folded name, ``of_account`` by the name as it is shown."""

    def __init__(self, lease: Lease) -> None:
        """Reads those of all accounts, which have to be carried over already."""
        self._lease = lease
        redis = lease.store.redis
        self.of_folded: dict[str, str] = {
            folded.decode(): user_id.decode()
            for folded, user_id in redis.hscan_iter(keys.old("legacy"), count=TOGETHER)
        }
        self.of_account: dict[str, str] = {}
        for part in chunks(self.of_folded.values(), TOGETHER):
            found = lease.store.ask_all([("HGET", keys.person(i), "name") for i in part])
            named = zip(part, found, strict=True)
            self.of_account.update({name.decode(): i for i, name in named if name is not None})
        self._strangers: dict[str, str] = {}

    def of(self, name: str) -> str:
        """The userId of somebody who has said or owned something, with or without an account.

        A name without an account has an id that no account has, and always the same one.
        """
        found = self.of_account.get(name) or self._strangers.get(name)
        if found is None:
            self._lease.commit([("HSETNX", keys.strangers(), name, new_id())])
            found = self._lease.store.ask(("HGET", keys.strangers(), name)).decode()
            self._strangers[name] = found
        return found

    def of_accounts(self, names: Iterable[str]) -> dict[str, str]:
        """Those of these names that have an account -> their userIds."""
        return {name: self.of_account[name] for name in names if name in self.of_account}
