"""The embedded Valkey: a store of Maru's own, so that nothing else has to be installed.

Three processes: the starter (gunicorn's master, or a command), its supervisor
(``chat.store.supervisor``), and the server, which listens on a Unix socket only. The starter holds
the writing end of a pipe, the lifeline, and so do the workers that it forks; the supervisor stops
the server when a byte comes out of it, or when the last of them is gone. So the store outlives
every worker, and ends also when the starter is killed.
"""

import contextlib
import fcntl
import hashlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from chat.store.settings import StoreSettings

#: What a supervisor says on its standard output once the store answers; anything else is an error.
READY = "ready"
#: In front of the life of its data, as the server's availability zone.
KEPT = "maru-"
#: Bytes. The system takes 108 on Linux and 104 on macOS, the closing zero included.
SOCKET_PATH_MAX = 100
#: Seconds that a process gets to finish what it is doing, before it is given up on.
PATIENCE = 15.0
#: Seconds between two tries to start a supervisor, when the last one failed.
PAUSE = 5.0


class EmbeddedError(Exception):
    """The embedded Valkey cannot run; the text is one line for the operator."""


class EmbeddedStore:
    """The starter's hold on the store. A supervisor that is killed is replaced.

    ``source`` is the checkout whose supervisor it is.
    """

    def __init__(self, data_dir: Path, source: Path = Path(__file__).parents[2]) -> None:
        self._data_dir = data_dir
        self._source = source
        self._keepers_end, self._lifeline = os.pipe()
        self._stopping = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def start(self) -> None:
        """Return once the store answers. Raises ``EmbeddedError``."""
        self._launch()
        self._watcher.start()

    def stop(self) -> None:
        """Return once the server has written everything and is gone."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        os.write(self._lifeline, b".")
        self._watcher.join(2 * PATIENCE)
        os.close(self._lifeline)
        os.close(self._keepers_end)

    def _launch(self) -> None:
        self._keeper = subprocess.Popen(
            [sys.executable, "-m", "chat.store.supervisor", str(self._data_dir)],
            cwd=self._source,
            stdin=self._keepers_end,
            stdout=subprocess.PIPE,
            # The terminal's Ctrl-C is for the starter: workers need the store until they have gone.
            start_new_session=True,
        )
        assert self._keeper.stdout
        self._words = self._keeper.stdout
        word = self._words.readline().decode().strip()
        if word != READY:
            raise EmbeddedError(
                word or "The supervisor of the embedded Valkey ended without a word."
            )

    def _watch(self) -> None:
        while True:
            # Its end of the pipe tells that a supervisor is gone; its process id would not, since
            # gunicorn waits for every child and ids are used again.
            self._words.read()
            self._keeper.wait()
            if self._stopping.is_set():
                return
            say("The supervisor of the embedded Valkey was killed; starting another.")
            try:
                self._launch()
            except EmbeddedError as error:
                say(str(error))
                self._stopping.wait(PAUSE)


@contextlib.contextmanager
def running(settings: StoreSettings) -> Iterator[None]:
    """Have the embedded store, where that is the one in use, for the duration of a command.

    One that is up already is used, and left alone. Raises ``EmbeddedError``.
    """
    if settings.embedded and _is_up(settings.data_dir):
        yield
        return
    with owned(settings):
        yield


@contextlib.contextmanager
def owned(settings: StoreSettings) -> Iterator[None]:
    """Keep the embedded store, where that is the one in use.

    Raises ``EmbeddedError``, also when another Maru keeps it.
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
    """Whether another process keeps this store; waits until it answers."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if ask(socket_path(data_dir), "PING") == b"+PONG\r\n":
                return True
        try:
            with open(data_dir / "supervisor.lock") as lock:
                if take(lock.fileno(), fcntl.LOCK_SH):
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


def ask(path: Path, command: str) -> bytes:
    """The server's answer to a short command, as it came. Raises ``OSError``."""
    with socket.socket(socket.AF_UNIX) as server:
        server.settimeout(PATIENCE)
        server.connect(str(path))
        server.sendall(f"{command}\r\n".encode())
        return server.recv(4096)


def take(lock: int, how: int = fcntl.LOCK_EX) -> bool:
    """Take a lock on an open file, unless another has it. It lasts until the file is closed."""
    try:
        fcntl.flock(lock, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def say(line: str) -> None:
    """Tell the operator. A terminal that has gone is no reason to end."""
    with contextlib.suppress(OSError):
        print(f"maru: {line}", file=sys.stderr, flush=True)
