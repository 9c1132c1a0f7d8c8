"""Socket.IO on Node with its Redis adapter: as many processes as workers, a port for each."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

from benchmarks.cpu_placement import placement
from benchmarks.processes import answers, free_port, started, wait_until
from benchmarks.server import Server
from benchmarks.setup import node, node_modules
from benchmarks.store import running_store

NAME = "Socket.IO on Node"
HERE = Path(__file__).parent

DIALECT = [
    "path /socket.io/?EIO=4&transport=websocket",
    "wait 0{",
    "send 40",
    "wait 40{",
    'send 420["join",{"roomId":"%r"}]',
    'wait 430[{"ok":true',
    'say 421["message",{"roomId":"%r","sender":"person-7","message":"%m"}]',
    'heard 42["message",',
    "ping 2",
    "pong 3",
]


@contextlib.contextmanager
def running(folder: Path, workers: int) -> Iterator[Server]:
    ports, log = [free_port() for _ in range(workers)], folder / "node.log"
    environ = {"NODE_PATH": str(node_modules()), "NODE_ENV": "production"}
    with contextlib.ExitStack() as stack:
        store = stack.enter_context(running_store(folder))
        roots = []
        for port in ports:
            command = [node(), HERE / "server.js", str(port), store.socket]
            roots.append(stack.enter_context(started(command, log, environ)))
            wait_until(lambda port=port: answers(port), roots[-1], log)
        yield Server(roots, ports, placement(workers), DIALECT, store.pid)


def packages() -> dict[str, str]:
    lock = json.loads((HERE / "package-lock.json").read_text())
    wanted = lock["packages"][""]["dependencies"]
    return {name: lock["packages"][f"node_modules/{name}"]["version"] for name in wanted}
