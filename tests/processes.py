"""Runs commands, and reads the list of processes of this machine."""

import subprocess
from pathlib import Path
from typing import Any

import psutil


def call(*command: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, and keep what it says."""
    return subprocess.run(command, capture_output=True, text=True, timeout=120, **options)


def processes() -> dict[int, str]:
    """The command line of each process that runs."""
    running = psutil.process_iter(["cmdline", "status"])
    return {
        process.pid: " ".join(process.info["cmdline"] or [])
        for process in running
        if process.info["status"] != psutil.STATUS_ZOMBIE
    }
