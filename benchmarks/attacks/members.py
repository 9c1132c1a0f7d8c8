"""Attacks by people with an account. Each attack ends at the given time."""

import contextlib
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle

from benchmarks.attacks.client import Target, WebSocket, connected, frame, request


def log_ins(target: Target, until: float) -> None:
    """One account logs in nine times at once, correctly."""
    body = json.dumps({"name": target.name, "password": target.password})
    _threads(9, until, lambda _: _ask(target, request("POST", "/api/token", body)))


def never_polls(target: Target, until: float) -> None:
    """One polling session asks for history, and never polls."""
    path = "/socket.io/?EIO=4&transport=polling"
    opened = _ask(target, request("GET", path))
    sid = opened.partition(b'"sid":"')[2].partition(b'"')[0].decode()
    token = target.tokens[0]
    _ask(target, request("POST", f"{path}&sid={sid}", "40" + json.dumps({"token": token})))
    call = ["history", {"token": token, "roomId": target.room, "limit": 200}]
    calls = "\x1e".join(f"42{i}" + json.dumps(call) for i in range(16))
    _threads(2, until, lambda _: _ask(target, request("POST", f"{path}&sid={sid}", calls)))


def compressed_polls(target: Target, until: float) -> None:
    """Six polling sessions read history, compressed."""

    def step(index: int) -> None:
        token, path = target.tokens[index % 3], "/socket.io/?EIO=4&transport=polling"
        opened = _ask(target, request("GET", path))
        sid = opened.partition(b'"sid":"')[2].partition(b'"')[0].decode()
        path = f"{path}&sid={sid}"
        _ask(target, request("POST", path, "40" + json.dumps({"token": token})))
        call = ["history", {"token": token, "roomId": target.room, "limit": 200}]
        poll = f"GET {path} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n".encode()
        while time.monotonic() < until:
            _ask(target, request("POST", path, "421" + json.dumps(call)))
            if b" 200 " not in _ask(target, poll)[:20]:
                return

    _threads(6, until, step)


def http_history(target: Target, until: float) -> None:
    """Three people read history over HTTP, over ninety connections."""

    def step(index: int) -> None:
        path = f"/api/rooms/{target.room}/messages?limit=200"
        _ask(target, request("GET", path, "", target.tokens[index % 3]))

    _threads(90, until, step)


def never_reads(target: Target, until: float) -> None:
    """Ten sockets ask for history, and read nothing."""

    def step(index: int) -> None:
        deaf = WebSocket(target.port, target.tokens[index % 3], receive_buffer=4096)
        call = deaf.packet("history", roomId=target.room, limit=200)
        while time.monotonic() < until:
            deaf.send(call)

    _threads(10, until, step)


def joins_in_a_loop(target: Target, until: float) -> None:
    """Three connections join and leave without pause."""

    def step(index: int) -> None:
        hopper = WebSocket(target.port, target.tokens[index])
        while time.monotonic() < until:
            hopper.call("join", roomId=target.room)
            hopper.call("leave", roomId=target.room)

    _threads(3, until, step)


def bad_calls(target: Target, until: float) -> None:
    """Calls that are refused, without pause: bad tokens, broken and deep JSON."""
    bad = cycle(
        [
            '421["history",{"token":"%s"}]' % ("x" * 200),
            "421" + "[" * 100_000,
            '421["history",{"token":"x","a":' + "[1," * 5000 + "1" + "]" * 5000 + "}]",
            '421["no such event",{}]',
        ]
    )

    def step(index: int) -> None:
        caller = WebSocket(target.port, target.tokens[index % 3])
        while time.monotonic() < until:
            caller.socket.sendall(frame(next(bad)) * 4)

    _threads(6, until, step)


def pings(target: Target, until: float) -> None:
    """Pings without pause, from ten sockets of a member."""

    def step(index: int) -> None:
        pinger = WebSocket(target.port, target.tokens[index % 3])
        while time.monotonic() < until:
            pinger.socket.sendall(frame("", opcode=9) * 5000)

    _threads(10, until, step)


def small_fragments(target: Target, until: float) -> None:
    """Messages in fragments of one byte, from ten sockets."""
    fragments = b"\x01\x81\0\0\0\0" + b"4" + b"\x00\x81\0\0\0\0x" * 5000 + frame("", opcode=0)

    def step(index: int) -> None:
        sender = WebSocket(target.port, target.tokens[index % 3])
        while time.monotonic() < until:
            sender.socket.sendall(fragments)

    _threads(10, until, step)


def invitations(target: Target, until: float) -> None:
    """One person is invited to a hundred and fifty private rooms."""
    for number in range(150):
        if time.monotonic() > until:
            return
        body = json.dumps({"name": f"Come {number}", "private": True})
        made = _ask(target, request("POST", "/api/rooms", body, target.tokens[1]))
        if b'"roomId":"' in made:
            room = made.partition(b'"roomId":"')[2].partition(b'"')[0].decode()
            path = f"/api/rooms/{room}/members/{target.victim}"
            _ask(target, request("PUT", path, "", target.tokens[1]))


def _ask(target: Target, asked: bytes) -> bytes:
    with contextlib.suppress(OSError), connected(target.port) as client:
        client.sendall(asked)
        return client.recv(65_536)
    return b""


def _threads(number: int, until: float, step: Callable[[int], None]) -> None:
    def again(index: int) -> None:
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                step(index)
            # Not in a busy loop: attackers and server share the cores of one machine.
            time.sleep(0.05)

    with ThreadPoolExecutor(number) as pool:
        list(pool.map(again, range(number)))
