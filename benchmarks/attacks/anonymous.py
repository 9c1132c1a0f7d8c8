"""Attacks by clients without an account. Each attack ends at the given time."""

import contextlib
import json
import selectors
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import cast

from benchmarks.attacks.client import Target, WebSocket, connected, frame, request

#: Connections of an attack that holds many.
MANY_CONNECTIONS = 40


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


def kept_sessions(target: Target, until: float) -> None:
    """Polling sessions without end, each with a head of 14 KB to keep."""
    filling = "x" * 7000
    opening = (
        f"GET /socket.io/?EIO=4&transport=polling&t={filling} HTTP/1.1\r\nHost: x\r\n"
        f"Cookie: a={filling}\r\n\r\n"
    ).encode()
    _again_and_again(target, until, 20, opening)


def pages(target: Target, until: float) -> None:
    """The page for logging in, over three hundred connections without pause."""
    _again_and_again(target, until, 300, b"GET /login HTTP/1.1\r\nHost: x\r\n\r\n")


def _again_and_again(target: Target, until: float, connections: int, asked: bytes) -> None:
    """Each connection asks anew as soon as something of its answer has come."""
    with selectors.DefaultSelector() as waiting:
        while time.monotonic() < until:
            while len(waiting.get_map()) < connections:
                with contextlib.suppress(OSError):
                    client = connected(target.port)
                    client.sendall(asked)
                    waiting.register(client, selectors.EVENT_READ)
            for key, _ in waiting.select(0.1):
                client = cast(socket.socket, key.fileobj)
                with contextlib.suppress(OSError):
                    if client.recv(65_536):
                        client.sendall(asked)
                        continue
                waiting.unregister(client)
                client.close()


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
        while len(clients) < MANY_CONNECTIONS:
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
