"""Every acknowledged message reaches the archive exactly once, whatever is killed meanwhile.

Chat goes on in whatever state the archive is."""

import signal
import sqlite3
from contextlib import closing

import psycopg
import pytest

from tests.archive import postgresql
from tests.live import archives, stores
from tests.live.archives import Talk
from tests.live.cluster import Maru
from tests.waiting import eventually


@pytest.fixture(scope="module")
def server():
    if postgresql.programs() is None:
        pytest.skip("there is no PostgreSQL on this machine (Debian: apt-get install postgresql)")
    with postgresql.running() as running:
        yield running


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def own(request, tmp_path_factory):
    """A Maru with an archive of this kind, which tests may break as long as they start it again."""
    settings = {}
    if request.param == "postgresql":
        settings["DATABASE_URL"] = request.getfixturevalue("server").create("own")
    maru = Maru(tmp_path_factory.mktemp("own"), RECENT="50", **settings)
    try:
        yield maru.start()
    finally:
        maru.stop()
    assert maru.trouble() == [], maru.log.read_text("utf-8", "replace")[-10_000:]


def talking(maru, number=3):
    return Talk([maru.register_some("ann") for _ in range(number)])


def test_messages_are_archived_soon_and_streams_are_trimmed(own):
    with talking(own) as talk:
        talk.wait_for(150)
    talk.assert_archived(own)
    assert archives.state(own)["behindSeconds"] == 0


def test_a_follower_that_is_killed_is_replaced(own):
    with talking(own) as talk:
        for _ in range(6):
            talk.wait_for(10)
            process = archives.follower(own)
            process.kill()
            eventually(lambda gone=process: archives.follower(own).pid != gone.pid, 60)
    talk.assert_archived(own)


def test_a_store_that_is_killed_loses_nothing_of_it(own):
    with talking(own) as talk:
        for _ in range(3):
            talk.wait_for(10)
            own.store_process().kill()
    talk.assert_archived(own)


def test_everything_is_killed_and_started_again(own):
    with talking(own) as talk:
        for _ in range(2):
            talk.wait_for(20)
            for process in own.processes():
                process.kill()
            own.start()
        talk.wait_for(20)
        own.restart()
    talk.assert_archived(own)


def test_all_is_archived_when_maru_has_stopped(own):
    with talking(own) as talk:
        talk.wait_for(20)
    room_id, said = talk.rooms[0], talk.acknowledged[0]
    own.stop()
    assert archives.texts(own, room_id) == said
    own.start()


def test_a_locked_archive_stops_nobody(own_maru):
    maru = own_maru()
    with talking(maru) as talk:
        talk.wait_for(5)
        with closing(sqlite3.connect(maru.data / "archive.sqlite3", isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            eventually(lambda: archives.state(maru)["status"] == "trouble", 60)
            told = archives.state(maru)
            assert told["reason"] == (
                "The archive cannot be written to: another program has locked it."
            )
            talk.wait_for(20)
    talk.assert_archived(maru)
    log = maru.log.read_text()
    assert "maru: The archive cannot be written to (another program has locked it)" in log
    assert log.count("maru: The archive is written to again.") == 1


def test_an_archive_that_was_moved_away_stops_nobody_and_is_not_made_anew(own_maru):
    maru = own_maru()
    there, away = maru.data / "archive.sqlite3", maru.data / "moved"
    with talking(maru) as talk:
        talk.wait_for(5)
        there.rename(away)
        eventually(lambda: archives.state(maru)["status"] == "trouble", 60)
        talk.wait_for(5)
        archives.follower(maru).kill()
        talk.wait_for(5)
        eventually(lambda: archives.state(maru)["status"] == "trouble", 60)
        assert not there.exists()
        away.rename(there)
    talk.assert_archived(maru)


def test_a_server_that_is_down_stops_nobody(own_maru, server):
    maru = own_maru(DATABASE_URL=server.create("down"))
    with talking(maru) as talk:
        talk.wait_for(5)
        server.stop()
        try:
            eventually(lambda: archives.state(maru)["status"] == "trouble", 60)
            talk.wait_for(20)
            maru.restart()
            talk.wait_for(5)
        finally:
            server.start()
    talk.assert_archived(maru)


@pytest.fixture
def store(tmp_path):
    with stores.started(tmp_path / "store", appendonly="yes") as running:
        port = running.connection_pool.connection_kwargs["port"]
        yield {"REDIS_URL": f"redis://127.0.0.1:{port}/0", **stores.SECRETS}


def stop_in_a_transaction(follower, address):
    """Stop the one that is at work where the next one has to wait for the end of what it writes."""
    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    with psycopg.connect(address) as other, psycopg.connect(address, autocommit=True) as asking:
        other.execute("LOCK TABLE cursors IN EXCLUSIVE MODE")
        eventually(lambda: asking.execute(waits).fetchone() != (0,), 60)
        follower.send_signal(signal.SIGSTOP)


def test_on_several_machines_one_follower_is_at_work(tmp_path, server, store):
    shared = {**store, "DATABASE_URL": server.create("several")}
    machines = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        machines.append(Maru(tmp_path / name, 1, **shared))
    one, two = machines
    try:
        one.start()
        two.start(has_accounts=True)
        followers = [archives.follower(maru) for maru in machines]
        with talking(one) as talk:
            talk.wait_for(10)
            # Stopped and not ended: it goes on later, and must not write then.
            stop_in_a_transaction(followers[0], shared["DATABASE_URL"])
            eventually(lambda: archives.is_caught_up(two), 60)
            talk.wait_for(10)
            eventually(lambda: archives.state(two)["behindSeconds"] < 1, 60)
            followers[0].send_signal(signal.SIGCONT)
            talk.wait_for(10)
            followers[1].send_signal(signal.SIGSTOP)
            talk.wait_for(10)
            followers[1].kill()
            talk.wait_for(10)
        talk.assert_archived(one)
    finally:
        for maru in reversed(machines):
            maru.stop()
    assert [maru.trouble() for maru in machines] == [[], []]


def test_a_newer_archive_is_refused_in_one_line(own_maru):
    maru = own_maru()
    maru.stop()
    with closing(sqlite3.connect(maru.data / "archive.sqlite3", isolation_level=None)) as other:
        other.execute("UPDATE alembic_version SET version_num = '99'")
    maru.log.write_text("")
    maru.launch()
    assert maru._master.wait(60) != 0
    log = maru.log.read_text()
    assert log.startswith("maru: The archive holds data of a later Maru (version 99")
    assert log.count("\n") == 1, log
