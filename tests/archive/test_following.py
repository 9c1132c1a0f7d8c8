"""The follower writes every entry of every stream exactly once, and trims behind that alone."""

import json

import pytest
from redis.exceptions import ConnectionError
from sqlalchemy import select

from chat import history, keys, room_lifecycle, rooms
from chat.archive import tables
from chat.archive.follower import Follower
from chat.archive.recorder import Fenced
from tests.archive.conftest import catch_up
from tests.conftest import somebody

ANN, BEN = somebody("Ann"), somebody("Ben")


@pytest.fixture(params=["plain", "sealed"])
def a_room(request, room_management, store):
    """A room of Ann and Ben: one that is encrypted, and one that is not."""
    room = room_management.create(ANN, "Plans", True, request.param == "sealed")
    store.redis.hset(keys.members(room.room_id), BEN.user_id, "member 0 Ben")
    return room.room_id


def as_read(store, room_id):
    """The messages as the store gives them in pages."""
    page = history.page(store, room_id, limit=200)
    return [json.loads(message) for message in page.messages]


def archived(archive, room_id, limit=200):
    page = archive.newest(room_id, limit)
    return [json.loads(message.wire()) for message in page.messages]


def numbers(place, room_id):
    c = tables.messages.c
    query = select(c.seq).where(c.room_id == room_id).order_by(c.seq)
    return [seq for (seq,) in place.rows(query)]


def live(talk, room_id):
    """What people do in a room, one thing after the other."""
    for number in range(12):
        yield talk.talk(BEN if number % 3 else ANN, room_id, f"말 {number}", f"c{number}")
    yield talk.edit(ANN, room_id, 1, "better", "e1")
    yield talk.edit(ANN, room_id, 1, "best")
    yield talk.edit(BEN, room_id, 2, "another", "e2")
    for number in range(25):
        yield talk.edit(BEN, room_id, 3, f"again {number}")
    yield talk.react(BEN, room_id, 1, "👍", True)
    yield talk.react(ANN, room_id, 1, "👍", True)
    yield talk.react(ANN, room_id, 1, "🎉", True)
    yield talk.react(BEN, room_id, 3, "🎉", True)
    yield talk.react(BEN, room_id, 3, "🎉", False)
    yield talk.delete(ANN, room_id, 4)
    yield talk.edit(BEN, room_id, 5, "soon gone")
    yield talk.react(ANN, room_id, 5, "🎉", True)
    yield talk.delete(BEN, room_id, 5)


@pytest.mark.parametrize("at_once", [True, False], ids=["in one batch", "entry by entry"])
def test_messages_read_in_the_archive_as_in_the_store(
    conversation, store, archive, follow, a_room, at_once
):
    follower = follow()
    for _ in live(conversation, a_room):
        if not at_once:
            catch_up(follower)
    catch_up(follower)
    found = archived(archive, a_room)
    assert found == as_read(store, a_room) and len(found) == 10
    assert not store.redis.exists(keys.UNARCHIVED)
    assert not store.redis.hexists(keys.room(a_room), "unarchived")


def test_a_deleted_message_leaves_nothing_in_the_archive(conversation, place, follow, room_id):
    follower = follow()
    conversation.talk(ANN, room_id, "secret")
    conversation.react(ANN, room_id, 1, "👍", True)
    catch_up(follower)
    conversation.delete(ANN, room_id, 1)
    catch_up(follower)
    assert numbers(place, room_id) == []
    assert place.rows(select(tables.reactions)) == []


def test_what_is_written_is_not_written_again(
    conversation, store, place, database, follow, room_id
):
    """The follower ends between its commit and the note in the store."""
    for _ in range(3):
        conversation.talk(ANN, room_id, "once")
    follower = Follower(store, database, 5000)
    follower.begin(is_new=True)
    ask_all = store.ask_all

    def fail_after_the_commit(asked, *more):
        answers = ask_all(list(asked), *more)
        if numbers(place, room_id):
            raise ConnectionError
        return answers

    store.ask_all = fail_after_the_commit
    with pytest.raises(ConnectionError):
        follower.work()
    store.ask_all = ask_all
    assert numbers(place, room_id) == [1, 2, 3]
    conversation.talk(ANN, room_id, "more")
    follow()
    assert numbers(place, room_id) == [1, 2, 3, 4]


def test_what_is_not_committed_is_written_later(conversation, place, store, database, room_id):
    conversation.talk(ANN, room_id, "once")
    conversation.edit(ANN, room_id, 1, "changed")
    follower = Follower(store, database, 5000)
    follower.begin(is_new=True)
    written = follower.recorder._record

    def fail(connection, parts):
        written(connection, parts)
        raise OSError

    follower.recorder._record = fail
    with pytest.raises(OSError):
        follower.work()
    assert numbers(place, room_id) == []
    follower.recorder._record = written
    follower.begin(is_new=False)
    catch_up(follower)
    assert numbers(place, room_id) == [1]


def test_only_the_newest_follower_writes(conversation, store, place, database, follow, room_id):
    former = follow()
    latter = follow()
    conversation.talk(ANN, room_id, "hi")
    with pytest.raises(Fenced):
        former.work()
    assert numbers(place, room_id) == []
    catch_up(latter)
    assert numbers(place, room_id) == [1]


def test_a_stream_is_trimmed_behind_the_archive_alone(conversation, store, place, follow, room_id):
    for number in range(450):
        conversation.talk(ANN, room_id, f"message {number}")
    assert store.redis.xlen(keys.stream(room_id)) == 450
    follow(recent=50)
    assert 50 <= store.redis.xlen(keys.stream(room_id)) <= 250
    assert numbers(place, room_id) == list(range(1, 451))


def test_changes_of_messages_that_the_store_has_no_more(
    conversation, store, archive, follow, room_id
):
    for number in range(450):
        conversation.talk(ANN, room_id, f"message {number}")
    follower = follow(recent=10)
    assert int(store.redis.xrange(keys.stream(room_id), count=1)[0][0][2:]) > 5
    for kind, ref, more in (
        ("EDIT", 1, {"message": "changed"}),
        ("REACT", 2, {"emoji": "👍", "on": True}),
        ("DELETE", 3, {}),
    ):
        entry = {"type": kind, "sentAt": 9, "senderId": ANN.user_id, "ref": ref, **more}
        seq = store.redis.xadd(keys.stream(room_id), {"m": json.dumps(entry)}, "0-*")
        store.redis.hset(keys.room(room_id), "seq", int(seq[2:]))
    store.redis.zadd(keys.UNARCHIVED, {room_id: 1})
    catch_up(follower)
    found = [json.loads(m.wire()) for m in archive.before(room_id, 5, 10).messages]
    assert [message["seq"] for message in found] == [1, 2, 4]
    assert (found[0]["message"], found[0]["editedAt"]) == ("changed", 9)
    assert found[1]["reactions"] == {"👍": [ANN.user_id]}


def test_a_new_archive_gets_what_the_store_has(
    room_management, conversation, store, place, follow, made
):
    """Nothing is noted as waiting: the archive before had it, or an older Maru made the store."""
    ann, _ben = made("ann"), made("ben")
    direct, _ = room_management.direct(ann, ["ben"])
    opened = room_management.create(ann, "Open", False, None)
    for room in (direct, opened):
        conversation.talk(ann, room.room_id, "hi")
        store.redis.hdel(keys.room(room.room_id), "unarchived")
    store.redis.delete(keys.UNARCHIVED)
    follow()
    assert numbers(place, direct.room_id) == numbers(place, opened.room_id) == [1]


def test_a_deleted_room_is_deleted_in_the_archive(
    room_management, conversation, store, place, follow
):
    gone = room_management.create(ANN, "Gone", None, None)
    stays = room_management.create(ANN, "Stays", None, None)
    for room in (gone, stays):
        conversation.talk(ANN, room.room_id, "hi")
        conversation.react(ANN, room.room_id, 1, "👍", True)
    follower = follow()
    conversation.talk(ANN, gone.room_id, "not archived")
    room_lifecycle.close(store, ANN, gone, b"{}")
    catch_up(follower)
    assert numbers(place, gone.room_id) == []
    assert numbers(place, stays.room_id) == [1]
    assert [row.room_id for row in place.rows(select(tables.reactions))] == [stays.room_id]
    assert [row.room_id for row in place.rows(select(tables.cursors))] == [stays.room_id]
    assert not store.redis.exists(keys.UNPURGED, keys.UNARCHIVED)


def test_older_messages_than_are_to_be_kept_are_deleted(
    conversation, store, place, follow, room_id
):
    follower = follow(recent=5000, kept=150)
    for _ in range(90):
        conversation.talk(ANN, room_id, "hi")
    catch_up(follower)
    assert numbers(place, room_id) == list(range(1, 91))
    for _ in range(310):
        conversation.talk(ANN, room_id, "hi")
    catch_up(follower)
    assert numbers(place, room_id) == list(range(251, 401))
    assert store.redis.xlen(keys.stream(room_id)) < 400


def held(store, room_id):
    """What the store has of a room at this moment, to be restored as after a loss of data."""
    return store.redis.dump(keys.stream(room_id)), store.redis.hgetall(keys.room(room_id))


def restore(store, room_id, before):
    """The store has lost what came after ``before``; as the scripts do, it begins a new epoch, and
    goes on above every number that was given out."""
    stream, fields = before
    store.redis.restore(keys.stream(room_id), 0, stream, replace=True)
    store.redis.xadd(keys.stream(room_id), {"m": ""}, "0-1000")
    store.redis.xdel(keys.stream(room_id), "0-1000")
    anew = {b"epoch": rooms.new_epoch(store), b"seq": 1000}
    store.redis.hset(keys.room(room_id), mapping={**fields, **anew})
    store.redis.zadd(keys.UNARCHIVED, {room_id: 1})


def test_the_archive_keeps_what_the_store_has_lost(conversation, store, place, follow, room_id):
    for number in range(4):
        conversation.talk(ANN, room_id, f"message {number}")
    before = held(store, room_id)
    conversation.delete(ANN, room_id, 2)
    conversation.talk(ANN, room_id, "lost")
    follower = follow()
    restore(store, room_id, before)
    conversation.talk(ANN, room_id, "after")
    catch_up(follower)
    # Also the deletion, which the store has lost, stays one.
    assert numbers(place, room_id) == [1, 3, 4, 6, 1001]
    assert not store.redis.exists(keys.UNARCHIVED)


def test_what_is_no_entry_of_maru_is_passed_over(conversation, store, place, follow, room_id):
    conversation.talk(ANN, room_id, "hi")
    for strange in (
        "",
        "{",
        "[]",
        '{"type":"TALK"}',
        '{"type":"EDIT","ref":"x"}',
        '{"type":"EDIT","ref":1}',
    ):
        store.redis.xadd(keys.stream(room_id), {"m": strange}, "0-*")
    store.redis.hset(keys.room(room_id), "seq", 7)
    conversation.talk(ANN, room_id, "and on")
    follow()
    assert numbers(place, room_id) == [1, 8]
