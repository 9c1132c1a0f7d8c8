"""Flask-SocketIO with its Redis message queue: as many processes as workers, a port for each."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from benchmarks.cpu_placement import placement
from benchmarks.peers.node.start import DIALECT
from benchmarks.processes import answers, free_port, started, wait_until
from benchmarks.server import Server
from benchmarks.setup import PYTHON, ROOT, pins
from benchmarks.store import running_store

NAME = "Flask-SocketIO"
HERE = Path(__file__).parent


@contextlib.contextmanager
def running(folder: Path, workers: int) -> Iterator[Server]:
    ports, log = [free_port() for _ in range(workers)], folder / "stock.log"
    with contextlib.ExitStack() as stack:
        store = stack.enter_context(running_store(folder))
        roots = []
        for port in ports:
            command = [PYTHON, HERE / "app.py", str(port), store.socket]
            roots.append(stack.enter_context(started(command, log)))
            wait_until(lambda port=port: answers(port), roots[-1], log)
        yield Server(roots, ports, placement(workers), DIALECT, store.pid)


def packages() -> dict[str, str]:
    return pins(ROOT / "requirements.txt")
