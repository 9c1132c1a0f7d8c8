"""Every way to start Maru looks at the version of the store first."""

import contextlib
import os
import sys
import threading

import psutil
import pytest
import redis

import config
from chat import keys
from chat.migrations.start import VERSION, prepare
from chat.store.embedded import EmbeddedStore, socket_path
from tests.migrated import FIXTURES, Stored, everything
from tests.ports import free_port
from tests.processes import call
from tests.waiting import eventually

#: What starts Maru, or uses its store.
STARTS = {
    "bin/run": ("-m", "gunicorn", "-c", "gunicorn.conf.py"),
    "python app.py": ("app.py",),
    "flask": ("-m", "flask", "--app", "app", "set-role", "dan", "guest"),
}
START = (sys.executable, *STARTS["bin/run"])
each_start = pytest.mark.parametrize("command", STARTS.values(), ids=STARTS.keys())


@pytest.fixture
def data_dir(tmp_path):
    return tmp_path / "data"


@contextlib.contextmanager
def embedded(data_dir):
    """The store of a data folder, while no Maru uses it."""
    kept = EmbeddedStore(data_dir)
    kept.start()
    client = redis.Redis(unix_socket_path=str(socket_path(data_dir)))
    try:
        yield client
    finally:
        client.close()
        kept.stop()


@pytest.fixture
def older(data_dir):
    """A data folder that the first version of Maru has left."""
    stored = Stored(FIXTURES[-1])
    with embedded(data_dir) as store:
        stored.restore(store)
    stored.write_secrets(data_dir)
    return stored


@pytest.fixture
def environ(data_dir):
    usual = {"DATA_DIR": str(data_dir), "ENV_FILE": "", "PORT": str(free_port()), "WORKERS": "1"}
    # Nothing is trimmed: what was carried over is counted in the streams.
    usual["RECENT"] = "1000000"
    return {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **usual}


@each_start
def test_a_later_version_is_refused_in_one_line(older, data_dir, environ, command):
    with embedded(data_dir) as store:
        store.set(keys.VERSION, VERSION + 1)
        before = everything(store)
    done = call(sys.executable, *command, cwd=config.ROOT, env=environ)
    assert (done.returncode, done.stdout) == (1, "")
    assert "The store holds data of a later Maru (version 4" in done.stderr
    assert done.stderr.count("\n") == 1
    with embedded(data_dir) as store:
        assert everything(store) == before


@each_start
def test_a_later_version_of_another_store_is_refused_too(store, store_url, environ, command):
    store.redis.set(keys.VERSION, VERSION + 1)
    secrets = {"SECRET_KEY": "s" * 40, "JWT_SECRET_KEY": "j" * 40}
    elsewhere = {**environ, "REDIS_URL": store_url, **secrets}
    done = call(sys.executable, *command, cwd=config.ROOT, env=elsewhere)
    assert (done.returncode, done.stdout) == (1, "")
    assert "The store holds data of a later Maru" in done.stderr and done.stderr.count("\n") == 1
    assert everything(store.redis) == {"maru:version": b"4"}


@each_start
def test_an_earlier_version_is_carried_over(older, data_dir, environ, command):
    started = psutil.Popen([sys.executable, *command], cwd=config.ROOT, env=environ)

    def is_done():
        with contextlib.suppress(redis.ConnectionError):
            client = redis.Redis(unix_socket_path=str(socket_path(data_dir)))
            return client.get(keys.VERSION) == b"3"
        # A command has ended, and its store with it.
        return started.poll() is not None

    try:
        eventually(is_done, 60)
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            started.terminate()
        started.wait(30)
    with embedded(data_dir) as store:
        assert store.get(keys.VERSION) == b"3"
        assert store.hget("maru:names", "dan") and not store.exists("maru:users")


def lengthened(store, stream):
    """Add so many messages that the carry-over takes a while; says how many there are then."""
    last = int(store.xinfo_stream(stream)["last-generated-id"].split(b"-")[1])
    (_, message), *_ = store.xrevrange(stream, count=1)
    pipeline = store.pipeline(transaction=False)
    for number in range(last + 1, last + 30_001):
        pipeline.xadd(stream, message, id=f"0-{number}")
    pipeline.execute()
    return store.xlen(stream)


def start_and_kill(data_dir, environ, seen):
    """Kill a starting Maru as soon as there is this key."""
    with psutil.Popen(START, cwd=config.ROOT, env=environ) as killed:
        client = redis.Redis(unix_socket_path=str(socket_path(data_dir)))

        def is_seen():
            with contextlib.suppress(redis.ConnectionError):
                return client.exists(seen)

        eventually(is_seen, 60)
        children = killed.children(recursive=True)
        killed.kill()
    # None of its processes stays, so that the next start finds the folder free.
    eventually(lambda: not any(map(psutil.Process.is_running, children)), 60)


def test_a_start_that_is_killed_goes_on_at_the_next(older, data_dir, environ):
    stream = keys.stream(older.rooms["big"])
    is_in_the_middle = False
    # On a busy machine a carry-over may have ended before this process has had its turn to kill it.
    for _ in range(10):
        with embedded(data_dir) as store:
            store.flushall()
            older.restore(store)
            expected = lengthened(store, stream)
        start_and_kill(data_dir, environ, stream + ":2")
        with embedded(data_dir) as store:
            is_in_the_middle = not store.exists(keys.VERSION) and store.exists("maru:users")
        if is_in_the_middle:
            break
    assert is_in_the_middle
    started = psutil.Popen(START, cwd=config.ROOT, env=environ, stdout=-1, text=True)
    try:
        assert started.stdout.readline().startswith("Maru is at")
    finally:
        started.terminate()
        started.wait(30)
    with embedded(data_dir) as store:
        assert store.get(keys.VERSION) == b"3" and not store.exists("maru:users")
        assert store.xlen(stream) == expected


def test_an_embedded_store_that_dies_at_the_start_is_waited_for(data_dir):
    kept, told = EmbeddedStore(data_dir), []
    kept.start()
    server = redis.Redis(unix_socket_path=str(socket_path(data_dir))).info("server")["process_id"]
    supervisor = psutil.Process(server).parent()
    supervisor.suspend()
    psutil.Process(server).kill()

    def tell(line):
        told.append(line)
        supervisor.resume()

    try:
        eventually(lambda: psutil.Process(server).status() == psutil.STATUS_ZOMBIE)
        prepare(config.load({"DATA_DIR": str(data_dir)}), tell)
    finally:
        supervisor.resume()
        kept.stop()
    reason = "the store cannot be reached"
    assert told == [f"Waiting for the store, and serving nobody until then: {reason}."]


def test_an_empty_store_begins_with_the_present_version(data_dir, environ):
    command = "-m", "flask", "--app", "app", "create-user", "dan"
    done = call(sys.executable, *command, cwd=config.ROOT, env=environ, input="correct horse\n")
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    with embedded(data_dir) as store:
        assert store.get(keys.VERSION) == b"3"


def test_a_store_that_answers_nothing_for_now_is_waited_for(store, store_url, environ):
    """As while it loads its data: nothing may be served before its version is known."""
    secrets = {"SECRET_KEY": "s" * 40, "JWT_SECRET_KEY": "j" * 40}
    elsewhere = {**environ, "REDIS_URL": store_url, **secrets}
    store.redis.config_set("busy-reply-threshold", 50)

    def script():
        with contextlib.suppress(redis.RedisError):
            store.redis.eval("while true do end", 0)

    def is_busy():
        try:
            return not store.redis.ping()
        except redis.RedisError as error:
            return "BUSY" in str(error)

    thread = threading.Thread(target=script)
    thread.start()
    eventually(is_busy, 30)
    command = [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py"]
    started = psutil.Popen(command, cwd=config.ROOT, env=elsewhere, stderr=-1, stdout=-1, text=True)
    try:
        assert (
            "Waiting for the store, and serving nobody until then: the store is busy"
            in started.stderr.readline()
        )
        store.redis.script_kill()
        assert started.stdout.readline().startswith("Maru is at")
    finally:
        started.terminate()
        started.wait(30)
        thread.join()
        store.redis.config_set("busy-reply-threshold", 5000)
    assert store.redis.get(keys.VERSION) == b"3"
