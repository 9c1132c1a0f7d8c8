"""Makes what Maru needs inside this checkout, then becomes the command that follows, if any.

    bin/setup [--dev] [COMMAND [ARGUMENT...]]

With --dev, what the tests need as well: with a COMMAND, only their Python packages. A step that is
done leaves a stamp that says what it was made from, so it is skipped while that stays the same, and
done again after an interruption. Uses the standard library alone, since nothing is installed yet.
"""

import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import venv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools import (
    CACHE,
    PYTHON,
    ROOT,
    VENV,
    SetupError,
    apt_install,
    lock,
    npm_ci,
    pip_install,
    run,
    say,
)

#: Says that .venv is whole. Absent while pip works on it, since pip takes half a package for one.
VENV_STAMP = VENV / "made-by-maru"
#: Finished files of npm packages, which browsers get as they are.
BROWSER_FILES = (
    ROOT / "node_modules" / "socket.io-client" / "dist" / "socket.io.esm.min.js",
    ROOT / "node_modules" / "swup" / "dist" / "Swup.umd.js",
)
TEST_CLIENTS = ROOT / "tests" / "programs" / "clients"
VENDOR = ROOT / "static" / "vendor"
TSC = ROOT / "node_modules" / "typescript" / "bin" / "tsc"
#: To TypeScript, what the files in ``VENDOR`` export.
TYPES = sorted((ROOT / "tests" / "types").glob("*.d.ts"))
#: Debian's names of what the tests need besides Python packages.
TEST_PACKAGES = (
    *("chromium", "fonts-noto-cjk", "fonts-noto-color-emoji", "openssl", "haproxy", "nginx-light"),
    # Sets the clock of a store that a test starts.
    "faketime",
    # Makes the disk of a store slow.
    "strace",
)
#: Where Debian's package ``postgresql`` has its programs, by version: not on the PATH.
POSTGRESQL = Path("/usr/lib/postgresql")


@dataclass(frozen=True)
class Step:
    """Makes ``outputs`` from ``sources``, unless ``stamp`` says that this is done already."""

    name: str
    sources: Sequence[Path]
    outputs: Sequence[Path]
    stamp: Path
    make: Callable[[], None]

    def is_done(self) -> bool:
        made = (self.stamp, *self.outputs)
        return all(path.exists() for path in made) and self.stamp.read_text() == self._made_from()

    def do(self) -> None:
        say(f"{self.name} ...")
        self.stamp.unlink(missing_ok=True)
        self.make()
        self.stamp.parent.mkdir(parents=True, exist_ok=True)
        self.stamp.write_text(self._made_from())

    def _made_from(self) -> str:
        digest = hashlib.sha256(_version().encode())
        for path in self.sources:
            digest.update(path.read_bytes())
        return digest.hexdigest()


def main(arguments: list[str]) -> None:
    os.chdir(ROOT)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    dev = arguments[:1] == ["--dev"]
    try:
        _enter_venv(arguments)
        steps = _steps(dev)
        if not all(step.is_done() for step in steps):
            with lock():
                for step in steps:
                    if not step.is_done():
                        step.do()
        command = arguments[dev:]
        if dev and not command:
            _install_test_packages()
    except SetupError as error:
        sys.exit(f"maru: {error}")
    except OSError as error:
        # A checkout that the user may not write, or a disk that is full.
        place = error.filename or ROOT
        sys.exit(f"maru: {place} cannot be used: {error.strerror or error}.")
    except KeyboardInterrupt:
        sys.exit("maru: Interrupted; the next run goes on from here.")
    if command:
        os.execvp(command[0], command)


def _enter_venv(arguments: list[str]) -> None:
    """Return if this is the Python of a complete .venv; otherwise make one, and start again."""
    inside = VENV.exists() and VENV.samefile(sys.prefix)
    if inside and _is_venv_whole():
        return
    with lock():
        # Another run may have made it before this one got the lock.
        if not _is_venv_whole():
            if inside:
                # Another Python has to make it again, not the one in it.
                shutil.rmtree(VENV)
            else:
                _make_venv()
    os.execv("bin/setup", ["bin/setup", *arguments])


def _is_venv_whole() -> bool:
    """Whether .venv is complete, and its Python has not been replaced or removed since."""
    ask = "import sys; print('{}.{}'.format(*sys.version_info))"
    try:
        made_by = VENV_STAMP.read_text()
        return made_by == subprocess.check_output([PYTHON, "-c", ask], text=True).strip()
    except (OSError, subprocess.CalledProcessError):
        return False


def _version() -> str:
    return "{}.{}".format(*sys.version_info)


def _make_venv() -> None:
    say(f"Making .venv with Python {_version()} ...")
    if importlib.util.find_spec("ensurepip") is None:
        # Debian keeps it in a package of its own.
        apt_install([f"python{_version()}-venv"], "make .venv")
    try:
        venv.create(VENV, clear=True, symlinks=True, with_pip=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SetupError(f"{sys.executable} cannot make {VENV}: {error}") from error
    VENV_STAMP.write_text(_version())


def _steps(dev: bool) -> list[Step]:
    catalogs = sorted(ROOT.glob("translations/*/LC_MESSAGES/*.po"))
    requirements = [ROOT / "requirements.txt", ROOT / "requirements-dev.txt"]
    steps = [
        *(_packages(requirements[: 1 + n]) for n in range(1 + dev)),
        Step(
            "Fetching the browser's libraries",
            sources=[ROOT / "package-lock.json"],
            outputs=[VENDOR / file.name for file in BROWSER_FILES],
            stamp=CACHE / "client.made",
            make=_fetch_browser_files,
        ),
    ]
    if dev:
        steps.append(
            Step(
                "Fetching TypeScript, which checks the browser's scripts",
                sources=[ROOT / "package-lock.json", *TYPES],
                outputs=[TSC, *(VENDOR / file.name for file in TYPES)],
                stamp=CACHE / "typescript.made",
                make=_fetch_typescript,
            )
        )
        steps.append(
            Step(
                "Fetching the official JavaScript clients for the tests",
                sources=[TEST_CLIENTS / "package-lock.json"],
                outputs=[TEST_CLIENTS / "node_modules"],
                stamp=CACHE / "test-clients.made",
                make=lambda: npm_ci(TEST_CLIENTS),
            )
        )
    if catalogs:
        steps.append(
            Step(
                "Compiling translations",
                sources=catalogs,
                outputs=[catalog.with_suffix(".mo") for catalog in catalogs],
                stamp=CACHE / "translations.made",
                make=_compile_translations,
            )
        )
    return steps


def _packages(requirements: list[Path]) -> Step:
    """The step that installs the packages of the last file, which includes the others."""
    *_, last = requirements
    return Step(
        f"Installing Python packages ({last.name})",
        sources=requirements,
        outputs=[],
        stamp=VENV / f"{last.name}.installed",
        make=lambda: _install_packages(last),
    )


def _install_packages(requirements: Path) -> None:
    VENV_STAMP.unlink()
    try:
        pip_install("--require-hashes", "-r", requirements)
    except SetupError:
        # pip has stopped before it changed anything, and has printed why.
        VENV_STAMP.write_text(_version())
        raise
    VENV_STAMP.write_text(_version())


def _fetch_browser_files() -> None:
    npm_ci()
    VENDOR.mkdir(parents=True, exist_ok=True)
    for file in BROWSER_FILES:
        half = VENDOR / f"{file.name}.half"
        shutil.copyfile(file, half)
        half.replace(VENDOR / file.name)


def _fetch_typescript() -> None:
    npm_ci(dev=True)
    for file in TYPES:
        shutil.copyfile(file, VENDOR / file.name)


def _compile_translations() -> None:
    run(
        [PYTHON, "-m", "babel.messages.frontend", "compile", "--directory=translations"],
        "pybabel could not compile the translations.",
    )


def _install_test_packages() -> None:
    if shutil.which("dpkg-query") is None:
        if shutil.which("chromium") is None:
            raise SetupError("The tests need Chromium, as chromium on the PATH; install it.")
        _install_postgresql()
        return
    query = ["dpkg-query", "--show", "--showformat=${db:Status-Status} ${Package}\n"]
    known = subprocess.run([*query, *TEST_PACKAGES], capture_output=True, text=True).stdout
    missing = [p for p in TEST_PACKAGES if f"installed {p}" not in known.splitlines()]
    if missing:
        with lock():
            apt_install(missing, "run the tests")
    _install_postgresql()


def _install_postgresql() -> None:
    """Install PostgreSQL, whose programs the tests start servers of their own with.

    Without it only those tests are left out that need it: it cannot be installed everywhere.
    """
    on_path = shutil.which("postgres") and shutil.which("initdb")
    if on_path or any(POSTGRESQL.glob("*/bin/initdb")):
        return
    try:
        with lock():
            apt_install(["postgresql"], "test the archive in PostgreSQL too")
    except SetupError as error:
        say(f"{error} Until then the tests that need PostgreSQL are skipped.")


if __name__ == "__main__":
    main(sys.argv[1:])
