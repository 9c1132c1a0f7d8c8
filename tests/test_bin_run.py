"""``bin/run``, called as a person calls it."""

import os
import re
import signal
import socket
import ssl
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

import config
from tests.ports import free_port
from tests.processes import call, processes
from tests.waiting import eventually


@pytest.fixture
def environ(tmp_path):
    """A bare environment: a path, and a home folder with nothing in it."""
    (tmp_path / "home").mkdir()
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home")}


class Maru:
    """One run of ``bin/run`` in this very with_venv."""

    def __init__(
        self, folder: Path, command: Path, environ: dict[str, str], **settings: str
    ) -> None:
        self.port = free_port()
        self.data_dir = folder / f"data {self.port}"
        self.url = f"{'https' if settings else 'http'}://127.0.0.1:{self.port}"
        self._said = folder / f"said {self.port}"
        self._command = command
        self._environ = {
            "PATH": environ["PATH"],
            "HOME": environ["HOME"],
            "ENV_FILE": "",
            "DATA_DIR": str(self.data_dir),
            "PORT": str(self.port),
            **settings,
        }
        self.start()

    def start(self) -> None:
        """Also once more, after its end."""
        with open(self._said, "w") as output:
            self.process = subprocess.Popen(
                [self._command], env=self._environ, cwd="/", stdout=output, stderr=subprocess.STDOUT
            )

    @property
    def said(self) -> str:
        return self._said.read_text()

    def answers(self) -> bool:
        try:
            return self.get("/healthz") == 200
        except OSError:
            return False

    def get(self, path: str) -> int:
        anyone = ssl._create_unverified_context()
        with urllib.request.urlopen(self.url + path, timeout=30, context=anyone) as answer:
            return answer.status

    def has_gone(self) -> bool:
        """Whether neither its store nor any process of its own is left."""
        return not self.answers() and not any(str(self.data_dir) in p for p in processes().values())


def is_gunicorn(process: psutil.Process) -> bool:
    return process.cmdline()[1:2] == [".venv/bin/gunicorn"]


@pytest.fixture
def start(tmp_path, environ) -> Iterator[Callable[..., Maru]]:
    """``start(PORT="80")``: Maru with that setting, called by a link from another folder."""
    link = tmp_path / "a link"
    link.symlink_to(config.ROOT / "bin/run")
    started = []

    def run(**settings: str) -> Maru:
        started.append(maru := Maru(tmp_path, link, environ, **settings))
        eventually(maru.answers, 30)
        return maru

    yield run
    for maru in started:
        maru.process.terminate()
        maru.process.wait(30)
        eventually(maru.has_gone)


@pytest.fixture
def maru(start) -> Maru:
    return start()


class TestRun:
    def test_it_says_where_it_is_and_nothing_else(self, maru):
        assert eventually(lambda: maru.said) == f"Maru is at {maru.url}\n"
        assert maru.get("/login") == 200
        assert maru.get("/static/vendor/socket.io.esm.min.js") == 200

    @pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
    def test_a_signal_stops_all_of_it(self, maru, sent):
        maru.process.send_signal(sent)
        assert maru.process.wait(30) == 0
        assert maru.has_gone()
        assert "Traceback" not in maru.said

    def test_a_killed_master_leaves_nothing_behind(self, maru):
        maru.process.kill()
        maru.process.wait()
        eventually(maru.has_gone, 30)

    def test_it_can_be_started_again_at_once_when_its_master_was_killed(self, maru):
        workers = [p for p in psutil.Process(maru.process.pid).children() if is_gunicorn(p)]
        for worker in workers:
            worker.suspend()
        maru.process.kill()
        maru.process.wait()
        # Its workers have the port until they notice.
        maru.start()
        eventually(lambda: is_gunicorn(psutil.Process(maru.process.pid)), 30)
        for worker in workers:
            worker.resume()
        eventually(lambda: "Maru is at" in maru.said or maru.process.poll() is not None, 30)
        assert maru.said == f"Maru is at {maru.url}\n"

    def test_with_a_certificate_it_speaks_https(self, start, tmp_path):
        key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
        one_day = "req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -days 1"
        call("openssl", *one_day.split(), "-keyout", key, "-out", cert)
        maru = start(TLS_CERT=str(cert), TLS_KEY=str(key))
        # Neither one who does not shake hands, nor one who does not know how, is in the way.
        with (
            socket.create_connection(("127.0.0.1", maru.port)),
            socket.create_connection(("127.0.0.1", maru.port)) as plain,
        ):
            plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert maru.get("/login") == 200
        assert eventually(lambda: maru.said) == f"Maru is at {maru.url}\n"

    def test_it_writes_nothing_into_the_home_folder(self, maru, environ):
        assert not list(Path(environ["HOME"]).iterdir())

    def test_a_second_one_on_the_same_data_is_refused(self, maru):
        refused = run(DATA_DIR=str(maru.data_dir))
        assert f"{maru.data_dir} is in use by another Maru" in refused
        assert maru.answers()


def run(**settings: str) -> str:
    """The one line with which ``bin/run`` refuses to start."""
    given = {"ENV_FILE": "", "PATH": os.environ["PATH"], "PORT": str(free_port()), **settings}
    refused = call(config.ROOT / "bin/run", env=given)
    assert refused.returncode == 1
    assert refused.stdout == ""
    assert re.fullmatch(r"maru: .*\n", refused.stderr)
    return refused.stderr


class TestRefusals:
    def test_a_port_that_is_taken(self, tmp_path):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            refused = run(PORT=str(port), DATA_DIR=str(tmp_path))
        assert f"Port {port} of 127.0.0.1 is taken" in refused
        assert re.search(r"PORT=\d+ bin/run", refused)

    def test_an_address_that_is_not_of_this_machine(self, tmp_path):
        assert "HOST 192.0.2.1" in run(HOST="192.0.2.1", DATA_DIR=str(tmp_path))

    def test_a_wrong_setting(self):
        assert "PORT cannot be 'http'" in run(PORT="http")

    def test_a_store_out_of_reach(self):
        secrets = {"SECRET_KEY": "s" * 32, "JWT_SECRET_KEY": "j" * 32}
        refused = run(REDIS_URL=f"redis://127.0.0.1:{free_port()}", **secrets)
        assert "The store cannot be used" in refused

    def test_arguments(self):
        refused = call(config.ROOT / "bin/run", "--port", "80")
        assert refused.returncode == 1
        assert refused.stderr.startswith("maru: bin/run takes no arguments but --help")


def test_help_lists_every_setting():
    shown = call(config.ROOT / "bin/run", "--help", cwd="/")
    assert shown.returncode == 0
    assert config.table() in shown.stdout
