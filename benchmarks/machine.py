"""Describes a measurement: the machine, the system, and the version of every package."""

import json
import os
import platform
import re
import subprocess
from pathlib import Path

from benchmarks.cpu_placement import placement
from benchmarks.run import peer
from benchmarks.setup import load_program, node, version_of


def about(names: list[str]) -> list[tuple[str, str]]:
    """Rows of a name and a value; for each server, all its packages."""
    packages = {name: peer(name).packages() for name in names}
    return [
        ("processor", f"{_first('/proc/cpuinfo', 'model name')}, {len(_cores())} cores"),
        ("memory", f"{int(_first('/proc/meminfo', 'MemTotal').split()[0]) / 2**20:.0f} GB"),
        ("system", f"Linux {platform.release()}, {_system()}"),
        ("bare send()", f"{_bare(150)} calls a second with 150 bytes, {_bare(700)} with 700"),
        ("one worker", str(placement(1))),
        ("two workers", str(placement(2))),
        ("Python", platform.python_version()),
        ("Node", version_of(node(), "--version")),
        *((peer(name).NAME, _listed(packages[name])) for name in names),
    ]


def _bare(size: int) -> str:
    """Calls of send() a second in a bare loop in C, over loopback, to 500 connections."""
    line = subprocess.check_output([load_program(), "bare", str(size)], text=True)
    return f"{json.loads(line)['calls_s']:,}"


def _cores() -> set[int]:
    return os.sched_getaffinity(os.getppid())


def _first(path: str, field: str) -> str:
    found = re.search(rf"^{field}\s*:\s*(.*)$", Path(path).read_text(), re.MULTILINE)
    return found[1] if found else "unknown"


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return "unknown"


def _listed(packages: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in packages.items())
