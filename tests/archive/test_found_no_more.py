"""What is searched follows what is restored, erased, or too old."""

import pytest

from chat import erasing
from chat.archive import dump
from chat.archive.retention import DAY_MS
from chat.backup import backup, restore
from chat.erasing_work import ErasingWork
from chat.search import Search
from chat.search_query import parse
from chat.store import clock
from tests.archive.conftest import catch_up


@pytest.fixture
def people(made):
    return made("root", "admin"), made("ann"), made("ben")


@pytest.fixture
def found(store, archive, people):
    """What Ben finds who searches for 회의."""

    def find():
        hits, _ = Search(store, archive).find(people[2], parse("회의"))
        return sorted(hit.said.text for hit in hits)

    return find


def test_it_follows(store, deep, place, database, archive, room_management, people, follow, found):
    root, ann, ben = people
    room_id = room_management.create(ben, "Plans", False, False).room_id
    room_management.set_member(ben, room_id, "ann")
    deep.talk(ann, room_id, "점심회의는 열두 시")
    deep.talk(ben, room_id, "회의 끝")
    follow()
    path = place.folder / "maru.backup"
    reader = place.open()
    backup.make(store, reader, path, is_embedded=True)
    reader.close()
    store.redis.flushall()
    dump.clear(database)
    assert not place.rows(dump.tables.messages.select())
    parts = (restore.STORE, restore.ARCHIVE)
    restore.Restore(store, database, path, parts, True, print).run()
    follower = follow()
    assert found() == ["점심회의는 열두 시", "회의 끝"]
    erasing.begin(store, "ann", erasing.WORDS, by=root)
    work = ErasingWork(store, database, archive, follower.recorder)
    while work.work():
        catch_up(follower)
    catch_up(follower)
    assert found() == ["회의 끝"]
    room_management.change(ben, room_id, history_days=7)
    follower.retention.now = lambda: store.ask(clock.NOW) + 8 * DAY_MS
    follower.retention.begin()
    catch_up(follower)
    assert found() == []
