"""The follower's process ends in bounded time, and a stopped one holds up no other."""

import time

import psycopg
import pytest
from sqlalchemy import text

from chat.archive import database as databases
from chat.archive import starter
from chat.archive.database import AWAY, is_lost
from chat.archive.recorder import Recorder
from tests.archive.conftest import Place
from tests.waiting import eventually


class Settings:
    """What a follower is started with."""

    def __init__(self, store_url: str, place: Place) -> None:
        self.store_url, self.key_prefix = store_url, "maru"
        self.database_url, self.data_dir = place.address, place.folder
        self.recent, self.history_length = 50, 0


#: In SQLite there is no other follower, and no wait is longer than some seconds.
pytestmark = pytest.mark.parametrize("place", ["postgresql"], indirect=True)


def test_it_ends_soon_where_it_waits_for_the_database(store, store_url, place, database):
    follower = starter.follower(Settings(store_url, place))
    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    with psycopg.connect(place.address) as other:
        other.execute("UPDATE archive SET fence = fence")
        follower.start()
        with psycopg.connect(place.address, autocommit=True) as asking:
            eventually(lambda: asking.execute(waits).fetchone() != (0,), 60)
        began = time.monotonic()
        follower.stop()
        assert time.monotonic() - began < starter.KILLED_AFTER_S


def test_a_transaction_in_which_nothing_happens_is_ended(place, database, monkeypatch):
    monkeypatch.setattr(databases, "IDLE_S", 1)
    stopped = place.open(writes=True)
    connection = stopped.engine.connect()
    connection.execute(text("UPDATE archive SET fence = fence"))
    began = time.monotonic()
    Recorder(database).begin()
    assert time.monotonic() - began < 5
    with pytest.raises(AWAY) as cut_off:
        connection.execute(text("UPDATE archive SET fence = fence"))
    assert is_lost(cut_off.value)
    stopped.close()
