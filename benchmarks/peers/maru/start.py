"""Maru as bin/run starts it, with its own store, history and tokens; without its rate limits."""

import contextlib
import http.client
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.placement import placement
from benchmarks.processes import command_of, family, free_port, started, wait_until
from benchmarks.server import Server
from benchmarks.setup import PYTHON, ROOT, pins

NAME = "Maru"
PEOPLE, PASSWORD = 50, "correct horse"
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


@contextlib.contextmanager
def running(folder: Path, workers: int) -> Iterator[Server]:
    port, log = free_port(), folder / "maru.log"
    environ = {
        "PORT": str(port),
        "WORKERS": str(workers),
        "DATA_DIR": str(folder / "data"),
        "ENV_FILE": "",
        "MESSAGE_RATE": "0",
        "ROOM_RATE": "0",
        "JOIN_RATE": "0",
        "READ_RATE": "0",
        "ROOMS_PER_PERSON": "0",
        "LOGIN_RATE": "0",
        "TOKEN_SECONDS": str(TOKEN_SECONDS),
        "MAX_CONNECTIONS": "40000",
    }
    command = [PYTHON, "-m", "gunicorn", "-c", "gunicorn.conf.py"]
    with started(command, log, environ, ROOT) as root:

        def is_ready() -> bool:
            of_gunicorn = [pid for pid in family(root) if "gunicorn" in command_of(pid)]
            answers = (_ask(port, "GET", "/readyz") for _ in range(3 * workers))
            return len(of_gunicorn) > workers and all(status == 200 for status, _ in answers)

        wait_until(is_ready, root, log)
        with ThreadPoolExecutor(4) as threads:
            tokens = list(threads.map(lambda i: _enrol(port, f"person-{i}"), range(PEOPLE)))

        def new_rooms(number: int) -> list[str]:
            with ThreadPoolExecutor(4) as threads:
                return list(threads.map(lambda i: _open_room(port, tokens[0], i), range(number)))

        yield Server([root], [port], placement(workers), DIALECT, None, tokens, new_rooms)


def _enrol(port: int, name: str) -> str:
    account = {"name": name, "password": PASSWORD}
    _call(port, "/api/register", account)
    return str(_call(port, "/api/token", account)["accessToken"])


def _open_room(port: int, token: str, number: int) -> str:
    return str(_call(port, "/api/rooms", {"name": f"Room {number}"}, token)["roomId"])


def _call(port: int, path: str, body: dict[str, str], token: str = "") -> Any:
    status, answer = _ask(port, "POST", path, body, token)
    if status not in (200, 201):
        raise OSError(f"POST {path}: {status} {answer}")
    return answer


def _ask(
    port: int, method: str, path: str, body: dict[str, str] | None = None, token: str = ""
) -> tuple[int, Any]:
    """Status and JSON of the answer; status 0 if there is none."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
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
