"""Messages that are too old are removed everywhere, and count no more."""

import random

import pytest
from sqlalchemy import select

from chat import inbox, keys, memberships
from chat.archive import retention, tables
from chat.archive.retention import DAY_MS
from chat.errors import Forbidden, Invalid, NotFound
from chat.store import clock
from tests.archive.conftest import catch_up
from tests.archive.told import ANN, BEN, THUMB, read, said, seqs, talk_much
from tests.conftest import entries
from tests.killed import Killed
from tests.reading_room import ReadingRoom

pytestmark = pytest.mark.usefixtures("small_blocks")
DAYS = 30


@pytest.fixture(autouse=True)
def few_at_once(monkeypatch):
    monkeypatch.setattr(retention, "_AT_ONCE", 7)


@pytest.fixture
def keeping(follow):
    """``keeping(recent, days)``: a follower for which nothing is too old yet."""

    def start(recent=5000, days=DAYS):
        follower = follow(recent)
        follower.retention._days = days
        return follower

    return start


def sent_at(deep, room_id, seq):
    return read([deep.one(ANN, room_id, seq)])[0]["sentAt"]


def let_pass(follower, at, days=DAYS):
    """So much time that what was said up to ``at`` is too old."""
    follower.retention.now = lambda: at + days * DAY_MS + 1
    follower.retention.begin()
    catch_up(follower)


@pytest.fixture
def spread(store):
    """``spread(call)``: what it stores has a time that nothing else has."""

    def call(what):
        result = what()
        stored_by = store.ask(clock.NOW)
        while store.ask(clock.NOW) <= stored_by:
            pass
        return result

    return call


def everything(store, place, room_id):
    """All that is stored of a room, wherever, as text."""
    kept = [str(entries(store, room_id))]
    for key in (keys.edited, keys.reactions, keys.erased, keys.deleted):
        kept.append(str(store.redis.zrange(key(room_id), 0, -1)))
    for table in (tables.messages, tables.reactions, tables.deleted):
        kept.append(str([tuple(row) for row in place.rows(table.select())]))
    return "\n".join(kept)


@pytest.mark.parametrize("recent", [8, 5000], ids=["trimmed", "whole"])
def test_what_is_too_old_is_nowhere(store, deep, keeping, place, room_id, spread, recent):
    for number in range(1, 41):
        spread(lambda number=number: deep.talk(ANN, room_id, f"word{number:02}"))
    follower = keeping(recent)
    at = sent_at(deep, room_id, 20)
    deep.edit(ANN, room_id, 5, "edited05")
    deep.edit(ANN, room_id, 25, "edited25")
    deep.react(BEN, room_id, 6, THUMB, True)
    deep.react(BEN, room_id, 26, THUMB, True)
    deep.delete(ANN, room_id, 7)
    deep.delete(ANN, room_id, 27)
    catch_up(follower)
    let_pass(follower, at)
    page = deep.page(ANN, room_id, limit=200)
    kept = [number for number in range(21, 41) if number != 27]
    assert seqs(page.messages) == kept and not page.more
    assert said(page.messages)[4] == "edited25"
    assert read(page.messages)[5]["reactions"] == {THUMB: [BEN.user_id]}
    left = everything(store, place, room_id)
    assert "edited05" not in left
    assert [number for number in range(1, 21) if f"word{number:02}" in left] == []
    # At the edge.
    assert seqs(deep.page(ANN, room_id, before=24, limit=10).messages) == [21, 22, 23]
    assert not deep.page(ANN, room_id, before=24, limit=10).more
    assert deep.page(ANN, room_id, before=21).messages == []
    assert seqs(deep.page(ANN, room_id, after=3, limit=2).messages) == [21, 22]
    around = deep.around(ANN, room_id, 15, 6)
    assert seqs(around.messages)[0] == 21 and around.more_after
    for change in (
        lambda: deep.edit(ANN, room_id, 5, "again"),
        lambda: deep.delete(ANN, room_id, 6),
        lambda: deep.react(ANN, room_id, 20, THUMB, True),
        lambda: deep.one(ANN, room_id, 20),
    ):
        with pytest.raises(NotFound):
            change()
    # And goes on.
    assert deep.talk(ANN, room_id, "later")["seq"] == 47
    deep.edit(ANN, room_id, 30, "edited30")
    catch_up(follower)
    assert "edited30" in said(deep.page(ANN, room_id, limit=200).messages)


def test_a_room_in_which_everything_is_too_old(store, deep, keeping, place, room_id):
    talk_much(deep, room_id, 20)
    follower = keeping()
    let_pass(follower, sent_at(deep, room_id, 20))
    page = deep.page(ANN, room_id)
    assert (page.messages, page.more) == ([], False)
    assert "word" not in everything(store, place, room_id)
    assert deep.talk(ANN, room_id, "anew")["seq"] == 21
    catch_up(follower)
    assert said(deep.page(ANN, room_id, limit=200).messages) == ["anew"]
    assert said(deep.join(ANN, room_id, "s1").page.messages) == ["anew"]


def test_what_is_too_old_mentions_nobody(store, deep, keeping, made, spread):
    ann, ben, cho = (made(name) for name in ("ann", "ben", "cho"))
    room = ReadingRoom(deep, [ann, ben, cho])
    deep.join(cho, room.room_id, "s1")
    for text in ("@ben", "@all", "@here", "nobody", "@ben", "@ben", "@here", "@all"):
        spread(lambda text=text: room.talk(ann, text))
    follower = keeping()
    room_id, removing = room.room_id, follower.retention
    at = archived_at(follower, room_id, room.said[4].seq)
    # The archive does not have this edit when the message gets too old.
    deep.edit(ann, room_id, room.said[3].seq, "@cho")
    removing.now = lambda: at + DAYS * DAY_MS + 1
    removing.begin()
    while removing.work():
        pass
    left = store.redis.zrange(keys.mentions(room_id), 0, -1)
    assert {int(each.split(b":")[1]) for each in left} == {6, 7, 8}
    assert len(left) == 4, "@ben, @here for cho, @all and by whom"
    found = store.ask_all(memberships.one(p.user_id, room_id) for p in (ann, ben, cho))
    assert [own.mentions for own in found] == [0, 2, 2]
    kept = [each.seq for each in room.said[5:]]
    for person, seen in ((ann, []), (ben, [kept[2], kept[0]]), (cho, [kept[2], kept[1]])):
        mentions, more = inbox.mentions(deep, person)
        assert seqs(each.message for each in mentions) == seen and more is None


def test_without_a_limit_nothing_is_too_old(deep, keeping, room_id):
    talk_much(deep, room_id, 5)
    follower = keeping(days=0)
    let_pass(follower, sent_at(deep, room_id, 5), days=50_000)
    assert len(deep.page(ANN, room_id).messages) == 5


@pytest.mark.parametrize(
    ("everywhere", "own", "counts"), [(0, 10, 10), (30, 10, 10), (30, 50, 30), (30, 0, 30)]
)
def test_the_shorter_limit_counts(
    store, deep, keeping, room_id, room_management, everywhere, own, counts
):
    talk_much(deep, room_id, 5)
    at = sent_at(deep, room_id, 5)
    store.redis.hset(keys.account(ANN.user_id), mapping={"name": "Ann", "role": "user"})
    assert room_management.change(ANN, room_id, history_days=own).history_days == own
    follower = keeping(days=everywhere)
    let_pass(follower, at - DAY_MS // 2, days=counts)
    assert len(deep.page(ANN, room_id).messages) == 5
    let_pass(follower, at, days=counts)
    assert deep.page(ANN, room_id).messages == []


@pytest.mark.parametrize("seed", range(3))
def test_what_is_unread_is_exact_at_the_edge(store, deep, made, keeping, place, spread, seed):
    people = [made(name) for name in ("ann", "ben", "cho")]
    room, chance = ReadingRoom(deep, people), random.Random(seed)
    follower = keeping(8)
    for _ in range(100):
        what = chance.random()
        if what < 0.6:
            spread(lambda: room.talk(chance.choice(people)))
        elif what < 0.7 and room.said:
            room.delete(chance.randrange(len(room.said)))
        elif what < 0.8:
            catch_up(follower)
        elif what < 0.9:
            catch_up(follower)
            room.mark(chance.choice(people), chance.randint(0, room.top))
        elif len(room.said) > 3:
            catch_up(follower)
            forget(room, follower, chance.randrange(len(room.said) // 2))
        room.check()
    there = [each.seq for each in room.said if not each.is_deleted]
    talks = store.redis.hmget(keys.room(room.room_id), "said", "deleted")
    assert int(talks[0]) - int(talks[1]) == len(there)
    assert seqs(deep.page(people[0], room.room_id, limit=200).messages) == there


def forget(room, follower, at):
    """All up to that message of the room get too old, and are nowhere any more."""
    seq = room.said[at].seq
    found = archived_at(follower, room.room_id, seq)
    if found:
        let_pass(follower, found)
        room.said = [each for each in room.said if each.seq > seq]


def archived_at(follower, room_id, seq):
    """When a message of the archive was sent; 0 if it is not there."""
    c = tables.messages.c
    query = select(c.sent_at).where(c.room_id == room_id, c.seq == seq)
    with follower.retention._database.begin() as connection:
        return connection.execute(query).scalar() or 0


@pytest.mark.parametrize("step", ["before the archive", "after the archive"])
def test_one_that_is_killed_counts_nothing_twice(store, deep, keeping, room_id, made, step):
    talk_much(deep, room_id, 20)
    follower = keeping()
    at = sent_at(deep, room_id, 20)
    recorder = follower.retention._recorder
    forget_rows = recorder.forget

    def killed(*args):
        if step == "after the archive":
            forget_rows(*args)
        raise Killed

    recorder.forget = killed
    with pytest.raises(Killed):
        let_pass(follower, at)
    # Between the two somebody tries to change what is half gone.
    with pytest.raises(NotFound):
        deep.delete(ANN, room_id, 3)
    recorder.forget = forget_rows
    let_pass(follower, at)
    assert store.redis.hmget(keys.room(room_id), "said", "deleted", "forgotten") == [
        b"20", b"20", b"20",
    ]  # fmt: skip
    assert store.redis.hget(keys.spoken(room_id), ANN.user_id) == b"0"


def test_only_the_owner_says_how_long_messages_are_kept(crowd, room_management):
    room_id = crowd.room_id
    for person in (crowd.max, crowd.ben):
        with pytest.raises(Forbidden):
            room_management.change(person, room_id, history_days=7)
    assert room_management.change(crowd.ann, room_id, history_days=7).history_days == 7
    assert room_management.change(crowd.max, room_id, description="x").history_days == 7
    for wrong in (-1, 36_501, True, "7", 1.5):
        with pytest.raises(Invalid):
            room_management.change(crowd.ann, room_id, history_days=wrong)
