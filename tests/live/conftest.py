import threading

import pytest

from chat.script_errors import domain_error
from chat.store.store import connect as open_store
from tests.live.client import Client
from tests.live.cluster import Api, Maru


@pytest.fixture(scope="session")
def shared_maru(tmp_path_factory):
    """Two workers, which all tests share that do not break them."""
    maru = Maru(tmp_path_factory.mktemp("maru"))
    try:
        yield maru.start()
    finally:
        maru.stop()


@pytest.fixture
def maru(shared_maru):
    """Fails the test that makes the log tell of trouble, or kills a worker."""
    trouble, workers = len(shared_maru.trouble()), shared_maru.workers()
    yield shared_maru
    assert shared_maru.trouble()[trouble:] == [], shared_maru.log.read_text("utf-8", "replace")[
        -10_000:
    ]
    assert shared_maru.workers() == workers


@pytest.fixture(scope="module")
def pair(shared_maru):
    """Two people on two workers, for the whole of a file."""
    people = [shared_maru.register_some(name) for name in ("ann", "ben")]
    workers = shared_maru.workers()
    clients = [api.connect(worker=pid) for api, pid in zip(people, workers, strict=True)]
    yield clients
    for client in clients:
        client.close()


@pytest.fixture
def own_maru(tmp_path):
    """Builds further ones, for tests that break them: ``own_maru(workers=4, SETTING="value")``."""
    started = []

    def start(workers: int = 2, **settings: str) -> Maru:
        maru = Maru(tmp_path, workers, **settings)
        started.append(maru)
        return maru.start()

    yield start
    for maru in started:
        maru.stop()
        assert maru.trouble() == [], maru.log.read_text("utf-8", "replace")[-10_000:]


@pytest.fixture
def person(maru):
    """Registers somebody with a name of their own: ``person("ann")`` has an API and connects."""
    return maru.register_some


@pytest.fixture
def connect():
    """``connect(ann)``: a connection that ends with the test."""
    connected = []

    def start(api: Api, **options) -> Client:
        connected.append(api.connect(**options))
        return connected[-1]

    yield start
    for client in connected:
        client.close()


@pytest.fixture
def apart(connect):
    """Connects each of these people to the next worker: ``ann, ben = apart(ann, ben)``."""

    def start(*people: Api) -> list[Client]:
        workers = people[0].maru.workers()
        return [connect(api, worker=workers[i % len(workers)]) for i, api in enumerate(people)]

    return start


@pytest.fixture
def store(maru):
    opened = open_store(maru.store_url, domain_error)
    yield opened
    opened.redis.connection_pool.disconnect()


@pytest.fixture
def deaf(store):
    """While this holds, workers lose the connection on which they receive, again and again."""

    def start():
        ended = threading.Event()

        def kill():
            while not ended.wait(0.005):
                store.redis.execute_command("CLIENT", "KILL", "TYPE", "pubsub")

        killing = threading.Thread(target=kill)
        killing.start()
        return lambda: (ended.set(), killing.join())

    return start
