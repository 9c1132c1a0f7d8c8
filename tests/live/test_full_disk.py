"""If the disk of the embedded store is full, messages are refused with a reason."""

import contextlib
import os
import shutil
import signal

import psutil
import pytest
import redis
import requests

from tests.disks import small_disk
from tests.live.cluster import STARTED
from tests.waiting import eventually

FULL = "the disk of DATA_DIR is full, and the store takes no writes"


@pytest.fixture
def disk(tmp_path):
    with small_disk(tmp_path / "data") as mounted:
        yield mounted


def readiness(maru):
    answer = requests.get(maru.url + "/readyz", timeout=30)
    return answer.status_code, answer.json().get("reason", "")


def talk_until_refused(client, room) -> dict[int, str]:
    """What was acknowledged, by its number."""
    said: dict[int, str] = {}
    for i in range(20_000):
        words = f"{i} " + "x" * 3_000
        answer = client.call("message", roomId=room, message=words)
        if not answer["ok"]:
            assert answer["error"]["code"] == "unavailable", answer
            return said
        said[answer["seq"]] = words
    raise AssertionError("the disk is not full")


def stored(api, room) -> tuple[str, dict[int, str]]:
    """The epoch, and all that is stored, by its number."""
    found: dict[int, str] = {}
    more = True
    while more:
        query = {"limit": 200, "after": max(found, default=0)}
        page = api.request("GET", f"/api/rooms/{room}/messages", params=query).json()
        found.update({m["seq"]: m["message"] for m in page["messages"]})
        more = page["more"]
    return page["epoch"], found


def test_what_does_not_fit_on_the_disk_is_refused_and_nothing_acknowledged_is_lost(own_maru, disk):
    maru = own_maru()
    ann = maru.register("ann")
    room = ann.create_room()
    client = ann.connect()
    client.join(room)
    said = talk_until_refused(client, room)
    eventually(lambda: readiness(maru) == (503, FULL), 30)
    assert requests.get(maru.url + "/healthz", timeout=30).status_code == 200
    answer = ann.request("POST", f"/api/rooms/{room}/messages", json={"message": "hello?"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
    # What is stored can still be read.
    epoch, _ = stored(ann, room)
    client.close()

    maru.stop()
    disk.resize(64)
    maru.start()

    assert stored(ann, room) == (epoch, said)
    assert ann.say(room, "there is space again")["seq"] == max(said) + 1
    assert stored(ann, room)[0] == epoch


def test_a_full_disk_is_noticed_before_anything_is_lost_and_heals_by_itself(own_maru, disk):
    maru = own_maru(workers=1)
    ann = maru.register("ann")
    room = ann.create_room()
    ann.say(room, "before")
    other = disk.fill()
    assert ann.say(room, "into the reserved space")["seq"] == 2
    said = {1: "before", 2: "into the reserved space"}
    client = ann.connect()
    client.join(room)
    said |= talk_until_refused(client, room)
    eventually(lambda: readiness(maru) == (503, FULL), 30)
    epoch, _ = stored(ann, room)
    of_room = f"{maru.url}/api/rooms/{room}/messages"
    me = {"Authorization": f"Bearer {ann.token}"}
    # The second of them has taken no write, so it cannot have lost one either.
    for _ in range(2):
        killed = maru.store_process()
        killed.kill()
        killed.wait(30)
        assert maru.store_process().pid != killed.pid
        eventually(lambda: requests.get(of_room, headers=me, timeout=30).status_code == 200, 30)
        eventually(lambda: readiness(maru) == (503, FULL), 30)
    other.unlink()
    eventually(maru.is_ready, STARTED)
    assert stored(ann, room) == (epoch, said)
    assert ann.say(room, "after")["seq"] == max(said) + 1
    assert stored(ann, room)[0] == epoch
    lines = maru.log.read_text().splitlines()
    assert [line for line in lines if "has space again" in line]
    told = [line for line in lines if line.endswith(f": Calls are answered unavailable: {FULL}.")]
    # Each worker tells it, with its process.
    assert {int(line.split("[")[1].split("]")[0]) for line in told} <= set(maru.workers())
    assert told and "NOREPLICAS" not in "".join(lines)
    client.close()


def keeper_of(maru) -> psutil.Process:
    return maru.store_process().parent()


@pytest.mark.parametrize("has_space", [True, False], ids=["space again", "still full"])
def test_a_number_is_never_given_twice_where_the_disk_was_faster_than_the_keeper(
    own_maru, disk, has_space
):
    """The supervisor sleeps: so the server acknowledges what it then cannot write.

    When the supervisor goes on, the disk may have space again: that proves nothing.
    """
    maru = own_maru(workers=1)
    ann = maru.register("ann")
    room = ann.create_room()
    client = ann.connect()
    client.join(room)
    supervisor = keeper_of(maru)
    supervisor.suspend()
    said = talk_until_refused(client, room)
    epoch, _ = stored(ann, room)
    eventually(lambda: "cannot write to its disk" in readiness(maru)[1], 30)
    maru.store_process().kill()
    for worker in maru.workers():
        os.kill(worker, signal.SIGSTOP)
    # Nobody is left who knows what was sent.
    if has_space:
        disk.resize(64)
    supervisor.resume()
    for worker in maru.workers():
        os.kill(worker, signal.SIGKILL)
    disk.resize(64)
    eventually(maru.is_ready, STARTED)
    kept_epoch, kept = stored(ann, room)
    assert len(kept) < len(said), "this is the case in which something is lost"
    again = ann.say(room, "another message")["seq"]
    assert again > max(said), "no number means two messages"
    assert stored(ann, room)[0] != epoch == kept_epoch


def test_ordinary_ends_begin_no_new_life(own_maru):
    maru = own_maru(workers=1)

    def life() -> str:
        return redis.Redis.from_url(maru.store_url).info("server")["availability_zone"]

    ann = maru.register("ann")
    room = ann.create_room()
    ann.say(room, "before")
    before = life()
    assert before.startswith("maru-")
    maru.restart()
    assert life() == before
    killed = maru.store_process()
    killed.kill()
    eventually(lambda: maru.store_process().pid != killed.pid and maru.is_ready(), STARTED)
    assert life() == before
    family = maru.processes()
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    assert psutil.wait_procs(family, 30)[1] == []
    maru.start()
    assert life() == before
    assert ann.say(room, "after")["seq"] == 2


def test_a_restored_folder_begins_a_new_life(own_maru, tmp_path):
    maru = own_maru(workers=1)
    ann = maru.register("ann")
    room = ann.create_room()
    ann.say(room, "before")
    maru.stop()
    backup = tmp_path / "backup"
    maru.data.rename(backup)
    shutil.copytree(backup, maru.data)
    maru.start()
    epoch, _ = stored(ann, room)
    ann.say(room, "after")
    assert stored(ann, room)[0] != epoch
