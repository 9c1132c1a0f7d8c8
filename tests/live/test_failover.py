"""A primary and its replica behind one address change roles while Maru runs."""

import pytest
import redis
import requests

from tests.live.client import settle
from tests.live.stores import SECRETS, Address, started
from tests.waiting import eventually


@pytest.fixture
def primary(tmp_path):
    with started(tmp_path / "first") as store:
        yield store


@pytest.fixture
def replica(tmp_path, primary):
    with started(tmp_path / "second") as store:
        store.replicaof("127.0.0.1", primary.connection_pool.connection_kwargs["port"])
        eventually(lambda: store.info("replication")["master_link_status"] == "up", 30)
        yield store


@pytest.fixture
def address(primary):
    made = Address(primary)
    yield made
    made.close()


def fail_over(old: redis.Redis, new: redis.Redis) -> None:
    """The old one becomes a replica of the new one, and keeps its connections."""
    port = new.connection_pool.connection_kwargs["port"]
    new.replicaof("NO", "ONE")
    old.replicaof("127.0.0.1", port)
    eventually(lambda: old.info("replication")["master_link_status"] == "up", 30)


def readiness(maru) -> tuple[int, str]:
    answer = requests.get(maru.url + "/readyz", timeout=30)
    return answer.status_code, answer.json().get("reason", "")


def say_at_last(client, room: str, words: str) -> dict:
    """As a page does: again until it is acknowledged; then a worker of Maru has stored it."""

    def said():
        answer = client.call(
            "message", roomId=room, message=words, clientId=words.replace(" ", "-")
        )
        assert answer["ok"] or answer["error"]["code"] in ("unavailable", "not_joined"), answer
        return answer if answer["ok"] else None

    return eventually(said, 30)


def test_a_failover_behind_one_address_is_followed(own_maru, primary, replica, address):
    maru = own_maru(REDIS_URL=address.url, **SECRETS)
    ann, ben = maru.register("ann"), maru.register("ben")
    room = ann.create_room()
    clients = [api.connect(worker=w) for api, w in zip((ann, ben), maru.workers(), strict=True)]
    for client in clients:
        client.join(room)
    clients[0].say(room, "before")
    settle(room, *clients)
    eventually(lambda: replica.xlen(f"maru:room:{{{room}}}:stream") == 2)

    fail_over(primary, replica)

    # The address still leads to the old one, which takes no writes.
    eventually(lambda: readiness(maru) == (503, "the store is a replica and takes no writes"), 30)
    assert clients[0].refusal("message", roomId=room, message="hello?") == "unavailable"
    assert requests.get(maru.url + "/healthz", timeout=30).status_code == 200

    address.lead_to(replica)

    eventually(maru.is_ready, 60)
    for client in clients:
        say_at_last(client, room, f"{client.name} after")
    stored = b" ".join(entry[b"m"] for _, entry in replica.xrange(f"maru:room:{{{room}}}:stream"))
    assert b"ann after" in stored and b"ben after" in stored
    eventually(lambda: len(replica.client_list(_type="pubsub")) == 2, 30)
    eventually(lambda: primary.client_list(_type="pubsub") == [], 30)
    # Nobody is cut off, and both hear what the new primary publishes. What was said before a reset
    # is in the page of who joins after it.
    for client in clients:
        client.wait_for_event("notice", 60, code="reset", roomId=room)
        client.join(room)
    settle(room, *clients)
    assert not any(client.ended.is_set() for client in clients)
    for client in clients:
        client.close()


def test_one_line_in_the_log_tells_of_a_failover_and_one_of_its_end(
    own_maru, primary, replica, address
):
    maru = own_maru(workers=1, REDIS_URL=address.url, **SECRETS)
    times = 4
    for old, new in [(primary, replica), (replica, primary)] * (times // 2):
        fail_over(old, new)
        eventually(lambda: readiness(maru)[0] == 503, 30)
        address.lead_to(new)
        eventually(maru.is_ready, 60)
    told = ["is a replica", "can be used again", "The store was restarted or replaced"]

    def counts():
        lines = maru.log.read_text().splitlines()
        return [len([line for line in lines if words in line]) for words in told]

    eventually(lambda: min(counts()) == times, 30)
    assert counts() == [times] * 3


def test_a_store_that_comes_back_without_its_last_writes_is_told(
    own_maru, primary, replica, address
):
    """As one that was restarted from an old dump, and takes writes at once."""
    maru = own_maru(workers=1, REDIS_URL=address.url, **SECRETS)
    replica.replicaof("NO", "ONE")
    assert "restarted" not in maru.log.read_text()
    address.lead_to(replica)
    primary.shutdown(nosave=True)
    told = "The store was restarted or replaced: what it has not kept is missing"
    eventually(lambda: told in maru.log.read_text(), 60)
    eventually(maru.is_ready, 60)
    assert maru.log.read_text().count(told) == 1


def test_a_tail_that_the_new_primary_never_got_gives_no_number_twice(
    own_maru, primary, replica, address
):
    """Nobody who had sent it is left to notice: all workers are new."""
    maru = own_maru(REDIS_URL=address.url, **SECRETS)
    ann = maru.register("ann")
    room = ann.create_room()
    ann.say(room, "kept")
    eventually(lambda: replica.xlen(f"maru:room:{{{room}}}:stream") == 1)
    replica.replicaof("NO", "ONE")
    lost = ann.say(room, "lost")
    before = ann.request("GET", f"/api/rooms/{room}/messages").json()
    assert (before["seq"], lost["seq"]) == (2, 2)
    maru.stop()
    address.lead_to(replica)
    maru.start()
    assert ann.say(room, "another")["seq"] > lost["seq"]
    after = ann.request("GET", f"/api/rooms/{room}/messages").json()
    assert after["epoch"] != before["epoch"]


def test_a_start_on_a_replica_is_not_ready_and_heals(own_maru, primary, replica, address):
    maru = own_maru(REDIS_URL=address.url, **SECRETS)
    maru.stop()
    address.lead_to(replica)
    maru.launch()
    why = (503, "the store is a replica and takes no writes")
    eventually(lambda: reached(maru) == why, 30)
    address.lead_to(primary)
    eventually(maru.is_ready, 60)


def reached(maru):
    try:
        return readiness(maru)
    except requests.ConnectionError:
        return None


def test_a_store_whose_memory_is_full_is_said_so_and_heals(own_maru, primary):
    port = primary.connection_pool.connection_kwargs["port"]
    maru = own_maru(REDIS_URL=f"redis://127.0.0.1:{port}/0", **SECRETS)
    ann = maru.register("ann")
    room = ann.create_room()
    client = ann.connect()
    client.join(room)
    why = (503, "the store's memory is full (maxmemory), and it takes no writes")
    primary.config_set("maxmemory", 1)
    eventually(lambda: readiness(maru) == why, 30)
    assert client.refusal("message", roomId=room, message="hello?") == "unavailable"
    answer = ann.request("POST", f"/api/rooms/{room}/messages", json={"message": "hello?"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
    assert requests.get(maru.url + "/healthz", timeout=30).status_code == 200
    # Also from the start.
    maru.stop()
    maru.launch()
    eventually(lambda: reached(maru) == why, 30)
    primary.config_set("maxmemory", 0)
    eventually(maru.is_ready, 60)
    assert ann.say(room, "there you are")["seq"] == 1
    lines = maru.log.read_text().splitlines()
    # Two workers, two times at the most, and the start.
    assert 1 <= len([line for line in lines if "(maxmemory)" in line]) <= 5
