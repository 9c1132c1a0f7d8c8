"""An archive that knows more than a restored store: nothing is missing, and no number means two."""

import pytest
from sqlalchemy import select

from chat import history, inbox, keys, memberships, rooms
from chat.archive import tables
from chat.errors import NotFound
from tests.archive.conftest import catch_up
from tests.archive.told import ANN, read, said, talk_much
from tests.reading_room import ReadingRoom

pytestmark = pytest.mark.usefixtures("small_blocks")


def backup_of(store, room_id):
    made = (keys.room, keys.stream, keys.members, keys.erased, keys.edited, keys.reactions)
    made += (keys.deleted, keys.spoken, keys.marks, keys.mentions)
    return {key(room_id): store.redis.dump(key(room_id)) for key in made}


def restore(store, dumped):
    for key, value in dumped.items():
        if value is None:
            store.redis.delete(key)
        else:
            store.redis.restore(key, 0, value, replace=True)


@pytest.mark.parametrize("speaks", [False, True], ids=["nobody speaks", "somebody speaks first"])
@pytest.mark.parametrize("recent", [8, 5000], ids=["trimmed", "whole"])
def test_an_archive_that_knows_more_heals_a_restored_store(
    store, deep, follow, room_id, speaks, recent
):
    talk_much(deep, room_id, 30)
    deep.delete(ANN, room_id, 12)
    follow(recent)
    backup, epoch = backup_of(store, room_id), history.page(store, room_id).epoch
    lost = [deep.talk(ANN, room_id, f"lost {number}")["seq"] for number in range(30)]
    deep.edit(ANN, room_id, 7, "changed, and lost")
    deep.delete(ANN, room_id, 8)
    follower = follow(recent)
    everything = said(deep.page(ANN, room_id, limit=200).messages)
    restore(store, backup)
    store.life = "another-life"
    if speaks:
        deep.talk(ANN, room_id, "first")
    follower.begin(is_new=False)
    catch_up(follower)
    later = deep.talk(ANN, room_id, "later")["seq"]
    assert later > max(lost) + 2
    added = ["first", "later"] if speaks else ["later"]
    assert said(deep.page(ANN, room_id, limit=200).messages) == everything + added
    assert history.page(store, room_id).epoch != epoch
    # Also what joins, and what reads onwards.
    joined = deep.join(ANN, room_id, "s1")
    assert said(joined.page.messages) == (everything + added)[-50:]
    assert said(deep.page(ANN, room_id, after=lost[0] - 1, limit=200).messages)[0] == "lost 0"
    assert not [m for m in said(deep.page(ANN, room_id, after=0).messages) if m == "word 8"]
    with pytest.raises(NotFound):
        deep.edit(ANN, room_id, 8, "it was deleted")
    assert deep.delete(ANN, room_id, 7)
    assert "changed, and lost" not in said(deep.page(ANN, room_id, limit=200).messages)
    # Once it is healed, nothing begins anew.
    begun = rooms.access(store, ANN, room_id).room.epoch
    catch_up(follower)
    deep.talk(ANN, room_id, "and later")
    catch_up(follower)
    assert rooms.access(store, ANN, room_id).room.epoch == begun


@pytest.mark.parametrize(
    ("speaks", "takes_back"),
    [(0, []), (1, []), (1, [0]), (3, [0, 1]), (3, [1]), (3, [0, 1, 2])],
    ids=lambda given: str(given),
)
def test_what_is_unread_is_exact_after_a_store_was_healed(
    store, deep, follow, made, place, speaks, takes_back
):
    ann, ben, cho = (made(name) for name in ("ann", "ben", "cho"))
    room = ReadingRoom(deep, [ann, ben, cho])
    for number in range(12):
        room.talk((ann, ben)[number % 2])
    room.delete(2)
    room.mark(ben, 4)
    follow(5000)
    backup = backup_of(store, room.room_id)
    for number in range(9):
        room.talk((ben, ann)[number % 2])
    room.delete(14)
    room.delete(5)
    follower = follow(5000)
    restore(store, backup)
    store.life = "another-life"
    before = len(room.said)
    for _ in range(speaks):
        room.talk(cho)
    for at in takes_back:
        room.delete(before + at)
    follower.begin(is_new=False)
    catch_up(follower)
    room.check()
    known = max(place.rows(select(tables.messages.c.n)))[0]
    [talk] = read([deep.one(ann, room.room_id, room.talk(ann))])
    assert talk["n"] > known
    room.delete(7)
    room.check()
    catch_up(follower)
    for person in (ann, ben, cho):
        room.mark(person, 9)
        room.mark(person, room.top)
        room.check()


def test_mentions_in_what_a_store_has_lost_are_found(store, deep, follow, made):
    ann, ben, cho = (made(name) for name in ("ann", "ben", "cho"))
    room = ReadingRoom(deep, [ann, ben, cho])
    for text in ("@ben", "@ben, deleted"):
        room.talk(ann, text)
    follow(5000)
    backup = backup_of(store, room.room_id)
    for text in ("@ben, lost", "@all, lost", "@here, lost", "@cho, lost"):
        room.talk(ann, text)
    room.delete(1)
    follower = follow(5000)
    restore(store, backup)
    store.life = "another-life"
    room.talk(cho, "@ben, first")
    follower.begin(is_new=False)
    catch_up(follower)
    room.check()
    assert mentions_of(deep, ben) == {"@ben", "@ben, lost", "@all, lost", "@ben, first"}
    assert mentions_of(deep, cho) == {"@all, lost", "@cho, lost"}
    assert mentions_of(deep, ann) == set()
    found = store.ask_all(memberships.one(p.user_id, room.room_id) for p in (ann, ben, cho))
    assert [own.mentions for own in found] == [0, 4, 2]
    # It has the ordinal of one that was lost.
    room.delete(6)
    assert mentions_of(deep, ben) == {"@ben", "@ben, lost", "@all, lost"}
    room.delete(2)
    assert mentions_of(deep, ben) == {"@ben", "@all, lost"}
    noted = store.redis.zrange(keys.mentions(room.room_id), 0, -1)
    assert len(noted) == 4, "one of ben, one of cho, everybody, and by whom"


def mentions_of(deep, person):
    found, _ = inbox.mentions(deep, person)
    return set(said(each.message for each in found))


def test_where_numbers_were_left_out_so_many_messages_are_kept(store, deep, follow, room_id):
    talk_much(deep, room_id, 120)
    follow(kept=50)
    assert said(deep.page(ANN, room_id, limit=200).messages)[0] != "word 1"
    store.life = "another-life"
    for number in range(130):
        deep.talk(ANN, room_id, f"anew {number}")
        if number in (10, 129):
            follow(kept=50)
            there = said(deep.page(ANN, room_id, limit=200).messages)
            assert len(there) >= 50, "what is recent was deleted"
    assert "word 120" not in there and there[-1] == "anew 129"
