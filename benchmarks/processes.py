"""Starts the processes of a measurement, reads their use of CPU and memory, and ends them."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

#: Seconds to start in, and to stop in.
START_TIMEOUT_S, STOP_TIMEOUT_S = 40, 15
_TICKS = os.sysconf("SC_CLK_TCK")


class StartError(Exception):
    """A process did not start; the text contains the end of its log."""


@contextlib.contextmanager
def started(
    command: Sequence[str | Path],
    log: Path,
    environ: dict[str, str] | None = None,
    folder: Path | None = None,
) -> Iterator[int]:
    """Start a command; gives its process id. It ends with its children, even if we are killed."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    with log.open("ab") as out:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**inherited, **(environ or {})},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    # The guard's standard input ends when this process ends, also if it is killed.
    guard = subprocess.Popen(
        ["sh", "-c", f"cat; kill -- -{process.pid}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process.pid
    finally:
        _end(process)
        guard.communicate()


def _end(process: subprocess.Popen[bytes]) -> None:
    everyone = family(process.pid)
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    deadline = time.monotonic() + STOP_TIMEOUT_S
    for pid in everyone:
        while _parent(pid) is not None and time.monotonic() < deadline:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)


def wait_until(is_so: Callable[[], bool], root: int, log: Path) -> None:
    """Wait until ``is_so()``. Raises ``StartError`` if the process ends or takes too long."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while not is_so():
        if _parent(root) is None or time.monotonic() > deadline:
            words = "\n".join(log.read_text("utf-8", "replace").splitlines()[-15:])
            raise StartError(f"it did not start; its log:\n{words}")
        time.sleep(0.05)


def answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 2):
        return True
    return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def family(root: int) -> list[int]:
    """A process and all its descendants."""
    parents = {int(p.name): _parent(int(p.name)) for p in Path("/proc").glob("[0-9]*")}
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def _parent(pid: int) -> int | None:
    """The id of the parent, or ``None`` if the process has ended; a zombie has ended."""
    fields = _stat(pid)
    return int(fields[1]) if fields and fields[0] != "Z" else None


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat, from the state on; empty if there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def command_of(pid: int) -> str:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/cmdline").read_text("utf-8", "replace").replace("\0", " ")
    return ""


def cpu_seconds(pids: Iterable[int]) -> float:
    """CPU seconds of these processes so far, user and system, without their children."""
    return sum(int(f[11]) + int(f[12]) for pid in pids if (f := _stat(pid))) / _TICKS


def waited_seconds(pids: Iterable[int]) -> float:
    """Seconds for which the threads of these processes have waited for a core so far."""
    total = 0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                total += int(task.read_text().split()[1])
    return total / 1e9


def memory(pids: Iterable[int]) -> int:
    """Bytes of memory (PSS): a page that two processes share counts half for each of them."""
    total = 0
    for pid in pids:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
    return total
