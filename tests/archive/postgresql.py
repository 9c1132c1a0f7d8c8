"""A PostgreSQL of the test run's own, where the machine has one."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg.sql import SQL, Identifier

from tests.ports import free_port
from tests.waiting import eventually

#: Where Debian has the programs, by version.
DEBIAN = Path("/usr/lib/postgresql")
#: The server is killed, but its machine is not switched off.
QUICK = {"fsync": "off", "full_page_writes": "off"}
#: A folder in memory, and bytes that have to be free there: each test has a database of its own.
MEMORY, NEEDED = Path("/dev/shm"), 2_000_000_000


def programs() -> Path | None:
    """The folder with PostgreSQL's programs; ``None`` where there is none."""
    found = shutil.which("postgres")
    if found and shutil.which("initdb"):
        # Where links are for some of the programs, all of them are where those lead.
        return Path(found).resolve().parent
    versions = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return versions[-1].parent if versions else None


class PostgreSQL:
    """A server in ``folder``, which listens on this machine alone."""

    def __init__(self, folder: Path) -> None:
        found = programs()
        assert found is not None
        self._programs = found
        self._data = folder / "data"
        self.port = free_port()
        # The server refuses to run as root.
        self._user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        if self._user:
            folder.chmod(0o755)
            os.chown(folder, self._user.pw_uid, self._user.pw_gid)
        self._folder = folder
        options = ["--auth=trust", "--username=maru", "--encoding=UTF8", "--locale=C.UTF-8"]
        self._run("initdb", "--no-sync", *options, "-D", str(self._data)).wait()
        self.start()

    def start(self) -> None:
        words = [word for name, value in QUICK.items() for word in ("-c", f"{name}={value}")]
        listening = ("-h", "127.0.0.1", "-p", str(self.port), "-k", "")
        self._server = self._run("postgres", "-D", str(self._data), *listening, *words)
        eventually(self._answers, 60)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self) -> None:
        """End it at once, as when its machine is switched off; ``start`` begins again."""
        self._server.send_signal(signal.SIGQUIT)
        self._server.wait(60)

    def url(self, database: str) -> str:
        return f"postgresql://maru@127.0.0.1:{self.port}/{database}"

    def create(self, database: str, options: LiteralString = "") -> str:
        """A new, empty database; gives its address."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(SQL("CREATE DATABASE {} " + options).format(Identifier(database)))
        return self.url(database)

    def _run(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        user = self._user
        return subprocess.Popen(
            [str(self._programs / program), *arguments],
            cwd=self._folder,
            user=user.pw_uid if user else None,
            group=user.pw_gid if user else None,
            extra_groups=[] if user else None,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )


@contextmanager
def running() -> Iterator[PostgreSQL]:
    """A server in a folder of its own."""
    in_memory = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > NEEDED
    where = MEMORY if in_memory else None
    with tempfile.TemporaryDirectory("", "maru-", where, ignore_cleanup_errors=True) as folder:
        server = PostgreSQL(Path(folder))
        try:
            yield server
        finally:
            server.stop()
