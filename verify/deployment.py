"""The system under test: gunicorn with Maru's workers, and the embedded store.

The workers use the store through a proxy, so that a fault can disconnect it. So ``REDIS_URL`` is
set, although the store is the embedded Valkey.
"""

import asyncio
import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import psutil

from chat.store.embedded import EmbeddedStore, socket_path
from verify.api import Api
from verify.disk import Disk

#: Seconds of a lease and of the grace: short, so that the state converges soon.
LEASE_S, GRACE_S = 12, 2
#: Seconds that an access token lives; pages renew it a minute before its end.
TOKEN_LIFETIME_S = 90
#: Seconds to start in, also where many others want the same processors, and to stop in.
START_TIMEOUT_S, STOP_TIMEOUT_S = 180, 25

#: The settings with which nobody is refused for doing much.
NO_LIMITS = {
    "MESSAGE_RATE": "0",
    "ROOM_RATE": "0",
    "JOIN_RATE": "0",
    "READ_RATE": "0",
    "LOGIN_RATE": "0",
    "ROOMS_PER_PERSON": "0",
}

#: A line of the log about an error inside Maru.
_ERROR_LINE = re.compile(r"Traceback|.{0,60}\b(ERROR|CRITICAL)\b")
_SENT_SIGKILL = re.compile(r"Worker \(pid:(\d+)\) was sent SIGKILL")


class Deployment:
    """``source`` is the checkout that runs; its data and its log are in ``folder``."""

    def __init__(self, source: Path, folder: Path, workers: int) -> None:
        self.number_of_workers = workers
        self.address = ("127.0.0.1", free_port())
        self.log = folder / "maru.log"
        self.socket = socket_path(folder / "data")
        self._source = source
        self._data = folder / "data"
        self.archive = self._data / "archive.sqlite3"
        self._killed: set[int] = set()
        self._store = EmbeddedStore(self._data, source)
        self._disk = Disk(self._data)
        self._stopped: set[int] = set()
        self._master: psutil.Popen | None = None
        self._guard: subprocess.Popen[bytes] | None = None

    def start_store(self) -> None:
        self._disk.mount()
        self._store.start()

    def fill_disk(self) -> bool:
        """Fill the disk of the store; returns false if it has no disk of its own."""
        return self._disk.fill()

    def free_disk(self) -> None:
        self._disk.free()

    async def start(self, store: tuple[str, int]) -> None:
        """Return once every worker answers. Raises ``OSError``."""
        settings = {
            "PORT": str(self.address[1]),
            "WORKERS": str(self.number_of_workers),
            "REDIS_URL": f"redis://{store[0]}:{store[1]}/0",
            "SECRET_KEY": "a secret that only the checker uses",
            "JWT_SECRET_KEY": "another one that only the checker uses",
            "DATA_DIR": str(self._data),
            "ENV_FILE": "",
            **NO_LIMITS,
            "TOKEN_SECONDS": str(TOKEN_LIFETIME_S),
            "PRESENCE_LEASE": str(LEASE_S),
            "PRESENCE_GRACE": str(GRACE_S),
        }
        inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        with self.log.open("ab") as log:
            self._master = psutil.Popen(
                [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py"],
                cwd=self._source,
                env={**inherited, **settings},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        # If the checker is killed, the guard's standard input ends, and the guard ends Maru.
        self._guard = subprocess.Popen(
            ["sh", "-c", f"cat; kill {self._master.pid}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        await self.wait_until_ready(START_TIMEOUT_S)

    async def wait_until_ready(self, seconds: float) -> None:
        """Return once all workers are ready. Raises ``OSError``."""
        try:
            async with asyncio.timeout(seconds):
                while not await self.is_ready():
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise OSError(
                f"not ready after {seconds:.0f} s; its log:\n{self.last_words()}"
            ) from None

    async def is_ready(self) -> bool:
        if not self._master or self._master.poll() is not None:
            raise OSError(f"Maru has ended:\n{self.last_words()}")
        if len(self.workers()) != self.number_of_workers:
            return False
        api = Api(self.address)
        # The workers share the port: ask so often that very probably each of them has answered.
        with contextlib.suppress(OSError):
            for _ in range(3 * self.number_of_workers):
                if (await api.request("GET", "/readyz")).status_code != 200:
                    return False
            return True
        return False

    def workers(self) -> list[int]:
        """The process ids of the workers."""
        found = []
        for child in self._master.children() if self._master else []:
            with contextlib.suppress(psutil.Error):
                is_worker = "gunicorn" in " ".join(child.cmdline())
                if is_worker and child.status() != psutil.STATUS_ZOMBIE:
                    found.append(child.pid)
        return sorted(found)

    def follower(self) -> int:
        """The process id of the follower of the archive; 0 if there is none at the moment."""
        for child in self._master.children() if self._master else []:
            with contextlib.suppress(psutil.Error):
                is_follower = "chat.archive.process" in child.cmdline()
                if is_follower and child.status() != psutil.STATUS_ZOMBIE:
                    return int(child.pid)
        return 0

    def store_process(self) -> int:
        """The process id of the store's server; 0 if there is none at the moment."""
        for child in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if child.name().startswith("valkey") and child.status() != psutil.STATUS_ZOMBIE:
                    return int(child.pid)
        return 0

    def send(self, pid: int, number: signal.Signals) -> None:
        """Send a signal to one of the processes, if it has not ended."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
            if number == signal.SIGKILL:
                self._killed.add(pid)
            elif number == signal.SIGSTOP:
                self._stopped.add(pid)
            elif number == signal.SIGCONT:
                self._stopped.discard(pid)

    def reload(self) -> None:
        """Let gunicorn replace all workers, as after an update."""
        assert self._master
        self._master.send_signal(signal.SIGHUP)

    def go_on(self) -> None:
        """Continue all stopped processes."""
        for pid in list(self._stopped):
            self.send(pid, signal.SIGCONT)

    async def stop(self) -> None:
        """End all processes, also those that do not stop in time."""
        self.go_on()
        if self._master and self._master.poll() is None:
            family = [self._master, *self._master.children(recursive=True)]
            self._master.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(self._master.wait, STOP_TIMEOUT_S)
            for process in family:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
        if self._guard:
            self._guard.communicate()
        await asyncio.to_thread(self._store.stop)
        self._disk.unmount()

    def log_errors(self) -> list[str]:
        """The log's lines about errors, without those about workers that the checker has killed."""
        found = []
        for line in self.log.read_text("utf-8", "replace").splitlines():
            killed = _SENT_SIGKILL.search(line)
            if _ERROR_LINE.match(line) and not (killed and int(killed[1]) in self._killed):
                found.append(line)
        return found

    def last_words(self) -> str:
        return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-15:])


def owners(workers: Iterable[int], their_port_is: bool) -> dict[int, int]:
    """The worker of each port: of its own end of a connection, or of the other end."""
    found = {}
    for pid in workers:
        with contextlib.suppress(psutil.Error):
            for connection in psutil.Process(pid).net_connections("tcp4"):
                end = connection.laddr if their_port_is else connection.raddr
                if end:
                    found[end.port] = pid
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
