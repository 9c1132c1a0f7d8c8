"""A backup of a Maru at work, and another Maru on what is restored from it."""

import contextlib
import signal
import stat
import subprocess
import sys

import pytest
import redis

from tests.archive import postgresql
from tests.live import archives
from tests.live.archives import Talk
from tests.live.cluster import ROOT, STARTED, Api, Maru
from tests.waiting import eventually


@pytest.fixture(scope="module")
def server():
    if postgresql.programs() is None:
        pytest.skip("there is no PostgreSQL on this machine (Debian: apt-get install postgresql)")
    with postgresql.running() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path):
    """``database("name")``: the settings of an archive of this kind that is empty."""
    if request.param == "sqlite":
        return lambda name: {}
    server = request.getfixturevalue("server")
    return lambda name: {"DATABASE_URL": server.create(f"{name}{abs(hash(str(tmp_path)))}")}


@pytest.fixture
def another(tmp_path):
    """``another(SETTING="value")``: a Maru with a folder of its own, which is not started."""
    made = []

    def make(**settings):
        folder = tmp_path / f"another{len(made)}"
        folder.mkdir()
        made.append(Maru(folder, **settings))
        return made[-1]

    yield make
    for maru in made:
        maru.stop()


def restoring(maru, path):
    return subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "app", "restore", str(path)],
        cwd=ROOT, env=maru.environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def test_what_was_acknowledged_is_in_it_and_numbers_go_on(own_maru, another, database, tmp_path):
    maru, path = own_maru(RECENT="50", **database("first")), tmp_path / "maru.backup"
    people = [maru.register_some("ann") for _ in range(3)]
    with Talk(people) as talk:
        talk.wait_for(100)
        before = [list(said) for said in talk.acknowledged]
        assert f"{path} has " in maru.flask("backup", str(path))
        behind = [list(said) for said in talk.acknowledged]
        talk.wait_for(20)
    highest = [person.history(i)[-1]["seq"] for person, i in zip(people, talk.rooms, strict=True)]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for secret in ("secret_key", "jwt_secret_key"):
        assert (maru.data / secret).read_bytes().strip() not in path.read_bytes()
    maru.stop()

    other = another(RECENT="50", **database("second"))
    killed = restoring(other, path)
    # The moment at which it begins to write.
    eventually(lambda: is_restoring(other) or killed.poll() is not None, STARTED)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    if killed.returncode == -signal.SIGKILL:
        other.launch()
        refused = "run flask restore again, with the same file"
        eventually(lambda: refused in other.log.read_text(), STARTED)
        other.stop()
        assert "it begins again" in other.flask("restore", str(path))
    other.start(has_accounts=True)
    eventually(lambda: archives.is_caught_up(other), 60)
    for number, room_id in enumerate(talk.rooms):
        person = Api(other, people[number].name)
        assert person.user_id == people[number].user_id
        found = archives.texts(other, room_id)
        # All up to some moment of the backup, each once, in order.
        assert found[: len(before[number])] == before[number]
        assert found == talk.acknowledged[number][: len(found)]
        assert len(found) <= len(behind[number]) + 1
        assert [each["message"] for each in person.history(room_id)] == found[-200:]
        assert person.say(room_id, "later")["seq"] > highest[number]
        assert person.history(room_id)[-1]["message"] == "later"
    assert other.trouble() == []
    taken = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", "restore", str(path)],
        cwd=ROOT, env=other.environ, capture_output=True, text=True, timeout=STARTED,
    )  # fmt: skip
    assert (taken.returncode, taken.stderr) == (
        1,
        "Error: A Maru serves from this store: stop it first.\n",
    )


def is_restoring(maru):
    with contextlib.suppress(redis.RedisError, OSError):
        client = redis.Redis.from_url(maru.store_url)
        try:
            return bool(client.exists("maru:restoring"))
        finally:
            client.close()
    return False
