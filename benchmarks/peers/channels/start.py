"""Django Channels with channels_redis, under uvicorn with uvloop; its own worker processes."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from benchmarks.cpu_placement import placement
from benchmarks.processes import answers, free_port, started, wait_until
from benchmarks.server import Server
from benchmarks.setup import ROOT, bench_python, pins
from benchmarks.store import running_store

NAME = "Django Channels"
HERE = Path(__file__).parent

DIALECT = [
    "path /rooms/%r",
    'wait {"ok"',
    'say {"sender":"person-7","message":"%m"}',
    'heard {"type"',
]


@contextlib.contextmanager
def running(folder: Path, workers: int) -> Iterator[Server]:
    port, log = free_port(), folder / "channels.log"
    options = {"port": str(port), "workers": str(workers), "log-level": "warning"}
    command = [
        *(bench_python(), "-m", "uvicorn", "--app-dir", HERE, "chat:application"),
        *(word for name, value in options.items() for word in (f"--{name}", value)),
        *("--backlog", "4096", "--ws-per-message-deflate", "false"),
    ]
    with contextlib.ExitStack() as stack:
        store = stack.enter_context(running_store(folder))
        environ = {"REDIS_SOCKET": str(store.socket)}
        root = stack.enter_context(started(command, log, environ, folder))
        wait_until(lambda: answers(port), root, log)
        yield Server([root], [port], placement(workers), DIALECT, store.pid)


def packages() -> dict[str, str]:
    every = pins(ROOT / "requirements-bench.txt")
    plots = list(every).index("matplotlib")
    return dict(list(every.items())[:plots])
