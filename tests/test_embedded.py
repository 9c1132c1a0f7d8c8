"""The embedded Valkey, with real processes that are killed at bad moments."""

import contextlib
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import redis

import config
from chat.store.embedded import EmbeddedError, EmbeddedStore, socket_path
from tests.processes import processes
from tests.valkey import client, is_up, server_process
from tests.waiting import eventually

# A run of Maru in small: it forks a worker that ends when its standard input does.
STARTER = """
import os, sys
from pathlib import Path
from chat.store.embedded import EmbeddedStore
store = EmbeddedStore(Path(sys.argv[1]))
store.start()
if os.fork() == 0:
    os.read(0, 1)
    os._exit(0)
print("started", flush=True)
os.read(os.pipe()[0], 1)
"""


@pytest.fixture
def data_dir(tmp_path):
    return tmp_path / "the data"


@pytest.fixture
def store(data_dir):
    started = EmbeddedStore(data_dir)
    started.start()
    yield started
    started.stop()


@pytest.fixture
def starter(data_dir):
    """Another process that started the store, to be killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(data_dir)],
        cwd=config.ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout.readline() == b"started\n"
    yield process
    process.kill()
    process.stdin.close()
    process.wait()
    eventually(lambda: not supervisors(data_dir) and not is_up(data_dir))


def is_kept_by_another(data_dir: Path, process: int) -> bool:
    """Does another server than this answer, and know what was said to this one?"""
    with contextlib.suppress(redis.ConnectionError):
        kept = client(data_dir).get("said") == b"hello"
        return kept and server_process(data_dir) != process
    return False


def supervisors(data_dir: Path) -> list[int]:
    mine = f"-m chat.store.supervisor {data_dir} "
    return [pid for pid, args in processes().items() if mine in args]


def test_it_is_for_its_owner_alone_and_on_no_port(store, data_dir):
    assert client(data_dir).config_get("port") == {"port": "0"}
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in data_dir.iterdir()}
    assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700
    assert modes["valkey.sock"] == 0o700
    assert all(mode & 0o077 == 0 for mode in modes.values())


def test_it_promises_what_it_acknowledges(store, data_dir):
    kept = client(data_dir).config_get("appendonly", "appendfsync", "maxmemory-policy", "save")
    assert kept == {
        "appendonly": "yes",
        "appendfsync": "no",
        "maxmemory-policy": "noeviction",
        "save": "",
    }


def test_stopping_leaves_nothing_running_and_nothing_lost(store, data_dir):
    client(data_dir).set("said", "hello")
    store.stop()
    assert not is_up(data_dir)
    assert not supervisors(data_dir)
    assert not socket_path(data_dir).exists()

    again = EmbeddedStore(data_dir)
    again.start()
    assert client(data_dir).get("said") == b"hello"
    again.stop()


def test_a_server_that_dies_is_started_again_with_all_it_acknowledged(store, data_dir):
    client(data_dir).set("said", "hello")
    process = server_process(data_dir)
    os.kill(process, signal.SIGKILL)
    eventually(lambda: is_up(data_dir) and server_process(data_dir) != process)
    assert client(data_dir).get("said") == b"hello"


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_a_server_that_dies_on_a_slow_disk_has_written_what_it_acknowledged(store, data_dir):
    slow = ["-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync"]
    slow += ["-e", "inject=fdatasync:delay_enter=3000000"]
    process = server_process(data_dir)
    tracer = subprocess.Popen(["strace", *slow, "-p", str(process)])
    status = Path(f"/proc/{process}/status")
    eventually(lambda: "TracerPid:\t0\n" not in status.read_text())
    said, began = 0, client(data_dir).time()[0]
    with client(data_dir) as connection:
        while connection.time()[0] < began + 2:
            said = connection.incr("said")
    os.kill(process, signal.SIGKILL)
    tracer.wait()
    eventually(lambda: is_up(data_dir) and server_process(data_dir) != process)
    assert int(client(data_dir).get("said")) == said


def test_a_keeper_that_is_killed_is_replaced(store, data_dir, capfd):
    client(data_dir).set("said", "hello")
    eventually(lambda: len(supervisors(data_dir)) == 1)
    [supervisor], process = supervisors(data_dir), server_process(data_dir)
    os.kill(supervisor, signal.SIGKILL)
    # The server that was left alone answers until it is replaced.
    eventually(lambda: is_kept_by_another(data_dir, process))
    assert "supervisor of the embedded Valkey was killed" in capfd.readouterr().err
    # While it starts the server there is for a moment a second process that looks like it.
    eventually(lambda: len(supervisors(data_dir)) == 1)


def test_a_keeper_told_to_end_stops_its_server_first(starter, data_dir):
    # Its starter, which would replace it, sleeps.
    starter.send_signal(signal.SIGSTOP)
    process = server_process(data_dir)
    eventually(lambda: len(supervisors(data_dir)) == 1)
    [supervisor] = supervisors(data_dir)
    os.kill(supervisor, signal.SIGTERM)
    eventually(lambda: not is_up(data_dir) and supervisor not in processes())
    assert process not in processes()
    starter.send_signal(signal.SIGCONT)


def test_a_killed_starter_takes_the_store_along_once_its_workers_have_gone(starter, data_dir):
    starter.kill()
    starter.wait()
    assert is_up(data_dir), "the worker is still there, and may be saying goodbye"
    starter.stdin.close()
    eventually(lambda: not is_up(data_dir) and not supervisors(data_dir))


def test_what_a_run_left_behind_is_replaced(starter, data_dir):
    client(data_dir).set("said", "hello")
    orphan = server_process(data_dir)
    starter.kill()
    starter.wait()
    for supervisor in supervisors(data_dir):
        os.kill(supervisor, signal.SIGKILL)
    assert is_up(data_dir)

    store = EmbeddedStore(data_dir)
    store.start()
    assert server_process(data_dir) != orphan
    assert orphan not in processes()
    assert client(data_dir).get("said") == b"hello"
    store.stop()


def test_a_new_run_waits_for_one_that_is_winding_down(starter, data_dir):
    starter.kill()
    starter.wait()
    waiting = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(data_dir)],
        cwd=config.ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    eventually(lambda: len(supervisors(data_dir)) == 2)
    starter.stdin.close()
    assert waiting.stdout.readline() == b"started\n"
    waiting.kill()
    waiting.stdin.close()
    waiting.wait()
    eventually(lambda: not supervisors(data_dir))


def test_a_second_run_on_the_same_folder_is_refused(store, data_dir):
    refusal = rf"{re.escape(str(data_dir))} is in use by another Maru \(process {os.getpid()}\)"
    with pytest.raises(EmbeddedError, match=refusal):
        EmbeddedStore(data_dir).start()
    assert is_up(data_dir)


def test_a_stale_socket_is_no_obstacle(data_dir):
    data_dir.mkdir()
    socket_path(data_dir).touch()
    store = EmbeddedStore(data_dir)
    store.start()
    assert is_up(data_dir)
    store.stop()


def test_a_history_that_cannot_be_read_is_an_error_that_says_where_to_look(store, data_dir):
    client(data_dir).set("said", "hello")
    store.stop()
    for manifest in data_dir.glob("appendonlydir/*.manifest"):
        manifest.write_text("rubbish")
    with pytest.raises(EmbeddedError, match=r"did not start: see .*/valkey\.log") as failure:
        EmbeddedStore(data_dir).start()
    said = str(failure.value)
    assert "\n" not in said
    assert re.search(r"It says: [A-Z].*manifest", said), said


def test_a_folder_that_cannot_be_used_is_named(data_dir):
    data_dir.touch()
    with pytest.raises(EmbeddedError, match=re.escape(str(data_dir))):
        EmbeddedStore(data_dir).start()


@pytest.mark.parametrize("name", ["supervisor.lock", "valkey.lock", "valkey.log", "valkey.sock"])
def test_a_file_in_it_that_cannot_be_used_is_named_in_plain_words(data_dir, name):
    (data_dir / name).mkdir(parents=True)
    with pytest.raises(EmbeddedError) as failure:
        EmbeddedStore(data_dir).start()
    assert str(failure.value) == f"DATA_DIR {data_dir} cannot be used: Is a directory ({name})."


class TestLongPath:
    @pytest.fixture
    def data_dir(self, tmp_path):
        return tmp_path / ("x" * 100)

    def test_the_socket_lies_in_a_private_folder_while_it_is_needed(self, store, data_dir):
        path = socket_path(data_dir)
        assert len(os.fsencode(path)) < 100
        assert not path.is_relative_to(data_dir)
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert is_up(data_dir)
        store.stop()
        assert not path.parent.exists()

    def test_every_name_of_the_folder_leads_to_it(self, data_dir, tmp_path):
        data_dir.mkdir()
        (tmp_path / "short").symlink_to(data_dir)
        assert socket_path(tmp_path / "short") == socket_path(data_dir)
        assert socket_path(tmp_path / "other" / ("x" * 100)) != socket_path(data_dir)

    def test_what_somebody_else_put_there_is_not_trusted(self, data_dir, tmp_path):
        folder = socket_path(data_dir).parent
        folder.symlink_to(tmp_path)
        try:
            with pytest.raises(EmbeddedError, match=f"{folder} belongs to another user"):
                EmbeddedStore(data_dir).start()
        finally:
            folder.unlink()


def test_a_machine_without_a_server_program_is_told_what_to_do(data_dir, tmp_path):
    # A copy of the supervisor, where no package is installed.
    shutil.copytree(config.ROOT / "chat", tmp_path / "chat")
    ended = subprocess.run(
        [sys.executable, "-S", "-m", "chat.store.supervisor", str(data_dir), str(os.getpid())],
        cwd=tmp_path,
        stdin=os.pipe()[0],
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 1
    assert "set REDIS_URL" in ended.stdout
