"""A whole Maru for tests: real gunicorn workers, a real store, and the HTTP API."""

import contextlib
import http.client
import itertools
import os
import re
import signal
import ssl
import subprocess
import sys
import time
from pathlib import Path

import psutil
import requests

from chat.store.embedded import socket_path
from tests.live.client import Client
from tests.ports import free_port
from tests.waiting import eventually
from verify.deployment import NO_LIMITS

ROOT = Path(__file__).parents[2]
PASSWORD = "correct horse"
#: Seconds in which a process has started, also where dozens of others want the same two cores.
STARTED = 180
#: Seconds after which the admin's token is renewed, which lives for 900.
TOKEN_KEPT = 300
#: Leases short enough to wait for.
QUICK = {"PRESENCE_LEASE": "4", "PRESENCE_GRACE": "1"}
#: A line of the log that says something went wrong inside. It may well tell of workers that a test
#: has killed, and of an origin that is refused, which the operator may have forgotten to allow.
_TROUBLE = re.compile(
    r"Traceback|.{0,60}\b(ERROR|CRITICAL)\b(?!.*( was sent SIGKILL| is not an accepted origin))"
)


class Maru:
    """Gunicorn as ``bin/run`` starts it, on a port and in a folder of its own."""

    def __init__(self, folder: Path, workers: int = 2, **settings: str):
        self.port = free_port()
        self.url = f"{'https' if 'TLS_CERT' in settings else 'http'}://127.0.0.1:{self.port}"
        self.data = folder / "data"
        self.log = folder / "maru.log"
        self._settings = {
            "PORT": str(self.port),
            "WORKERS": str(workers),
            "DATA_DIR": str(self.data),
            "ENV_FILE": "",
            **NO_LIMITS,
            "LOCALE": "ko",
            **QUICK,
            **settings,
        }
        self._number_of_workers = workers
        self._numbers = itertools.count(1)
        self._master: psutil.Popen | None = None
        self._admin: Api | None = None

    def start(self, has_accounts: bool = False) -> "Maru":
        self.launch()
        eventually(self.is_ready, STARTED)
        if self._admin is None and not has_accounts:
            # The first account is the admin's, so that nobody else's is.
            self._admin = self.register("admin")
        return self

    @property
    def admin(self) -> "Api":
        """The first account. A run of all tests lasts longer than its token, which is renewed."""
        assert self._admin
        if time.monotonic() - self._admin.logged_in_at > TOKEN_KEPT:
            self._admin.log_in()
        return self._admin

    def launch(self) -> None:
        """Start it, and do not wait."""
        with self.log.open("ab") as log:
            self._master = psutil.Popen(
                [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py"],
                cwd=ROOT, env=self.environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    @property
    def environ(self) -> dict[str, str]:
        inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return {**inherited, **self._settings}

    def is_ready(self) -> bool:
        assert self._master and self._master.poll() is None, self.log.read_text()
        missing = set(self.workers())
        if len(missing) != self._number_of_workers:
            return False
        # Each worker has to be ready; they share the port, so ask until all have answered.
        with contextlib.suppress(OSError, http.client.HTTPException, LookupError, psutil.Error):
            for _ in range(50 * self._number_of_workers):
                worker, is_ready = self._readiness_of_some_worker()
                if not is_ready:
                    return False
                missing.discard(worker)
                if not missing:
                    return True
        return False

    def _readiness_of_some_worker(self) -> tuple[int, bool]:
        """The process id of the one that answers, and whether it says that it is ready."""
        if self.url.startswith("https"):
            anyone = ssl._create_unverified_context()
            asked = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=anyone)
        else:
            asked = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(asked):
            asked.connect()
            port = asked.sock.getsockname()[1]
            asked.request("GET", "/readyz")
            status = asked.getresponse().status
            return self.worker_at(port), status == 200

    def stop(self) -> None:
        """End it as an operator does, and leave nothing behind whatever happens."""
        if not self._master or self._master.poll() is not None:
            return
        family = self.processes()
        self._master.terminate()
        try:
            self._master.wait(30)
        finally:
            for process in family:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()

    def signal(self, number: int) -> None:
        """Send the master a signal."""
        assert self._master
        self._master.send_signal(number)

    def restart(self) -> None:
        self.stop()
        self.start()

    def processes(self) -> list[psutil.Process]:
        """The master, its workers, the store and the store's supervisor."""
        assert self._master
        return [self._master, *self._master.children(recursive=True)]

    def store_process(self) -> psutil.Process:
        """The embedded Valkey, once it runs."""

        def found() -> psutil.Process | None:
            for process in self.processes():
                with contextlib.suppress(psutil.Error):
                    if "valkey-server" in process.name() and process.status() != "zombie":
                        return process
            return None

        return eventually(found)

    def workers(self) -> list[int]:
        """The process ids of the workers."""
        assert self._master
        found = []
        for child in self._master.children():
            with contextlib.suppress(psutil.Error):
                if "gunicorn" in " ".join(child.cmdline()) and child.status() != "zombie":
                    found.append(child.pid)
        return sorted(found)

    def kill_worker(self, pid: int) -> None:
        """As the system does to who takes too much memory."""
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: pid not in self.workers() and self.is_ready(), STARTED)

    def worker_of(self, client: Client) -> int:
        """The process id of the worker at the other end of a client's connection."""
        return self.worker_at(client.local_port())

    def worker_at(self, local_port: int) -> int:
        """The worker that serves the client behind this port. Raises ``LookupError``."""
        found = self.find_worker_at(local_port)
        if found is None:
            raise LookupError(f"no worker serves port {local_port}")
        return found

    def find_worker_at(self, local_port: int) -> int | None:
        """The worker that has accepted the client behind this port, or ``None`` for none yet."""
        for pid in self.workers():
            for connection in psutil.Process(pid).net_connections("tcp"):
                if connection.raddr and connection.raddr.port == local_port:
                    return pid
        return None

    def trouble(self) -> list[str]:
        """What the log says of things gone wrong inside."""
        lines = self.log.read_text("utf-8", "replace").splitlines()
        return [line for line in lines if _TROUBLE.match(line)]

    def flask(self, *arguments: str, words: str = "") -> str:
        """Run one of Maru's commands, as an operator does beside the running server."""
        done = subprocess.run(
            [sys.executable, "-m", "flask", "--app", "app", *arguments],
            cwd=ROOT, env=self.environ, input=words, text=True, timeout=STARTED,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout
        return done.stdout

    @property
    def store_url(self) -> str:
        """Where the embedded store listens."""
        return f"unix://{socket_path(self.data)}"

    def secret(self) -> str:
        """The key that signs tokens."""
        return (self.data / "jwt_secret_key").read_text().strip()

    def register(self, name: str) -> "Api":
        body = {"name": name, "password": PASSWORD}
        answer = requests.post(self.url + "/api/register", json=body, timeout=30)
        assert answer.status_code == 201, answer.text
        return Api(self, name)

    def register_some(self, name: str) -> "Api":
        """Somebody with that name and a number, which nobody else has."""
        return self.register(f"{name}{next(self._numbers)}")


class Api:
    """One person's way through the HTTP API."""

    def __init__(self, maru: Maru, name: str):
        self.maru = maru
        self.url = maru.url
        self.name = name
        self.log_in()

    def log_in(self) -> dict:
        """New tokens, of a family of their own."""
        body = {"name": self.name, "password": PASSWORD}
        answer = requests.post(self.url + "/api/token", json=body, timeout=30)
        assert answer.status_code == 200, answer.text
        tokens = answer.json()
        self.user_id = tokens["userId"]
        self.token, self.refresh_token = tokens["accessToken"], tokens["refreshToken"]
        self.logged_in_at = time.monotonic()
        return tokens

    def request(self, method: str, path: str, **options) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        return requests.request(method, self.url + path, headers=headers, timeout=30, **options)

    def create_room(self, name: str = "Plans", **options) -> str:
        answer = self.request("POST", "/api/rooms", json={"name": name, **options})
        assert answer.status_code == 201, answer.text
        return answer.json()["roomId"]

    def delete_room(self, room_id: str) -> None:
        assert self.request("DELETE", f"/api/rooms/{room_id}").status_code == 204

    def say(self, room_id: str, message: str) -> dict:
        path = f"/api/rooms/{room_id}/messages"
        answer = self.request("POST", path, json={"message": message})
        assert answer.status_code == 201, answer.text
        return answer.json()

    def history(self, room_id: str, **query) -> list[dict]:
        query = {"limit": 200, **query}
        answer = self.request("GET", f"/api/rooms/{room_id}/messages", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()["messages"]

    def present(self, room_id: str) -> dict[str, int]:
        """Who is here, with how many connections; the room's own count says the same."""
        answer = self.request("GET", f"/api/rooms/{room_id}/users").json()
        assert answer["userCount"] == len(answer["users"])
        return {user["name"]: user["connections"] for user in answer["users"]}

    def count(self, room_id: str) -> int:
        return self.request("GET", f"/api/rooms/{room_id}").json()["userCount"]

    def connect(self, worker: int | None = None, **options) -> Client:
        """A new connection, to a worker of one's choice or to any."""
        for _ in range(200):
            client = Client(self, **options)
            if worker is None or self.maru.worker_of(client) == worker:
                return client
            client.close()
        raise AssertionError(f"worker {worker} takes no connections")
