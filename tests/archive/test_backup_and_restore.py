"""Both stores into one file and back, from each kind of database to each."""

import pytest

from chat import history, key_prefix, keys, room_lifecycle, rooms
from chat.archive import dump, tables
from chat.archive.archive import Archive
from chat.archive.follower import Follower
from chat.backup import backup, restore
from chat.backup.backup_file import BackupError
from chat.conversation import Conversation
from chat.limits import Limits
from chat.migrations import start
from chat.store.store import StoreError
from tests.archive.conftest import Place, catch_up
from tests.archive.told import ANN, BEN, PARTY, THUMB, read, said, seqs, talk_much
from tests.killed import Killed

pytestmark = pytest.mark.usefixtures("small_blocks")
BOTH = (restore.STORE, restore.ARCHIVE)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "maru.backup"


def back_up(store, place, path):
    archive = place.open()
    try:
        return backup.make(store, archive, path, is_embedded=True)
    finally:
        archive.close()


def restore_to(store, place, path, parts=BOTH):
    """Gives what was told meanwhile."""
    told = []
    archive = place.open(writes=True)
    try:
        restore.Restore(store, archive, path, parts, True, told.append).run()
    finally:
        archive.close()
    return told


def served(store, place):
    """The conversation on what was restored, once the follower has looked at it."""
    writing = place.open(writes=True)
    follower = Follower(store, writing, 8)
    follower.begin(is_new=False)
    catch_up(follower)
    writing.close()
    return Conversation(store, Limits(message_rate=0), Archive(place.address, place.folder))


@pytest.fixture
def busy(store, deep, follow, room_id):
    """Ann's room with deleted, changed and many messages, most of them in the archive alone."""
    talk_much(deep, room_id, 30)
    deep.delete(ANN, room_id, 12)
    follow(recent=8)
    deep.edit(ANN, room_id, 7, "changed")
    deep.react(BEN, room_id, 9, THUMB, True)
    deep.react(ANN, room_id, 9, PARTY, True)
    return room_id


def test_everything_is_as_it_was_and_no_number_means_two_messages(
    store, deep, place, elsewhere, busy, path
):
    before = read(deep.page(ANN, busy, limit=200).messages)
    epoch = history.page(store, busy).epoch
    made = back_up(store, place, path)
    assert made.keys > 5 and made.rows > 25
    lost = [deep.talk(ANN, busy, f"lost {number}")["seq"] for number in range(5)]
    store.redis.flushall()
    assert restore_to(store, elsewhere, path) == []
    start.carry_over(store, lambda line: None)
    there = served(store, elsewhere)
    assert read(there.page(ANN, busy, limit=200).messages) == before
    assert history.page(store, busy).epoch != epoch
    later = there.talk(ANN, busy, "later")["seq"]
    assert later > max(lost)
    assert said(there.page(ANN, busy, limit=200).messages)[-1] == "later"
    there.edit(ANN, busy, 8, "changed after it")
    there.delete(ANN, busy, 9)
    served(store, elsewhere)
    there = {
        each["seq"]: each["message"] for each in read(there.page(ANN, busy, limit=200).messages)
    }
    assert there[8] == "changed after it" and 9 not in there and 12 not in there
    assert (
        elsewhere.rows(tables.archive.select())[0].name
        == place.rows(tables.archive.select())[0].name
    )


def test_the_archive_in_it_may_be_newer_than_the_store(
    store, deep, follow, place, database, busy, path, monkeypatch
):
    """People go on while it is written: what the archive has by then heals the store."""
    taken = backup._write_rows
    made = []

    def write(archive, writer):
        for number in range(20):
            deep.talk(ANN, busy, f"meanwhile {number}")
        deep.delete(ANN, busy, 30)
        deep.edit(ANN, busy, 29, "changed meanwhile")
        made.append(room_lifecycle.create(store, ANN, "New").room_id)
        deep.talk(ANN, made[0], "in a room that the store's part does not have")
        follow(recent=8)
        return taken(archive, writer)

    monkeypatch.setattr(backup, "_write_rows", write)
    back_up(store, place, path)
    everything = said(deep.page(ANN, busy, limit=200).messages)
    highest = seqs(deep.page(ANN, busy, limit=1).messages)[0]
    store.redis.flushall()
    dump.clear(database)
    restore_to(store, place, path)
    there = served(store, place)
    assert said(there.page(ANN, busy, limit=200).messages) == everything
    assert there.talk(ANN, busy, "later")["seq"] > highest + 2
    # Nobody can enter that room: nothing of it is left.
    assert {row.room_id for row in place.rows(tables.messages.select())} == {busy}
    assert not place.rows(tables.cursors.select().where(tables.cursors.c.room_id == made[0]))


def test_an_older_store_alone_is_healed_by_the_archive(store, deep, follow, place, busy, path):
    follow(recent=8)
    back_up(store, place, path)
    for number in range(20):
        deep.talk(ANN, busy, f"after the backup {number}")
    made = room_lifecycle.create(store, ANN, "New").room_id
    last = deep.talk(ANN, made, "in a room that came after the backup")["seq"]
    room = rooms.access(store, ANN, made).room
    follow(recent=8)
    everything = said(deep.page(ANN, busy, limit=200).messages)
    highest = seqs(deep.page(ANN, busy, limit=1).messages)[0]
    store.redis.flushall()
    restore_to(store, place, path, [restore.STORE])
    there = served(store, place)
    assert said(there.page(ANN, busy, limit=200).messages) == everything
    assert there.talk(ANN, busy, "later")["seq"] > highest
    # A worker whose people are in the room creates it again.
    assert room_lifecycle.revive(store, room, {(ANN.user_id, ANN.name)})
    there = served(store, place)
    assert there.talk(ANN, made, "again here")["seq"] > last
    assert said(there.page(ANN, made).messages) == [
        "in a room that came after the backup",
        "again here",
    ]


def test_an_older_archive_alone_follows_the_store(
    store, deep, follow, place, elsewhere, busy, path
):
    follow(recent=8)
    back_up(store, place, path)
    deep.talk(ANN, busy, "after the backup")
    deep.edit(ANN, busy, 8, "changed after the backup")
    everything = said(deep.page(ANN, busy, limit=200).messages)
    restore_to(store, elsewhere, path, [restore.ARCHIVE])
    there = served(store, elsewhere)
    assert said(there.page(ANN, busy, limit=200).messages) == everything


def test_stores_that_hold_something_are_left_as_they_are(store, deep, place, database, busy, path):
    back_up(store, place, path)
    before = {key: store.redis.dump(key) for key in store.redis.scan_iter()}
    with pytest.raises(BackupError, match=r"^The store holds something already\."):
        restore_to(store, place, path)
    assert {key: store.redis.dump(key) for key in store.redis.scan_iter()} == before
    store.redis.flushall()
    with pytest.raises(BackupError, match=r"^The archive holds something already\."):
        restore_to(store, place, path)
    assert store.redis.dbsize() == 0 and place.rows(tables.messages.select())


def test_what_a_maru_leaves_that_was_only_started_is_nothing(store, place, elsewhere, busy, path):
    back_up(store, place, path)
    store.redis.flushall()
    start.carry_over(store, lambda line: None)
    store.redis.set(keys.SECRETS, "another trace")
    restore_to(store, elsewhere, path)
    assert store.redis.get(keys.SECRETS) == b"another trace"
    assert store.redis.exists(keys.room(busy))


def test_a_maru_that_serves_is_not_restored_into(store, place, elsewhere, busy, path):
    back_up(store, place, path)
    store.redis.flushall()
    listening = store.redis.pubsub()
    listening.subscribe(keys.CONTROL)
    listening.get_message(timeout=5)
    with pytest.raises(BackupError, match="A Maru serves from this store"):
        restore_to(store, elsewhere, path)
    listening.close()
    assert not store.redis.exists(keys.RESTORING)


def test_a_damaged_file_changes_nothing(store, place, elsewhere, busy, path):
    back_up(store, place, path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-40] + bytes([whole[-40] ^ 1]) + whole[-39:])
    store.redis.flushall()
    with pytest.raises(BackupError, match="damaged"):
        restore_to(store, elsewhere, path)
    assert store.redis.dbsize() == 0


def test_one_that_was_ended_anywhere_begins_again(store, deep, place, elsewhere, busy, path):
    before = read(deep.page(ANN, busy, limit=200).messages)
    back_up(store, place, path)
    store.redis.flushall()
    send = store.send_commands
    allowed = 0
    while True:
        left = allowed

        def ended(commands):
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed
            return send(commands)

        store.send_commands = ended
        try:
            told = restore_to(store, elsewhere, path)
            break
        except Killed:
            pass
        finally:
            store.send_commands = send
        if store.redis.exists(keys.RESTORING):
            with pytest.raises(StoreError, match="run flask restore again"):
                start.carry_over(store, lambda line: None)
        else:
            assert not store.redis.dbsize()
        allowed += 1
    assert allowed >= 4 and told == [
        "An earlier restore was ended before its end: it begins again."
    ]
    start.carry_over(store, lambda line: None)
    assert read(served(store, elsewhere).page(ANN, busy, limit=200).messages) == before


def test_what_was_ended_is_not_deleted_of_another_archive(store, place, elsewhere, busy, path):
    back_up(store, place, path)
    store.redis.flushall()
    store.redis.hset(keys.RESTORING, mapping={"parts": "store archive", "archives": "an other"})
    with pytest.raises(BackupError, match="with another archive"):
        restore_to(store, place, path)
    assert place.rows(tables.messages.select())


def test_a_backup_of_another_version_is_refused(store, place, elsewhere, busy, path, monkeypatch):
    back_up(store, place, path)
    monkeypatch.setattr(restore, "VERSION", 99)
    with pytest.raises(BackupError, match="of another version of Maru"):
        restore_to(store, elsewhere, path)


def test_it_may_be_restored_under_another_prefix(store, place, elsewhere, busy, path):
    back_up(store, place, path)
    before = {key for key in store.redis.scan_iter() if key != keys.SECRETS.encode()}
    key_prefix.use("team2:")
    try:
        restore_to(store, elsewhere, path)
        found = set(store.redis.scan_iter("team2:*"))
        assert found == {b"team2:" + key.removeprefix(b"maru:") for key in before}
        assert said(served(store, elsewhere).page(ANN, busy, limit=200).messages)
    finally:
        key_prefix.use("maru:")


def test_a_store_of_another_version_or_half_restored_is_not_backed_up(store, place, busy, path):
    store.redis.set(keys.VERSION, 1)
    with pytest.raises(BackupError, match="back it up with the Maru that serves from it"):
        back_up(store, place, path)
    store.redis.hset(keys.RESTORING, "id", "x")
    with pytest.raises(BackupError, match="there is nothing whole"):
        back_up(store, place, path)
    assert not path.exists()


def test_why_an_archive_cannot_be_backed_up_is_said(store, elsewhere, path):
    database = elsewhere.open(writes=True)
    database.create()
    database.close()
    with pytest.raises(BackupError, match="start Maru once"):
        back_up(store, elsewhere, path)
    gone = Place(elsewhere.address and f"{elsewhere.address}gone", elsewhere.folder / "gone")
    with pytest.raises(BackupError, match=r"^The archive cannot be read"):
        back_up(store, gone, path)
    assert not path.exists()
