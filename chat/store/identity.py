"""The identity of the store: which life its data is in, and whether it is the embedded store.

A life of the data is a period in which the store cannot have lost a change that it acknowledged.
When it may have lost one, a new life begins.
"""

import hashlib
import re
from collections.abc import Sequence

from redis.exceptions import ReadOnlyError

from chat.store.embedded import LIFE_PREFIX

#: The commands whose answers ``read`` takes.
COMMANDS = (("INFO", "server"), ("INFO", "replication"))


def read(answers: Sequence[bytes | None]) -> tuple[str, bool]:
    """The id of the life that the data is in, and whether the store is Maru's own, embedded one.

    ``answers`` are those to ``COMMANDS``. Two stores never have the same life. One store begins a
    life after a moment at which it may have lost acknowledged writes. For the embedded store the
    supervisor decides this (``chat.store.life``), and the server reports it. For other stores each
    new process and each failover begins a life. Raises ``ReadOnlyError`` for a replica.
    """
    server, replication = answers
    if _field(replication, "role") == "slave":
        raise ReadOnlyError("You can't write against a read only replica.", status_code="READONLY")
    kept = _field(server, "availability_zone")
    if kept.startswith(LIFE_PREFIX):
        return kept.removeprefix(LIFE_PREFIX), True
    ids = f"{_field(server, 'run_id')} {_field(replication, 'master_replid')}"
    return hashlib.sha256(ids.encode()).hexdigest()[:12], False


def _field(info: bytes | None, name: str) -> str:
    found = re.search(rb"^%b:([^\r\n]*)" % name.encode(), info or b"", re.MULTILINE)
    return found[1].decode("ascii", "replace") if found else ""
