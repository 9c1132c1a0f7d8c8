"""A store that refuses commands: the errors of callers, the operator's log, and the recovery."""

import contextlib
import threading
import time

import pytest
import redis
import requests

from tests.live.client import settle
from tests.live.cluster import STARTED
from tests.live.stores import SECRETS, started
from tests.live.test_failover import readiness
from tests.waiting import eventually

#: Who Maru is to its store.
NAME, PASSWORD = "maru", "a password"


@pytest.fixture
def store(tmp_path):
    with started(tmp_path / "store", busy_reply_threshold="100") as store:
        store.execute_command("ACL", "SETUSER", NAME, "on", f">{PASSWORD}", *ALL)
        yield store


ALL = ("~*", "&*", "+@all")


def told(maru, words):
    """The lines of the log that say so."""
    return [line for line in maru.log.read_text().splitlines() if words in line]


def hang_up(store):
    """All connections but the one that asks have to be made anew."""
    for kind in ("normal", "pubsub"):
        store.client_kill_filter(_type=kind)


def last_through_rounds(maru, why):
    """Let the trouble last for some rounds of the heartbeat, each of which could tell of it."""
    eventually(lambda: told(maru, why), 30)
    begun = time.monotonic()
    eventually(lambda: time.monotonic() > begun + 4)


def assert_told_once(maru, why):
    lines = told(maru, "Calls are answered unavailable")
    assert len(lines) == 1 and why in lines[0], lines
    assert len(told(maru, "The store can be used again")) == 1
    assert len(told(maru, "receives nothing from the store")) <= 1


class Trouble:
    """Begins with ``begin(store)`` and has passed with ``end(store)``."""

    def begin(self, store):
        raise NotImplementedError

    def end(self, store):
        raise NotImplementedError


class OtherPassword(Trouble):
    why = "the store does not accept the name or password in REDIS_URL"

    def begin(self, store):
        store.execute_command("ACL", "SETUSER", NAME, "resetpass", ">another")
        hang_up(store)

    def end(self, store):
        store.execute_command("ACL", "SETUSER", NAME, f">{PASSWORD}")


class NoMoreConnections(Trouble):
    why = "the store takes no more connections (maxclients)"

    def begin(self, store):
        self.before = store.config_get("maxclients")["maxclients"]
        store.config_set("maxclients", 1)
        hang_up(store)

    def end(self, store):
        store.config_set("maxclients", self.before)


class BusyScript(Trouble):
    why = "the store is busy with a script that does not end"

    def begin(self, store):
        self.other = redis.Redis(port=store.connection_pool.connection_kwargs["port"], retry=None)
        self.spinning = threading.Thread(target=self.spin)
        self.spinning.start()

    def spin(self):
        with contextlib.suppress(redis.RedisError):
            self.other.eval("while true do end", 0)

    def end(self, store):
        store.script_kill()
        self.spinning.join(30)
        self.other.close()


class NoPermission(Trouble):
    why = "the store's user in REDIS_URL lacks a permission"

    def __init__(self, *taken):
        self.taken = taken

    def begin(self, store):
        store.execute_command("ACL", "SETUSER", NAME, *self.taken)

    def end(self, store):
        store.execute_command("ACL", "SETUSER", NAME, *ALL)


TROUBLES = {
    "another password": OtherPassword(),
    "no more connections": NoMoreConnections(),
    "a script that does not end": BusyScript(),
    "no scripts": NoPermission("-evalsha"),
    "no keys": NoPermission("resetkeys"),
    "no channels": NoPermission("resetchannels"),
}


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES.keys())
def test_what_a_store_refuses_is_unavailable_said_once_and_heals(own_maru, store, trouble):
    port = store.connection_pool.connection_kwargs["port"]
    url = f"redis://{NAME}:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{port}/0"
    maru = own_maru(workers=1, REDIS_URL=url, **SECRETS)
    ann, ben = maru.register("ann"), maru.register("ben")
    room = ann.create_room()
    clients = [ann.connect(), ben.connect()]
    for client in clients:
        client.join(room)
    settle(room, *clients)

    trouble.begin(store)
    eventually(lambda: readiness(maru) == (503, trouble.why), 30)
    assert requests.get(maru.url + "/healthz", timeout=30).status_code == 200
    refused = clients[0].call("message", roomId=room, message="hello?")
    answer = ann.request("POST", f"/api/rooms/{room}/messages", json={"message": "hello?"})
    assert answer.status_code == 503
    for refusal in (refused, answer.json()):
        assert (refusal["error"]["code"], refusal["error"]["retry"]) == ("unavailable", True)
    last_through_rounds(maru, trouble.why)
    trouble.end(store)

    eventually(maru.is_ready, STARTED)
    eventually(lambda: told(maru, "The store can be used again"), 30)
    # Nobody is cut off, nor gone, and what is said is heard.
    clients[0].say(room, "there you are")
    assert clients[1].wait_for_message(30, message="there you are")
    settle(room, *clients)
    assert not any(client.ended.is_set() for client in clients)
    assert_told_once(maru, trouble.why)
    for client in clients:
        client.close()


def test_a_store_that_begins_to_ask_for_a_password_is_said_so_and_heals(own_maru, store):
    port = store.connection_pool.connection_kwargs["port"]
    maru = own_maru(workers=1, REDIS_URL=f"redis://127.0.0.1:{port}/0", **SECRETS)
    ann = maru.register("ann")
    room = ann.create_room()
    client = ann.connect()
    client.join(room)
    store.config_set("requirepass", "another")
    hang_up(store)
    why = "the store asks for a password that REDIS_URL does not have"
    eventually(lambda: readiness(maru) == (503, why), 30)
    assert client.refusal("message", roomId=room, message="hello?") == "unavailable"
    last_through_rounds(maru, why)
    store.config_set("requirepass", "")
    eventually(maru.is_ready, STARTED)
    eventually(lambda: told(maru, "The store can be used again"), 30)
    client.say(room, "there you are")
    assert client.wait_for_message(30, message="there you are")
    assert_told_once(maru, why)
    client.close()
