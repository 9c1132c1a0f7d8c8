"""Maru as bin/run starts it, with its own store, history and tokens; without its rate limits."""

import contextlib
import http.client
import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from pathlib import Path
from typing import Any

import config
from benchmarks.cpu_placement import placement
from benchmarks.processes import command_of, family, free_port, started, wait_until
from benchmarks.server import Server
from benchmarks.setup import PYTHON, ROOT, pins
from chat.store.embedded import socket_path

NAME = "Maru"
PEOPLE, PASSWORD = 50, "correct horse"
#: The settings that limit what one person or address may do.
LIMITS = [name for name in config.names() if name.endswith("_RATE") or "_PER_" in name]
#: Longer than any run.
TOKEN_SECONDS = 7200

DIALECT = [
    "path /socket.io/?EIO=4&transport=websocket",
    "wait 0{",
    'send 40{"token":"%t"}',
    "wait 40{",
    'send 420["join",{"token":"%t","roomId":"%r"}]',
    'wait 430[{"ok":true',
    'say 421["message",{"token":"%t","roomId":"%r","message":"%m"}]',
    'heard 42["message",',
    'refused 431[{"ok":false',
    "ping 2",
    "pong 3",
]
WATCHING = ['send 422["watch",{"token":"%t"}]', 'wait 432[{"ok":true']


@contextlib.contextmanager
def running(folder: Path, workers: int, limits: dict[str, str] | None = None) -> Iterator[Server]:
    """``limits`` are settings; without them there are none."""
    if limits is None:
        limits = dict.fromkeys(LIMITS, "0")
    with serving(folder, workers, limits) as (root, port):
        with ThreadPoolExecutor(4) as threads:
            tokens = list(threads.map(lambda i: enrol(port, f"person-{i}"), range(PEOPLE)))

        def new_rooms(number: int) -> list[str]:
            with ThreadPoolExecutor(len(tokens)) as threads:
                shares = [range(i, number, len(tokens)) for i in range(len(tokens))]
                made = threads.map(open_rooms, repeat(port), tokens, shares)
                return [room for rooms in made for room in rooms]

        yield Server(
            [root], [port], placement(workers), DIALECT, None, tokens, new_rooms,
            WATCHING, socket_path(folder / "data"),
        )  # fmt: skip


@contextlib.contextmanager
def serving(folder: Path, workers: int, settings: dict[str, str]) -> Iterator[tuple[int, int]]:
    """The process id of the main process, and the port, once all workers are ready."""
    port, log = free_port(), folder / "maru.log"
    environ = {
        "PORT": str(port),
        "WORKERS": str(workers),
        "DATA_DIR": str(folder / "data"),
        "ENV_FILE": "",
        "TOKEN_SECONDS": str(TOKEN_SECONDS),
        "MAX_CONNECTIONS": "40000",
        **settings,
    }
    command = [PYTHON, "-m", "gunicorn", "-c", "gunicorn.conf.py"]
    with started(command, log, environ, ROOT) as root:

        def is_ready() -> bool:
            of_gunicorn = [pid for pid in family(root) if "gunicorn" in command_of(pid)]
            answers = (ask(port, "GET", "/readyz") for _ in range(3 * workers))
            return len(of_gunicorn) > workers and all(status == 200 for status, _ in answers)

        wait_until(is_ready, root, log)
        yield root, port


def enrol(port: int, name: str, address: str = "") -> str:
    """The token of a new account, made from this address where a proxy is trusted."""
    account = {"name": name, "password": PASSWORD}
    _call(port, "/api/register", account, "", address)
    return str(_call(port, "/api/token", account, "", address)["accessToken"])


def open_room(port: int, token: str, number: int) -> str:
    return str(_call(port, "/api/rooms", {"name": f"Room {number}"}, token)["roomId"])


def open_rooms(port: int, token: str, numbers: Iterable[int]) -> list[str]:
    """The ids of one person's new rooms, which are made over one connection."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    made = []
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as client:
        for number in numbers:
            client.request("POST", "/api/rooms", json.dumps({"name": f"Room {number}"}), headers)
            answer = client.getresponse()
            if answer.status != 201:
                raise OSError(f"POST /api/rooms: {answer.status}")
            made.append(str(json.loads(answer.read())["roomId"]))
    return made


def _call(port: int, path: str, body: dict[str, str], token: str = "", address: str = "") -> Any:
    status, answer = ask(port, "POST", path, body, token, address)
    if status not in (200, 201):
        raise OSError(f"POST {path}: {status} {answer}")
    return answer


def ask(
    port: int,
    method: str,
    path: str,
    body: dict[str, str] | None = None,
    token: str = "",
    address: str = "",
) -> tuple[int, Any]:
    """Status and JSON of the answer; status 0 if there is none."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    if address:
        headers["X-Forwarded-For"] = address
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError):
        return 0, None
    finally:
        connection.close()


def packages() -> dict[str, str]:
    return pins(ROOT / "requirements.txt")
