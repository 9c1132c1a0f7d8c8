"""The condition of the store: what its refusals mean, and which life of its data answers.

The store names the kind of a refusal by its first word. Some kinds are about one command. Some are
about the server behind the connection: then another connection, by name, may lead to a better one.
And some are about the state of the store, which passes or has to be mended by the operator.
"""

import hashlib
import re
from collections.abc import Sequence

from redis.exceptions import ConnectionError, InvalidResponse, ReadOnlyError, TimeoutError

from chat.embedded import KEPT

#: Refusals after which this connection is of no more use. What was refused was not carried out:
#: scripts too are refused at their first write.
CONDEMNING = frozenset(
    ("READONLY", "MASTERDOWN", "LOADING", "CLUSTERDOWN", "NOAUTH", "WRONGPASS", "MOVED", "ASK")
)
#: What to tell the operator, by the kind of refusal.
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
    # Said by Maru itself, of what was prepared for the store before.
    "REPLACED": "the store is another one now",
}
#: Those that pass, or are mended, without another word to Maru.
PASSING = frozenset(
    ("READONLY", "MASTERDOWN", "LOADING", "OOM", "MISCONF", "NOREPLICAS", "BUSY", "UNKILLABLE")
)
#: The same refusal, by the store that Maru itself keeps.
DISK_FULL = "the disk of DATA_DIR is full, and the store takes no writes"
#: What a client is refused with before it can say anything.
_MAX_CLIENTS = "max number of clients"

#: Commands whose answers ``life`` understands.
WHO_ANSWERS = (("INFO", "server"), ("INFO", "replication"))


def kind(error: Exception) -> str:
    """The first word of the refusal, as the store sent it; '' for a failure of another kind."""
    named = getattr(error, "status_code", None)
    word = named if isinstance(named, str) else str(error).split(" ", 1)[0]
    return word if word.isupper() and word.isalpha() else ""


def condemns(error: Exception) -> bool:
    """Does it mean that the connection which brought it is of no more use?"""
    return kind(error) in CONDEMNING or _MAX_CLIENTS in str(error)


def passes(error: Exception) -> bool:
    """May the store take what it refuses, with the same settings, once its state is another one?"""
    return kind(error) in PASSING or _MAX_CLIENTS in str(error)


def explained(error: Exception, is_kept: bool = False) -> str:
    """The reason, and what the library says of it."""
    told = reason(error, is_kept)
    return told if str(error) in told else f"{told} ({error})"


def reason(error: Exception, is_kept: bool = False) -> str:
    """One line in plain words. ``is_kept`` is whether the store is Maru's own, embedded one."""
    if _MAX_CLIENTS in str(error):
        return "the store takes no more connections (maxclients)"
    if is_kept and kind(error) == "NOREPLICAS":
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
    """Which life of its data a store is in, and whether it is Maru's own, embedded one.

    From the answers to ``WHO_ANSWERS``. Two stores, or one before and after a moment at which it
    may have lost what it had acknowledged, never have the same. The embedded store's keeper knows
    its life (``chat.life``), and has the server tell it. Of others every new process and every
    failover may be without the last writes. Raises ``ReadOnlyError`` for a replica.
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
