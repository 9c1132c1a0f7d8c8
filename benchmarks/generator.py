"""Controls the load generator; benchmarks/load/main.c lists its commands."""

import contextlib
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.server import Server

#: If the generator uses a larger share of a core than this, it may limit the result itself.
BUSY_SHARE = 0.9

Line = dict[str, Any]


class GeneratorError(Exception):
    """The generator has stopped; the text is its reason."""


class Generator:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.pid = process.pid
        self._process = process

    def join(self, total: int, at_once: int, seconds: float) -> Line:
        """Connect clients until ``total`` have joined their rooms. Raises ``GeneratorError``."""
        line = self._do(f"join {total} {at_once} {seconds}")
        if line["joined"] < total:
            raise GeneratorError(f"{line['joined']} of {total} joined; last: {line['odd']!r}")
        return line

    def talk(
        self,
        senders: int,
        window: int,
        warm_up: float,
        seconds: float,
        rate: float,
        on_start: Callable[[], None],
        on_end: Callable[[], None],
    ) -> Line:
        """``on_start`` and ``on_end`` are called when the measured time begins and ends."""
        line = self._do(f"talk {senders} {window} {warm_up} {seconds} {rate}")
        while line["at"] != "done":
            {"start": on_start, "end": on_end}[line["at"]]()
            line = self._read()
        return line

    def drop(self) -> Line:
        """Drop all connections at once."""
        return self._do("drop")

    def _do(self, command: str) -> Line:
        assert self._process.stdin
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(f"{command}\n")
            self._process.stdin.flush()
        return self._read()

    def _read(self) -> Line:
        assert self._process.stdout and self._process.stderr
        line = self._process.stdout.readline()
        if not line:
            raise GeneratorError(self._process.stderr.read().strip() or "the generator ended")
        answer: Line = json.loads(line)
        return answer


@contextlib.contextmanager
def generator(
    program: Path,
    folder: Path,
    server: Server,
    rooms: int,
    connections: int,
    is_watching: bool = False,
) -> Iterator[Generator]:
    """A generator for so many connections, spread over new rooms."""
    dialect = folder / "dialect.txt"
    steps = [line for line in server.dialect if line.split(" ")[0] in ("path", "wait", "send")]
    lines = [
        *(f"port {port}" for port in server.ports),
        *steps,
        *(server.watching if is_watching else ()),
        *(line for line in server.dialect if line not in steps),
        *(f"token {token}" for token in server.tokens),
        *(f"room {room}" for room in server.new_rooms(rooms)),
    ]
    dialect.write_text("\n".join(lines) + "\n")
    process = subprocess.Popen(
        [program, dialect, str(connections)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    os.sched_setaffinity(process.pid, server.placement.generator)
    try:
        yield Generator(process)
    finally:
        process.kill()
        process.communicate()
