"""A reload with settings that a start would refuse leaves the running Maru as it is."""

import os
import shutil
import signal
import socket

import pytest
import requests

from tests.live import cluster
from tests.live.cluster import ROOT, Maru
from tests.ports import free_port
from tests.waiting import eventually


@pytest.fixture(scope="module")
def settled(tmp_path_factory):
    """One with settings in a file, which every test here puts back."""
    folder = tmp_path_factory.mktemp("reload")
    env = folder / "env"
    maru = Maru(folder)
    env.write_text("".join(f"{name}={value}\n" for name, value in maru._settings.items() if value))
    # From the file alone, where they can change.
    maru._settings = {"ENV_FILE": str(env)}
    try:
        yield maru.start(), env
    finally:
        maru.stop()


@pytest.fixture
def running(settled):
    maru, env = settled
    before = env.read_bytes()
    yield maru, env
    if env.is_dir():
        env.rmdir()
    env.write_bytes(before)
    assert "Traceback" not in maru.log.read_text()


def refusals(maru):
    return [line for line in maru.log.read_text().splitlines() if "Not reloaded" in line]


def refused(maru):
    """The line with which a reload is refused, by workers that stay."""
    workers, before = maru.workers(), len(refusals(maru))
    maru.signal(signal.SIGHUP)
    eventually(lambda: len(refusals(maru)) > before, 60)
    assert maru.workers() == workers
    assert requests.get(maru.url + "/healthz", timeout=30).status_code == 200
    assert len(refusals(maru)) == before + 1
    return refusals(maru)[-1]


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("MESSAGE_RATE=ten", "MESSAGE_RATE cannot be 'ten'"),
        ("REGISTRATION=maybe", "REGISTRATION cannot be 'maybe'"),
        ("TLS_CERT=/no/such/file\nTLS_KEY=/no/such/file", "TLS_CERT cannot be"),
        ("REDIS_URL=redis://127.0.0.1:1/0", "SECRET_KEY must be set"),
        ("DATA_DIR=~nobody-here/x", "DATA_DIR cannot be"),
        ("DATA_DIR=/proc/nothing", "DATA_DIR cannot be"),
        ("DATA_DIR=/dev/null", "DATA_DIR cannot be"),
        ("not a setting", "is not NAME=value"),
        ("#마루", "is not UTF-8"),
    ],
)
def test_a_setting_that_cannot_be_used_changes_nothing(running, line, named):
    maru, env = running
    env.write_bytes(env.read_bytes() + line.encode("cp949") + b"\n")
    assert named in refused(maru)


def test_a_port_that_is_taken_changes_nothing(running):
    maru, env = running
    with socket.create_server(("127.0.0.1", 0)) as taken:
        env.write_text(env.read_text() + f"PORT={taken.getsockname()[1]}\n")
        assert "PORT is another one, and needs a restart" in refused(maru)


def test_the_address_and_the_data_need_a_restart(running, tmp_path):
    maru, env = running
    before = env.read_text()
    for line in (f"PORT={free_port()}", "HOST=127.0.0.2", f"DATA_DIR={tmp_path / 'other'}"):
        env.write_text(f"{before}{line}\n")
        assert f"{line.partition('=')[0]} is another one, and needs a restart" in refused(maru)


def test_a_file_that_has_gone_or_become_a_folder_changes_nothing(running):
    maru, env = running
    env.unlink()
    assert "is not there any more" in refused(maru)
    env.mkdir()
    assert "cannot be read" in refused(maru)


def test_a_worker_that_replaces_another_has_the_settings_that_hold(running):
    maru, env = running
    env.write_text(env.read_text() + "MESSAGE_RATE=ten\n")
    maru.kill_worker(maru.workers()[0])
    assert maru.admin.say(maru.admin.create_room(), "still here")["seq"] == 1


def test_what_can_be_used_is_used(running):
    maru, env = running
    workers = set(maru.workers())
    env.write_text(env.read_text() + "REGISTRATION=closed\nLOCALLE=ko\n")
    maru.signal(signal.SIGHUP)
    eventually(lambda: not workers & set(maru.workers()) and maru.is_ready(), 60)
    body = {"name": "late", "password": "correct horse"}
    answer = requests.post(maru.url + "/api/register", json=body, timeout=30)
    assert answer.status_code == 403
    assert f"LOCALLE in {env} is no setting of Maru. Is LOCALE meant?" in maru.log.read_text()


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A copy of the code, which a test may break, and a Maru that runs from it."""
    copy = tmp_path / "checkout"
    copy.mkdir()
    for part in ("chat", "static", "templates", "translations"):
        shutil.copytree(ROOT / part, copy / part)
    for path in ROOT.glob("*.py"):
        shutil.copy(path, copy)
    monkeypatch.setattr(cluster, "ROOT", copy)
    maru = Maru(tmp_path)
    try:
        yield copy, maru.start()
    finally:
        maru.stop()


@pytest.mark.parametrize("name", ["app.py", "gunicorn.conf.py", "chat/web/__init__.py"])
@pytest.mark.parametrize("broken", ["raise ImportError('half')\n", "def\n", None])
def test_code_that_does_not_run_changes_nothing(checkout, name, broken):
    """As a checkout is in the middle of an upgrade."""
    copy, maru = checkout
    if broken is None:
        (copy / name).unlink()
    else:
        (copy / name).write_text(broken)
    assert "all goes on as it was" in refused(maru)
    assert "Traceback" not in maru.log.read_text()


@pytest.mark.parametrize(
    ("end", "told"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "was killed by signal 9 (SIGKILL)"),
        ("os._exit(3)", "ended with exit status 3"),
    ],
)
def test_a_new_worker_that_ends_without_a_word_is_told_of_by_how_it_ended(checkout, end, told):
    """As the system kills who takes too much memory."""
    copy, maru = checkout
    (copy / "app.py").write_text(f"import os, signal\n{end}\n")
    assert f"A new worker that was tried out {told}." in refused(maru)


def test_a_worker_that_cannot_be_replaced_does_not_end_the_others(checkout):
    copy, maru = checkout
    whole = (copy / "app.py").read_text()
    (copy / "app.py").write_text("raise ImportError('half')\n")
    killed, stays = maru.workers()
    os.kill(killed, signal.SIGKILL)
    said = (
        "maru: A worker cannot be started: ImportError: half (app.py, line 1); it is tried again."
    )
    eventually(lambda: maru.log.read_text().count(said) > 1, 60)
    assert "Traceback" not in maru.log.read_text()
    assert stays in maru.workers()
    assert requests.get(maru.url + "/healthz", timeout=30).status_code == 200
    (copy / "app.py").write_text(whole)
    eventually(maru.is_ready, 60)
    assert stays in maru.workers()
