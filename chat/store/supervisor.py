"""The supervisor of the embedded Valkey: ``python -m chat.store.supervisor DATA_DIR STARTER``.

STARTER is the process id of who has started it. The supervisor starts the server, starts it again
when it dies, and stops it when the supervisor gets TERM, a byte on standard input, or the end of
standard input. It prints ``READY`` when the server answers, or else one line on what is wrong.

The supervisor reserves disk space for the server's file (``chat.store.append_only_file``). While
the disk has too little space, the server takes no writes. The supervisor also decides which life of
its data the server is in (``chat.store.life``), so that a number which a client has seen is never
given to another message.

There are two locks in the folder. The supervisor has ``supervisor.lock``: with it a second Maru
refuses to start. The supervisor and the server share ``valkey.lock``: with it a new supervisor
notices a server whose supervisor was killed, and stops it before it starts another.
"""

import contextlib
import os
import select
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from chat.store import exit_status, server_log
from chat.store.append_only_file import AppendOnlyFile
from chat.store.embedded import (
    LIFE_PREFIX,
    EmbeddedError,
    send,
    server_program,
    socket_path,
    try_lock,
)
from chat.store.life import Life
from chat.store.watched import PROCESS_TIMEOUT_S, READY, say

#: Seconds until a server that died is started again: at first, and at most, after doubling.
FIRST_PAUSE_S, LAST_PAUSE_S = 0.1, 5.0
#: Seconds between two checks of the disk space, and of the server's own report on its writes.
CHECK_S, WRITES_CHECK_S = 0.05, 1.0
#: Replicas that the server needs before it takes writes. It never has one.
NO_WRITES, WRITES = "1", "0"


class Supervisor:
    """Runs the server of one data folder, until it is told to stop."""

    def __init__(self, data_dir: Path, starter: int) -> None:
        os.umask(0o077)
        self._starter = starter
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._data_dir = data_dir.resolve()
        self._socket = socket_path(data_dir)
        self._log = self._data_dir / "valkey.log"
        self._stopping = False
        self._takes_writes = self._disk_was_full = False
        #: Whether this server was ever allowed to write, and whether its last write has failed.
        self._took_writes = self._writes_fail = False
        self._signals, wake = os.pipe()
        os.set_blocking(wake, False)
        # Signals interrupt nothing: each one arrives in this pipe, as a byte with its number.
        signal.set_wakeup_fd(wake)
        for number in (signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, lambda *_: None)

    def run(self) -> None:
        """Run until it is time to stop. Raises ``EmbeddedError`` if the server does not start."""
        self._lock_folder()
        server_lock = self._stop_orphan()
        self._file = AppendOnlyFile(self._data_dir)
        self._file.start_syncing()
        self._life = Life(self._data_dir, self._file)
        with self._socket_folder():
            pause, ready = FIRST_PAUSE_S, False
            while not self._wait_for_stop(0):
                started = time.monotonic()
                server = self._start_server(server_lock)
                try:
                    if self._wait_for_answer(server):
                        self._check_disk_space()
                        if not ready:
                            ready = True
                            _tell_starter(READY)
                    asked = time.monotonic()
                    while server.poll() is None and not self._wait_for_stop(CHECK_S):
                        self._check_disk_space()
                        if time.monotonic() - asked > WRITES_CHECK_S:
                            asked = time.monotonic()
                            self._check_writes()
                finally:
                    self._stop_server(server)
                    self._record_end(server)
                if self._stopping:
                    return
                if not ready:
                    said = server_log.last_line(self._log, self._log_begin)
                    reason = f" It says: {said}" if said else ""
                    raise EmbeddedError(
                        f"The embedded Valkey did not start: see {self._log}.{reason}"
                    )
                if time.monotonic() - started > PROCESS_TIMEOUT_S:
                    pause = FIRST_PAUSE_S
                how = exit_status.described(server.returncode)
                say(f"The embedded Valkey {how}; starting it again.")
                self._wait_for_stop(pause)
                pause = min(2 * pause, LAST_PAUSE_S)

    def _check_disk_space(self) -> None:
        """Allow the server to write while there is space for it, and only then."""
        if self._file.open_newest():
            self._record_life()
        was_used_up = self._takes_writes and self._file.is_reserve_used_up()
        has_space = self._file.reserve()
        if was_used_up:
            # Writes may have failed, until the server reports that they have not.
            self._writes_fail = True
            self._check_writes()
        if has_space != self._takes_writes:
            wanted = WRITES if has_space else NO_WRITES
            # Set before the server has answered: its answer may be lost.
            self._took_writes = self._took_writes or has_space
            with contextlib.suppress(OSError):
                if send(self._socket, f"CONFIG SET min-replicas-to-write {wanted}") == b"+OK\r\n":
                    self._takes_writes = has_space
                    self._report_disk(has_space)

    def _report_disk(self, has_space: bool) -> None:
        if has_space and self._disk_was_full:
            say(f"The disk of {self._data_dir} has space again; messages are stored again.")
        elif not has_space:
            say(f"The disk of {self._data_dir} is full; no more messages are stored.")
        self._disk_was_full = not has_space

    def _check_writes(self) -> None:
        with contextlib.suppress(OSError):
            info = send(self._socket, "INFO persistence")
            self._writes_fail = b"aof_last_write_status:ok" not in info

    def _record_end(self, server: subprocess.Popen[bytes]) -> None:
        """The server has ended: record the life of its data, or begin a new one."""
        if self._file.path is None:
            # The server took no writes.
            return
        # A server that was never allowed to write has acknowledged nothing.
        if self._took_writes and (self._writes_fail or not self._file.has_all_writes()):
            self._life.begin_new()
            say("The embedded Valkey may have lost its last writes; clients will load anew.")
        clean = server.returncode == 0 and self._stopping
        self._file.close()
        self._record_life(clean)

    def _record_life(self, clean: bool = False) -> None:
        # If this fails, the next supervisor has no proof, and begins a new life.
        with contextlib.suppress(OSError):
            self._life.record(clean)

    def _lock_folder(self) -> None:
        # Never closed: the lock lasts until this process has ended, also if it is killed.
        lock = os.open(self._data_dir / "supervisor.lock", os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + PROCESS_TIMEOUT_S
        while not try_lock(lock):
            holder = os.pread(lock, 20, 0).decode()
            # A supervisor whose starter was killed waits for the workers, and then ends.
            if _is_alive(holder) or time.monotonic() > deadline or self._wait_for_stop(0.1):
                raise EmbeddedError(
                    f"DATA_DIR {self._data_dir} is in use by another Maru (process {holder});"
                    " stop that one, or give this one a DATA_DIR of its own."
                )
        os.ftruncate(lock, 0)
        # Not the parent: a starter that was killed is no parent any more.
        os.pwrite(lock, str(self._starter).encode(), 0)

    def _stop_orphan(self) -> int:
        lock = os.open(self._data_dir / "valkey.lock", os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + PROCESS_TIMEOUT_S
        while not try_lock(lock):
            with contextlib.suppress(OSError):
                # Only if it is the server of this folder.
                if os.fsencode(self._data_dir) in send(self._socket, "CONFIG GET dir").splitlines():
                    send(self._socket, "SHUTDOWN")
            if time.monotonic() > deadline or self._wait_for_stop(0.05):
                raise EmbeddedError(
                    f"A valkey-server without a supervisor still uses {self._data_dir}; end it."
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
        # Everybody may write to the folder above: another user may have made this one.
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
            raise EmbeddedError(f"{folder} belongs to another user: choose another DATA_DIR.")
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
            # The server writes each change to the file before it answers. The supervisor syncs the
            # file each second: see chat/store/append_only_file.py.
            "appendonly": "yes",
            "appendfsync": "no",
            # No writes before space is reserved for them.
            "min-replicas-to-write": NO_WRITES,
            # INFO contains it, so that every worker knows the life of the data.
            "availability-zone": f"{LIFE_PREFIX}{self._life.id}",
            "save": "",
            "maxmemory-policy": "noeviction",
            "loglevel": "warning",
        }
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        with open(self._log, "ab") as log:
            self._log_begin = log.tell()
            return subprocess.Popen(
                [server_program(), *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[lock],
            )

    def _wait_for_answer(self, server: subprocess.Popen[bytes]) -> bool:
        # Without a deadline: loading a long history takes long.
        while server.poll() is None and not self._wait_for_stop(0.02):
            with contextlib.suppress(OSError):
                if send(self._socket, "PING") == b"+PONG\r\n":
                    return True
        return False

    def _stop_server(self, server: subprocess.Popen[bytes]) -> None:
        server.terminate()
        try:
            server.wait(PROCESS_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        self._socket.unlink(missing_ok=True)

    def _wait_for_stop(self, seconds: float | None) -> bool:
        """Wait for a signal or input, at most so long; returns whether it is time to stop."""
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


def _tell_starter(line: str) -> None:
    # A starter that was killed reads nothing any more. Its workers may still need the store.
    with contextlib.suppress(BrokenPipeError):
        os.write(sys.stdout.fileno(), f"{line}\n".encode())


def main() -> None:
    try:
        Supervisor(Path(sys.argv[1]), starter=int(sys.argv[2])).run()
    except EmbeddedError as error:
        _tell_starter(str(error))
        sys.exit(1)
    except OSError as error:
        file = f" ({Path(error.filename).name})" if error.filename else ""
        _tell_starter(f"DATA_DIR {sys.argv[1]} cannot be used: {error.strerror or error}{file}.")
        sys.exit(1)


if __name__ == "__main__":
    main()
