"""An admin erases a person: account, name, or all that was said, wherever it is."""

import pytest

from chat import account_state, erasing, history, keys, people, person_ids
from chat.archive import own_messages, tables
from chat.erasing_work import ErasingWork
from chat.errors import Conflict, Forbidden, Invalid, NotFound
from tests.archive.conftest import catch_up
from tests.archive.told import PARTY, THUMB, read, said
from tests.conftest import entries
from tests.killed import Killed

pytestmark = pytest.mark.usefixtures("small_blocks")


@pytest.fixture
def root(made):
    return made("root", "admin")


@pytest.fixture
def bora(made):
    return made("bora")


@pytest.fixture
def ben(made):
    return made("ben")


@pytest.fixture
def halls(room_management, root, bora, ben):
    """An open room, a private one in which the admin is not, and a direct one."""
    plans = room_management.create(ben, "Plans", False, False).room_id
    garden = room_management.create(bora, "Garden", True, False).room_id
    for room_id, by in ((plans, ben), (garden, bora)):
        room_management.set_member(by, room_id, "ben" if by is bora else "bora")
    direct, _ = room_management.direct(bora, ["ben"])
    return [plans, garden, direct.room_id]


@pytest.fixture
def talked(deep, halls, bora, ben, follow):
    """All have talked in all rooms; the follower."""
    for room_id in halls:
        for number in range(15):
            deep.talk(bora, room_id, f"secret{number} of bora")
            deep.talk(ben, room_id, f"word {number} of ben")
        deep.edit(bora, room_id, 1, "edited secret0")
        deep.react(ben, room_id, 1, THUMB, True)
        deep.react(bora, room_id, 2, PARTY, True)
        deep.delete(bora, room_id, 3)
    follower = follow(recent=8)
    for room_id in halls:
        deep.edit(bora, room_id, 5, "edited late secret2")
    catch_up(follower)
    return follower


@pytest.fixture
def work(store, database, archive, talked):
    """``work()``: the follower erases what there is to erase."""

    def do():
        erasing_work = ErasingWork(store, database, archive, talked.recorder)
        catch_up(talked)
        while erasing_work.work():
            catch_up(talked)
        catch_up(talked)

    return do


@pytest.fixture(autouse=True)
def few_at_once(monkeypatch):
    monkeypatch.setattr("chat.erasing_work._LOOKED_AT", 7)


def everything(store, place):
    """All that both stores hold, as text, but for names that are kept from others for a while."""
    found = []
    for key in store.redis.scan_iter():
        if key in (keys.FORMER.encode(), keys.SKELETONS.encode()) or b":sent:" in key:
            continue
        kind = store.redis.type(key)
        if kind == b"stream":
            found.append(f"{key} {store.redis.xrange(key)}")
        elif kind == b"hash":
            found.append(f"{key} {store.redis.hgetall(key)}")
        elif kind == b"zset":
            found.append(f"{key} {store.redis.zrange(key, 0, -1)}")
        elif kind == b"set":
            found.append(f"{key} {store.redis.smembers(key)}")
        else:
            found.append(f"{key} {store.redis.get(key)}")
    for table in (tables.messages, tables.reactions, tables.deleted):
        found += [str(tuple(row)) for row in place.rows(table.select())]
    return found


def lines_with(text, store, place):
    return [line for line in everything(store, place) if text in line.lower()]


def test_the_words_are_nowhere_and_those_of_others_stay(
    store, deep, place, halls, root, bora, ben, work
):
    erasing.begin(store, "bora", erasing.WORDS, by=root)
    assert erasing.under_way(store) == 1
    work()
    assert erasing.under_way(store) == 0
    assert lines_with("secret", store, place) == []
    assert lines_with("bora", store, place) == []
    for room_id in halls:
        page = deep.page(ben, room_id, limit=200)
        assert said(page.messages) == [f"word {number} of ben" for number in range(15)]
        # Those who have the page open were told.
        assert {e["type"] for e in entries(store, room_id) if e["senderId"] == bora.user_id} <= {
            "DELETE"
        }
        room = store.redis.hmget(keys.room(room_id), "said", "deleted")
        assert int(room[0]) - int(room[1]) == 15
        assert deep.talk(ben, room_id, "later")["seq"]
    assert not store.redis.exists(keys.erasing(bora.user_id))


def test_only_the_name_is_taken_off(store, deep, place, halls, root, bora, ben, work):
    epochs = [history.page(store, room_id).epoch for room_id in halls]
    gone = erasing.begin(store, bora.user_id, erasing.NAME, by=root)
    assert gone.name == person_ids.unnamed(bora.user_id) and gone.deleted
    work()
    assert lines_with('sender":"bora', store, place) == []
    assert lines_with("bora", store, place) == [
        line for line in everything(store, place) if "of bora" in line and '"bora"' not in line
    ]
    for room_id, epoch in zip(halls, epochs, strict=True):
        page = deep.page(ben, room_id, limit=200)
        assert page.epoch == epoch
        assert len(page.messages) == 29 and "edited secret0" in said(page.messages)
        senders = {each["sender"] for each in read(page.messages)}
        assert senders == {gone.name, "ben"}
        assert read(page.messages)[0]["reactions"] == {THUMB: [ben.user_id]}
        # And goes on: changes of what streams do not have any more, and new messages.
        deep.react(ben, room_id, 1, PARTY, True)
        newest = deep.talk(ben, room_id, "later")["seq"]
        page = deep.page(ben, room_id, limit=200)
        assert read(page.messages)[-1]["seq"] == newest
        assert PARTY in read(page.messages)[0]["reactions"]
    work()
    assert len(deep.page(ben, halls[0], limit=200).messages) == 30


def test_the_account_alone(store, deep, place, halls, root, bora, ben, work):
    gone = erasing.begin(store, "bora", erasing.ACCOUNT, by=root)
    assert gone.deleted and gone.name == "bora"
    assert erasing.under_way(store) == 0
    work()
    assert len(deep.page(ben, halls[0], limit=200).messages) == 29


def test_more_can_be_erased_later(store, deep, place, halls, root, bora, ben, work):
    account_state.delete(store, "bora", by=root)
    with pytest.raises(NotFound):
        erasing.begin(store, "bora", erasing.NAME, by=root)
    erasing.begin(store, bora.user_id, erasing.NAME, by=root)
    work()
    erasing.begin(store, bora.user_id, erasing.WORDS, by=root)
    # What was wanted before is still wanted.
    erasing.begin(store, bora.user_id, erasing.NAME, by=root)
    work()
    assert lines_with("secret", store, place) == []


def test_what_is_refused_erases_nothing(store, root, bora, ben, made):
    with pytest.raises(Invalid):
        erasing.begin(store, "bora", "everything", by=root)
    with pytest.raises(Forbidden):
        erasing.begin(store, "bora", erasing.WORDS, by=ben)
    with pytest.raises(Conflict):
        erasing.begin(store, "root", erasing.WORDS, by=root)
    assert erasing.under_way(store) == 0
    assert not people.get(store, "bora").deleted
    account_state.delete(store, "bora", by=root)
    with pytest.raises(Forbidden):
        erasing.begin(store, bora.user_id, erasing.WORDS, by=ben)


@pytest.mark.parametrize("what", [erasing.NAME, erasing.WORDS])
def test_one_that_is_killed_anywhere_goes_on(
    store, deep, place, halls, root, bora, ben, talked, work, what
):
    erasing.begin(store, "bora", what, by=root)
    send, kills = store.send_commands, 0
    for allowed in range(5, 200, 13):
        left = allowed

        def ended(commands):
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed
            return send(commands)

        store.send_commands = ended
        try:
            work()
        except Killed:
            kills += 1
        else:
            break
        finally:
            store.send_commands = send
    work()
    assert kills > 2 and erasing.under_way(store) == 0
    found = said(deep.page(ben, halls[1], limit=200).messages)
    assert len(found) == (15 if what == erasing.WORDS else 29)
    assert lines_with('sender":"bora', store, place) == []
    room = store.redis.hmget(keys.room(halls[1]), "said", "deleted")
    assert int(room[0]) - int(room[1]) == len(found)


def test_nothing_is_left_to_download(store, place, root, bora, work):
    erasing.begin(store, "bora", erasing.WORDS, by=root)
    work()
    database = place.open()
    with database.begin() as connection:
        after, found = 0, []
        while after is not None:
            some, after = own_messages.some(connection, bora.user_id, after)
            found += some
    database.close()
    assert found == []
