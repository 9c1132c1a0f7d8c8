"""What ``bin/setup`` makes, how often, and its errors.

Here a checkout needs no package, and its ``npm`` only takes notes; that the real ones are installed
shows in that these tests run.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import venv
from importlib import metadata
from pathlib import Path

import pytest

import config
from tests.disks import small_disk
from tests.processes import call
from tests.waiting import eventually

FETCHED = "static/vendor/socket.io.esm.min.js"
ALSO_FETCHED = "static/vendor/Swup.umd.js"
NPM = """\
#!/bin/sh
echo called >> "$NOTES"
if [ -n "${NPM_FAILS-}" ]; then
    echo 'npm error code ECONNREFUSED' >&2
    exit 1
fi
if [ -n "${NPM_FILLS-}" ]; then
    head -c "$NPM_FILLS" /dev/zero > node_modules/large || exit 1
fi
if [ -n "${NPM_WAITS-}" ]; then
    read -r line < "$NPM_WAITS"
fi
mkdir -p node_modules/socket.io-client/dist
echo client > node_modules/socket.io-client/dist/socket.io.esm.min.js
mkdir -p node_modules/swup/dist
echo swup > node_modules/swup/dist/Swup.umd.js
"""


@pytest.fixture
def environ(tmp_path):
    """A bare environment, in which ``npm`` takes notes."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "npm").write_text(NPM)
    (tools / "npm").chmod(0o755)
    (tmp_path / "home").mkdir()
    return {
        "PATH": f"{tools}:{sys.base_prefix}/bin:/usr/bin:/bin",
        "HOME": str(tmp_path / "home"),
        "NOTES": str(tmp_path / "notes"),
    }


@pytest.fixture(scope="module")
def made_venv(tmp_path_factory):
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, symlinks=True, with_pip=True)
    return folder


class TestSetup:
    @pytest.fixture
    def checkout(self, tmp_path):
        """A checkout that needs no package, in a folder with a space in its name."""
        root = tmp_path / "a checkout"
        shutil.copytree(config.ROOT / "bin", root / "bin")
        modules = ("setting_checks.py", "setting_relations.py", "data_folder.py", "env_file.py")
        for name in ("config.py", *modules):
            shutil.copy(config.ROOT / name, root)
        for name in ("package.json", "package-lock.json", "pyproject.toml"):
            shutil.copy(config.ROOT / name, root)
        for name in ("requirements.txt", "requirements-dev.txt"):
            (root / name).touch()
        clients = root / "tests/programs/clients"
        (clients / "node_modules").mkdir(parents=True)
        (clients / "package-lock.json").touch()
        return root

    @pytest.fixture
    def with_venv(self, checkout, made_venv):
        """The same with a .venv in it, for what is about something else."""
        shutil.copytree(made_venv, checkout / ".venv", symlinks=True)
        (checkout / ".venv/made-by-maru").write_text("{}.{}".format(*sys.version_info))
        return checkout

    @pytest.fixture
    def npm_calls(self, tmp_path):
        notes = tmp_path / "notes"
        return lambda: len(notes.read_text().splitlines()) if notes.exists() else 0

    def test_commands_get_no_setting_from_a_file_but_by_maru_itself(self, with_venv, environ):
        # In the place of the package: it tells what Flask was told.
        (with_venv / "flask.py").write_text("import os; print(os.environ['FLASK_SKIP_DOTENV'])")
        done = call(with_venv / "bin/flask", env=environ, cwd="/")
        assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr

    def test_everything_is_made_once_and_inside_the_checkout(self, checkout, environ, npm_calls):
        command = (checkout / "bin/setup", "echo", "made")
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        at_once = [subprocess.Popen(command, env=environ, cwd="/", **streams) for _ in range(2)]
        said = [process.communicate(timeout=60) for process in at_once]
        assert [out for out, _ in said] == ["made\n", "made\n"], said
        assert sum("Making .venv" in err for _, err in said) == 1

        again = call(*command, env=environ, cwd="/")
        assert (again.returncode, again.stdout, again.stderr) == (0, "made\n", "")
        assert npm_calls() == 1
        assert (checkout / FETCHED).read_text() == "client\n"
        assert (checkout / ALSO_FETCHED).read_text() == "swup\n"
        assert call(checkout / ".venv/bin/python", "-m", "pip", "--version").returncode == 0
        assert not list(Path(environ["HOME"]).iterdir())

    def test_a_change_of_what_it_was_made_from_makes_it_again(self, with_venv, environ, npm_calls):
        call(with_venv / "bin/setup", env=environ)
        with open(with_venv / "package-lock.json", "a") as lock:
            lock.write("\n")
        made = call(with_venv / "bin/setup", env=environ)
        assert npm_calls() == 2
        assert "Making .venv" not in made.stderr

    def test_what_was_removed_is_made_again(self, with_venv, environ):
        call(with_venv / "bin/setup", env=environ)
        (with_venv / FETCHED).unlink()
        shutil.rmtree(with_venv / ".venv")
        assert call(with_venv / "bin/setup", env=environ).returncode == 0
        assert (with_venv / FETCHED).exists()
        assert (with_venv / ".venv/bin/python").exists()

    def test_a_run_that_was_killed_is_repaired_once_its_tool_has_ended(
        self, checkout, environ, tmp_path, npm_calls
    ):
        gate = tmp_path / "gate"
        os.mkfifo(gate)
        killed = subprocess.Popen(
            [checkout / "bin/setup"],
            env={**environ, "NPM_WAITS": str(gate)},
            stderr=subprocess.DEVNULL,
        )
        eventually(npm_calls, 60)
        killed.kill()
        killed.wait()
        said = tmp_path / "said"
        with open(said, "w") as output:
            repaired = subprocess.Popen([checkout / "bin/setup"], env=environ, stderr=output)
        eventually(lambda: "waiting for it" in said.read_text())
        gate.write_text("go on\n")
        assert repaired.wait(60) == 0
        assert npm_calls() == 2
        assert (checkout / FETCHED).exists()

    def test_a_venv_in_which_pip_was_killed_is_made_anew(self, with_venv, environ):
        call(with_venv / "bin/setup", env=environ)
        (with_venv / ".venv/made-by-maru").unlink()
        (with_venv / ".venv/lib/half").mkdir()
        assert call(with_venv / "bin/setup", env=environ).returncode == 0
        assert not (with_venv / ".venv/lib/half").exists()

    def test_translations_are_compiled_where_there_are_some(self, with_venv, environ):
        shutil.copytree(
            config.ROOT / "translations",
            with_venv / "translations",
            ignore=shutil.ignore_patterns("*.mo"),
        )
        # Without Babel here, it must say which tool failed.
        failed = call(with_venv / "bin/setup", env=environ)
        assert failed.returncode == 1
        assert failed.stderr.splitlines()[-1].startswith("maru: pybabel could not")

    def test_an_npm_that_fails_is_quoted(self, with_venv, environ):
        failed = call(with_venv / "bin/setup", env={**environ, "NPM_FAILS": "yes"})
        assert failed.returncode == 1
        *_, quoted, line = failed.stderr.splitlines()
        assert quoted == "npm error code ECONNREFUSED"
        assert line.startswith("maru: npm could not fetch the browser's libraries: is the npm")

    def test_a_full_disk_is_not_taken_for_an_index_out_of_reach(self, with_venv, environ):
        with small_disk(with_venv / "node_modules", 1):
            failed = call(with_venv / "bin/setup", env={**environ, "NPM_FILLS": "9000000"})
        assert failed.returncode == 1
        *_, line = failed.stderr.splitlines()
        assert line.startswith("maru: The disk of ") and "is full" in line

    def test_an_index_out_of_reach_is_named_and_tried_again(self, with_venv, environ):
        (with_venv / "requirements.txt").write_text("no-package-of-this-name==1\n")
        nowhere = {
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
            "PIP_RETRIES": "0",
        }
        failed = call(with_venv / "bin/setup", env={**environ, **nowhere})
        assert failed.returncode == 1
        assert failed.stderr.splitlines()[-1].startswith("maru: pip could not install")
        assert "no-package-of-this-name" in failed.stderr
        assert "Traceback" not in failed.stderr
        (with_venv / "requirements.txt").write_text("")
        assert call(with_venv / "bin/setup", env=environ).returncode == 0

    def test_an_old_python_is_refused(self, checkout, tmp_path):
        old = tmp_path / "python3"
        old.write_text("#!/bin/sh\n[ $1 = --version ] && echo Python 3.9.2 && exit\nexit 1\n")
        old.chmod(0o755)
        for tool in ("sh", "dirname", "readlink"):
            (tmp_path / tool).symlink_to(shutil.which(tool))
        failed = call(checkout / "bin/run", env={"PATH": str(tmp_path)})
        assert failed.returncode == 1
        assert re.fullmatch(
            r"maru: Python 3\.11 or later is needed, and there is Python 3\.9\.2; .*\n",
            failed.stderr,
        )

    def test_tests_stop_at_the_first_step_that_fails(self, with_venv, environ):
        # There is no ruff in this checkout.
        failed = call(with_venv / "bin/test", env=environ)
        assert failed.returncode != 0
        assert failed.stdout == "== Style: ruff check\n"

    def test_tests_run_without_a_postgresql_that_cannot_be_installed(self, checkout, environ):
        tools = Path(environ["PATH"].split(":")[0])
        (tools / "apt-get").write_text("#!/bin/sh\necho 'E: out of reach'\nexit 100\n")
        (tools / "apt-get").chmod(0o755)
        lines = (
            "import pathlib, sys",
            "sys.path.insert(0, 'bin')",
            "import prepare",
            "prepare.POSTGRESQL = pathlib.Path('nowhere')",
            "prepare._install_postgresql()",
        )
        # Where a machine has its programs on the PATH, they are found there.
        bare = {**environ, "PATH": str(tools)}
        done = call(sys.executable, "-c", "\n".join(lines), env=bare, cwd=checkout)
        assert done.returncode == 0, done.stderr
        assert done.stderr.endswith("Until then the tests that need PostgreSQL are skipped.\n")
        for name in ("postgres", "initdb"):
            (tools / name).symlink_to("/bin/true")
        done = call(sys.executable, "-c", "\n".join(lines), env=bare, cwd=checkout)
        assert (done.returncode, done.stderr) == (0, "")


def test_every_installed_package_is_pinned():
    listed = "".join((config.ROOT / f"requirements{kind}.txt").read_text() for kind in ("", "-dev"))
    pinned = dict(re.findall(r"^([\w.-]+)==([\w.]+)", listed, re.MULTILINE))
    pins = {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in pinned.items()}
    installed = {
        re.sub(r"[-_.]+", "-", package.metadata["Name"]).lower(): package.version
        for package in metadata.distributions()
    }
    for name in ("pip", "setuptools"):
        installed.pop(name, None)
    # One that is needed on some machines only may be missing, but none may be unknown or other.
    assert installed.items() <= pins.items()


def test_the_lock_of_npm_names_no_registry():
    lock = json.loads((config.ROOT / "package-lock.json").read_text())
    assert lock["packages"]["node_modules/socket.io-client"]["version"] == "4.8.4"
    assert not any("resolved" in package for package in lock["packages"].values())


@pytest.mark.parametrize(
    "path", sorted(config.ROOT.glob("requirements*.txt")), ids=lambda p: p.name
)
def test_every_package_is_installed_by_hash(path):
    pins = re.split(r"(?m)^(?=[\w.-]+==)", path.read_text())[1:]
    assert pins and [pin.split()[0] for pin in pins if "--hash=sha256:" not in pin] == []
