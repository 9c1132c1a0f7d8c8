"""A supervisor of the embedded Valkey, or its starter, that ends at a bad moment."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

import config
from chat.store.embedded import EmbeddedError, EmbeddedStore
from chat.store.watched import READY
from tests.valkey import is_up, server_process
from tests.waiting import eventually


@pytest.fixture
def data_dir(tmp_path):
    return tmp_path / "data"


@pytest.mark.parametrize(
    ("end", "told"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "was killed by signal 9 (SIGKILL)"),
        ("os._exit(3)", "ended with exit status 3"),
    ],
)
def test_a_keeper_that_ends_without_a_word_is_told_of_by_how_it_ended(
    data_dir, tmp_path, end, told
):
    shutil.copytree(config.ROOT / "chat" / "store", tmp_path / "chat" / "store")
    (tmp_path / "chat" / "store" / "supervisor.py").write_text(f"import os, signal\n{end}\n")
    with pytest.raises(EmbeddedError) as failure:
        EmbeddedStore(data_dir, tmp_path).start()
    assert str(failure.value) == f"The supervisor of the embedded Valkey {told}."


@pytest.fixture
def orphan(data_dir):
    """Starts a supervisor whose starter has been killed, while a worker still needs the store."""
    started = []

    def start() -> subprocess.Popen:
        starter = subprocess.Popen([sys.executable, "-c", ""])
        starter.wait()
        process = subprocess.Popen(
            [sys.executable, "-m", "chat.store.supervisor", str(data_dir), str(starter.pid)],
            cwd=config.ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.terminate()
        process.wait(30)


def test_a_server_that_is_killed_is_told_of_by_the_signal(data_dir, orphan):
    keeper = orphan()
    assert keeper.stdout.readline().strip() == READY
    os.kill(server_process(data_dir), signal.SIGKILL)
    told = "maru: The embedded Valkey was killed by signal 9 (SIGKILL); starting it again."
    assert keeper.stderr.readline().strip() == told


def test_a_keeper_whose_starter_was_killed_keeps_the_store_for_the_workers(data_dir, orphan):
    keeper = orphan()
    keeper.stdout.close()
    eventually(lambda: is_up(data_dir))
    assert is_up(data_dir) and keeper.poll() is None
    keeper.stdin.close()
    assert (keeper.wait(30), keeper.stderr.read()) == (0, "")


def test_a_keeper_that_cannot_run_ends_quietly_where_its_starter_was_killed(data_dir, orphan):
    data_dir.touch()
    keeper = orphan()
    keeper.stdout.close()
    assert (keeper.wait(30), keeper.stderr.read()) == (1, "")


def test_a_new_run_waits_for_a_keeper_whose_starter_was_killed_before_it_had_the_folder(
    data_dir, orphan
):
    keeper = orphan()
    assert keeper.stdout.readline().strip() == READY
    waiting = orphan()
    eventually(lambda: (data_dir / "supervisor.lock") in opened_by(waiting))
    keeper.stdin.close()
    assert waiting.stdout.readline().strip() == READY


def opened_by(process: subprocess.Popen) -> list[Path]:
    return [Path(file.path) for file in psutil.Process(process.pid).open_files()]
