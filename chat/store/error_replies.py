"""What the store's error replies mean, and what is to be done about them.

The first word of an error reply names its kind. Some kinds are about one command. Some are about
the server behind the connection: a new connection to the same name may reach another server. Others
are about the state of the store, which is temporary, or which the operator has to repair.
"""

from redis.exceptions import ConnectionError, InvalidResponse, TimeoutError

#: Kinds of errors after which the connection has to be closed, and a new one made. The store has
#: not carried out the command; it refuses a script before the first write of the script.
NEEDS_NEW_CONNECTION = frozenset(
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
    # An error of Maru itself: the command was made for another store (``store/pipeline.py``).
    "REPLACED": "the store is another one now",
}
#: Kinds of errors that end without a restart of Maru.
TEMPORARY = frozenset(
    ("READONLY", "MASTERDOWN", "LOADING", "OOM", "MISCONF", "NOREPLICAS", "BUSY", "UNKILLABLE")
)
#: What NOREPLICAS means if the store is the embedded one: its supervisor stops writes with it.
DISK_FULL = "the disk of DATA_DIR is full, and the store takes no writes"
#: Part of the error to a connection beyond ``maxclients``; that error has no kind.
_MAX_CLIENTS = "max number of clients"


def kind(error: Exception) -> str:
    """The first word of an error reply; '' for an error that is no reply of the store."""
    named = getattr(error, "status_code", None)
    word = named if isinstance(named, str) else str(error).split(" ", 1)[0]
    return word if word.isupper() and word.isalpha() else ""


def needs_new_connection(error: Exception) -> bool:
    """Whether the connection with this error has to be closed, and a new one made."""
    return kind(error) in NEEDS_NEW_CONNECTION or _MAX_CLIENTS in str(error)


def is_temporary(error: Exception) -> bool:
    """Whether the store may carry out the same command later, with the same settings."""
    return kind(error) in TEMPORARY or _MAX_CLIENTS in str(error)


def description(error: Exception, is_embedded: bool = False) -> str:
    """The reason, and the text of the library's error where that tells more."""
    given = reason(error, is_embedded)
    # The embedded store's error is about replicas, which it never has.
    return given if given == DISK_FULL or str(error) in given else f"{given} ({error})"


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
