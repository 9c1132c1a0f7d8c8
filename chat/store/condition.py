"""The condition of the store: what its error replies mean, and which life its data is in.

The first word of an error reply names its kind. Some kinds are about one command. Some are about
the server behind the connection: then a new connection to the same name may reach another server.
Others are about the state of the store, which passes by itself or is the operator's to mend.

A life of the data is a time in which the store cannot have lost anything that it acknowledged.
Where it may have lost something, a new life begins.
"""

import hashlib
import re
from collections.abc import Sequence

from redis.exceptions import ConnectionError, InvalidResponse, ReadOnlyError, TimeoutError

from chat.store.embedded import KEPT

#: Errors after which the connection is to be closed. The refused command was not carried out; a
#: script is refused before its first write.
CONDEMNING = frozenset(
    ("READONLY", "MASTERDOWN", "LOADING", "CLUSTERDOWN", "NOAUTH", "WRONGPASS", "MOVED", "ASK")
)
#: Kind of error -> what to tell the operator.
REASONS = {
    "READONLY": "the store is a replica and takes no writes",
    "MASTERDOWN": "the store is a replica that has lost its primary",
    "LOADING": "the store is still loading its data",
    "CLUSTERDOWN": "the store's cluster is down",
    "NOAUTH": "the store asks for a password that REDIS_URL does not have",
    "WRONGPASS": "the store does not accept the name or password in REDIS_URL",
    "NOPERM": "the store's user in REDIS_URL lacks a permission",
    "MOVED": "the store is a part of a cluster, which Maru cannot use",
    "ASK": "the store is a part of a cluster, which Maru cannot use",
    "TRYAGAIN": "the store is a part of a cluster, which Maru cannot use",
    "OOM": "the store's memory is full (maxmemory), and it takes no writes",
    "MISCONF": "the store cannot write to its disk, and takes no writes",
    "NOREPLICAS": "the store has fewer replicas than it wants, and takes no writes",
    "BUSY": "the store is busy with a script that does not end",
    "UNKILLABLE": "the store is busy with a script that does not end",
    # Of Maru itself: the command was prepared for another store (see ``store/pipeline.py``).
    "REPLACED": "the store is another one now",
}
#: Kinds that pass, or that are mended, without a restart of Maru.
PASSING = frozenset(
    ("READONLY", "MASTERDOWN", "LOADING", "OOM", "MISCONF", "NOREPLICAS", "BUSY", "UNKILLABLE")
)
#: What NOREPLICAS means where the store is Maru's own, embedded one: its supervisor stops writes
#: so.
DISK_FULL = "the disk of DATA_DIR is full, and the store takes no writes"
#: Part of the error to a connection beyond ``maxclients``; that error has no kind.
_MAX_CLIENTS = "max number of clients"

#: The commands whose answers ``life`` takes.
WHO_ANSWERS = (("INFO", "server"), ("INFO", "replication"))


def kind(error: Exception) -> str:
    """The first word of an error reply; '' for an error that is no reply of the store."""
    named = getattr(error, "status_code", None)
    word = named if isinstance(named, str) else str(error).split(" ", 1)[0]
    return word if word.isupper() and word.isalpha() else ""


def condemns(error: Exception) -> bool:
    """Whether the connection on which this error arrived is to be closed."""
    return kind(error) in CONDEMNING or _MAX_CLIENTS in str(error)


def passes(error: Exception) -> bool:
    """May the store take what it refuses, with the same settings, once its state is another one?"""
    return kind(error) in PASSING or _MAX_CLIENTS in str(error)


def explained(error: Exception, is_embedded: bool = False) -> str:
    """The reason, and what the library says of it."""
    told = reason(error, is_embedded)
    return told if str(error) in told else f"{told} ({error})"


def reason(error: Exception, is_embedded: bool = False) -> str:
    """The error in a few words. ``is_embedded``: the store is Maru's own, embedded one."""
    if _MAX_CLIENTS in str(error):
        return "the store takes no more connections (maxclients)"
    if is_embedded and kind(error) == "NOREPLICAS":
        return DISK_FULL
    if kind(error) in REASONS:
        return REASONS[kind(error)]
    if isinstance(error, InvalidResponse):
        return "what answers there is no Redis or Valkey"
    if isinstance(error, TimeoutError):
        return "the store does not answer"
    if isinstance(error, ConnectionError | OSError):
        return "the store cannot be reached"
    return f"the store refuses what Maru asks ({error})"


def life(answers: Sequence[bytes | None]) -> tuple[str, bool]:
    """The id of the life that the data is in, and whether the store is Maru's own, embedded one.

    ``answers`` are those to ``WHO_ANSWERS``. Two stores never have the same life, nor has one store
    before and after a moment at which it may have lost acknowledged writes. For the embedded store
    the supervisor decides this (``chat.store.life``), and has the server report it. For other
    stores each new process and each failover begins a life. Raises ``ReadOnlyError`` for a replica.
    """
    server, replication = answers
    if _field(replication, "role") == "slave":
        raise ReadOnlyError("You can't write against a read only replica.", status_code="READONLY")
    kept = _field(server, "availability_zone")
    if kept.startswith(KEPT):
        return kept.removeprefix(KEPT), True
    told = f"{_field(server, 'run_id')} {_field(replication, 'master_replid')}"
    return hashlib.sha256(told.encode()).hexdigest()[:12], False


def _field(info: bytes | None, name: str) -> str:
    found = re.search(rb"^%b:([^\r\n]*)" % name.encode(), info or b"", re.MULTILINE)
    return found[1].decode("ascii", "replace") if found else ""
