"""Warnings at the start about a store that may lose data, and about a second Maru on it."""

import threading

import pytest
from redis.exceptions import RedisError

import config
from chat import key_prefix, keys, store_warnings
from chat.store import error_replies
from chat.store.embedded import running
from chat.store.store import StoreError, connect
from tests.waiting import eventually

SECRETS = {"SECRET_KEY": "s" * 32, "JWT_SECRET_KEY": "j" * 32}


@pytest.fixture
def said(store, store_url):
    """``said()``: the warnings at a start on the store of the tests."""
    store.redis.config_set("appendonly", "yes")

    def start(url=store_url, **settings):
        environ = {"REDIS_URL": url, **SECRETS, **settings}
        return store_warnings.checked(config.load(environ))

    yield start
    store.redis.config_set("appendonly", "no")
    store.redis.config_set("maxmemory-policy", "noeviction")
    key_prefix.use(key_prefix.DEFAULT)


@pytest.fixture
def other(store):
    """Another Maru that runs on the same server: it listens, and looks after its leases."""
    listener = store.redis.pubsub(ignore_subscribe_messages=True)
    listener.subscribe(keys.CONTROL)
    assert listener.get_message(timeout=30) is None
    yield
    listener.close()


def looks_after_leases(store):
    seconds, _ = store.redis.time()
    store.redis.set(keys.REAPED, f"{seconds * 1000} 0")


@pytest.fixture
def embedded_maru(tmp_path):
    """The settings of a Maru that runs on its embedded store: it listens, and reaps leases."""
    settings = config.load({"DATA_DIR": str(tmp_path / "var")})
    with running(settings):
        assert store_warnings.checked(settings) == []
        store = connect(settings.store_url)
        listener = store.redis.pubsub(ignore_subscribe_messages=True)
        listener.subscribe(keys.CONTROL)
        assert listener.get_message(timeout=30) is None
        looks_after_leases(store)
        yield settings
        listener.close()
        store.redis.close()


def test_of_a_good_store_nothing_is_said(said):
    assert said() == said() == []


def test_a_store_without_append_only_file(said, store):
    store.redis.config_set("appendonly", "no")
    (line,) = said()
    assert "appendonly no" in line


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl", "allkeys-random"])
def test_a_store_that_throws_keys_away(said, store, policy):
    store.redis.config_set("maxmemory-policy", policy)
    (line,) = said()
    assert policy in line and "noeviction" in line


@pytest.fixture
def busy(store):
    """The store carries out a script that does not end: it answers nothing else, and says so."""

    def script():
        with pytest.raises(RedisError):
            store.redis.eval("while true do end", 0)

    def is_busy():
        try:
            return not store.redis.ping()
        except RedisError as error:
            return error_replies.kind(error) == "BUSY"

    store.redis.config_set("busy-reply-threshold", 50)
    thread = threading.Thread(target=script)
    thread.start()
    eventually(is_busy, 30)
    yield
    store.redis.script_kill()
    thread.join()
    store.redis.config_set("busy-reply-threshold", 5000)


def test_a_store_that_answers_nothing_else_for_now_is_no_reason_not_to_start(store_url, busy):
    """As while it loads its data, when a machine starts both."""
    (line,) = store_warnings.checked(config.load({"REDIS_URL": store_url, **SECRETS}))
    assert line.startswith("Calls will be answered unavailable for now: the store is busy")


def test_a_store_that_does_not_know_us_is_refused_in_plain_words(said, store_url):
    with pytest.raises(StoreError) as refusal:
        said(store_url.replace("unix://", "unix://nobody:sesame@"))
    line = str(refusal.value)
    assert "the store does not accept the name or password in REDIS_URL" in line
    assert "sesame" not in line and "\n" not in line


def test_another_worker_of_the_same_maru_is_no_reason_to_speak(said, store, other):
    said()
    looks_after_leases(store)
    assert said() == []


def test_a_second_maru_with_other_secrets(said, store, other):
    said()
    looks_after_leases(store)
    (line,) = said(SECRET_KEY="t" * 32)
    assert "with other secrets" in line and "KEY_PREFIX" in line
    assert "t" * 32 not in line


def test_a_second_maru_with_other_secrets_on_an_embedded_store(embedded_maru):
    said = store_warnings.checked(config.load({"REDIS_URL": embedded_maru.store_url, **SECRETS}))
    assert any("with other secrets" in line and "KEY_PREFIX" in line for line in said)


def test_the_maru_of_an_embedded_store_that_another_one_uses(embedded_maru):
    store_warnings.checked(config.load({"REDIS_URL": embedded_maru.store_url, **SECRETS}))
    (line,) = store_warnings.checked(embedded_maru)
    assert "with other secrets" in line


def test_secrets_that_were_changed_while_nobody_served(said):
    said()
    assert said(SECRET_KEY="t" * 32) == []


def test_a_second_maru_in_another_database(said, store, store_url, other):
    said()
    looks_after_leases(store)
    (line,) = said(f"{store_url}?db=1")
    assert "in another database" in line and "KEY_PREFIX" in line


def test_a_second_maru_with_a_prefix_of_its_own(said, store, other):
    said()
    looks_after_leases(store)
    assert said(KEY_PREFIX="team2:", SECRET_KEY="t" * 32) == []


def test_every_key_and_channel_follows_the_prefix():
    constants = [name for name in vars(keys) if name.isupper()]
    before = {name: getattr(keys, name) for name in constants}
    try:
        key_prefix.use("team2:")
        assert all(getattr(keys, name).startswith("team2:") for name in constants)
        assert keys.account("bora") == "team2:person:bora"
        assert keys.room_of_channel(keys.typing("abc")) == ("abc", True)
        assert key_prefix.queue() == "team2:flask-socketio"
    finally:
        key_prefix.use(key_prefix.DEFAULT)
    assert {name: getattr(keys, name) for name in constants} == before
    assert key_prefix.queue() == "flask-socketio"
