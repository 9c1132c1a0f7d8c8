"""People find what they may read at that moment, as it reads at that moment."""

import contextlib
import json

import pytest

from chat import keys
from chat.archive.archive import Archive
from chat.errors import Forbidden, Invalid, NotFound, RateLimited, Unavailable
from chat.search import AT_ONCE, Search
from chat.search_query import parse
from tests.archive.conftest import catch_up


@pytest.fixture
def search(store, archive):
    return Search(store, archive)


@pytest.fixture
def found(search):
    """``found(person, "words")``: the texts, the newest first."""

    def find(person, q, **more):
        hits, _ = search.find(person, parse(q), **more)
        return [hit.said.text for hit in hits]

    return find


@pytest.fixture
def ann(made):
    return made("ann")


@pytest.fixture
def ben(made):
    return made("ben")


@pytest.fixture
def team(room_management, ann, ben):
    """A private room of Ann's and Ben's."""
    room_id = room_management.create(ann, "Team", True, None).room_id
    room_management.set_member(ann, room_id, "ben")
    return room_id


@pytest.fixture(params=["in the stream", "archived"])
def settle(request, follow):
    """Before each search: whether the follower has come by."""
    follower = follow()
    return (lambda: catch_up(follower)) if request.param == "archived" else lambda: None


def test_a_message_is_found_at_once(found, deep, ann, ben, team, settle):
    deep.talk(ann, team, "점심회의는 열두 시")
    deep.talk(ben, team, "김밥!")
    settle()
    assert found(ben, "회의") == ["점심회의는 열두 시"]
    assert found(ben, "밥") == found(ben, "김밥!") == ["김밥!"]
    assert found(ben, "바") == []
    assert found(ben, "in:team from:ann") == ["점심회의는 열두 시"]


def test_an_edited_one_is_found_by_its_new_words_only(found, deep, ann, team, settle):
    deep.talk(ann, team, "before")
    settle()
    deep.edit(ann, team, 1, "afterwards")
    assert found(ann, "before") == [] and found(ann, "after") == ["afterwards"]
    settle()
    assert found(ann, "before") == [] and found(ann, "after") == ["afterwards"]


def test_a_deleted_one_is_not_found(found, deep, ann, team, settle):
    deep.talk(ann, team, "secret")
    settle()
    deep.delete(ann, team, 1)
    assert found(ann, "secret") == []
    settle()
    assert found(ann, "secret") == []


def test_an_old_message_changed_since(found, deep, follow, ann, ben, team):
    """The archive has it as it was, and the stream has nothing but the changes."""
    deep.talk(ann, team, "old words")
    deep.talk(ann, team, "other words")
    follow()
    deep.edit(ann, team, 1, "middle")
    deep.edit(ann, team, 1, "new words")
    deep.react(ben, team, 1, "👍", True)
    deep.edit(ann, team, 2, "new, but gone")
    deep.delete(ann, team, 2)
    assert found(ann, "old") == found(ann, "middle") == found(ann, "gone") == []
    assert found(ann, "new words") == ["new words"]


def test_hits_say_what_messages_say(search, deep, follow, ann, ben, team):
    deep.talk(ann, team, "words")
    deep.edit(ann, team, 1, "New words", "e1")
    deep.react(ben, team, 1, "👍", True)
    for _ in range(2):
        [hit], _ = search.find(ben, parse("WORDS"))
        assert hit.room.room_id == team and hit.text == "New words" and hit.places == [(4, 9)]
        assert json.loads(hit.said.wire()) == json.loads(deep.one(ben, team, 1))
        follow()


def test_only_who_may_read_the_room_finds(found, room_management, deep, made, ann, ben, team):
    cam = made("cam")
    opened = room_management.create(ann, "Open", False, None).room_id
    direct, _ = room_management.direct(ann, ["ben"])
    for room_id, said in ((team, "in team"), (opened, "in open"), (direct.room_id, "in direct")):
        deep.talk(ann, room_id, said)
    # What is said in one ms has no order.
    assert sorted(found(ben, "in ")) == ["in direct", "in open", "in team"]
    assert found(cam, "in ") == ["in open"]
    with pytest.raises(NotFound):
        found(cam, "in ", room_id=team)
    with pytest.raises(NotFound):
        found(cam, "in:team in")
    with pytest.raises(NotFound):
        found(cam, f"in:{team} in")
    with pytest.raises(Forbidden):
        found(made("guest", "guest"), "in ")


def test_removals_and_bans_end_it_at_once(found, room_management, deep, ann, ben, team, settle):
    opened = room_management.create(ann, "Open", False, None).room_id
    deep.talk(ann, team, "in team")
    deep.talk(ann, opened, "in open")
    settle()
    assert sorted(found(ben, "in ")) == ["in open", "in team"]
    room_management.remove(ann, team, "ben")
    assert found(ben, "in ") == ["in open"]
    room_management.ban(ann, opened, "ben")
    assert found(ben, "in ") == []
    assert sorted(found(ann, "in ")) == ["in open", "in team"]


def test_a_deleted_room_has_nothing(found, room_management, store, deep, follow, ann, team):
    deep.talk(ann, team, "words")
    follower = follow()
    room_management.close(ann, team)
    assert found(ann, "words") == []
    catch_up(follower)
    assert found(ann, "words") == []


def test_encrypted_rooms_are_not_searched(found, room_management, deep, follow, place, ann):
    room_id = room_management.create(ann, "Sealed", True, True).room_id
    deep.talk(ann, room_id, "ciphertext")
    assert found(ann, "ciphertext") == []
    follow()
    deep.edit(ann, room_id, 1, "another ciphertext")
    assert found(ann, "ciphertext") == []


def test_filters_name_people_and_rooms(found, store, room_management, deep, ann, ben, team):
    other = room_management.create(ann, "점심 방", False, None).room_id
    deep.talk(ann, team, "words of ann")
    deep.talk(ben, team, "words of ben")
    deep.talk(ann, other, "words elsewhere see http://a.example")
    assert found(ann, "from:ben words") == found(ann, "from:@BEN") == ["words of ben"]
    assert found(ann, f"from:{ben.user_id} words") == ["words of ben"]
    assert len(found(ann, "from:ann from:ben words")) == 3
    assert found(ann, 'in:"점심 방"') == ["words elsewhere see http://a.example"]
    assert found(ann, f"in:{other} words") == found(ann, "has:link")
    assert found(ann, "words", room_id=other) == found(ann, "has:link")
    assert found(ann, "in:team words", room_id=other) == []
    assert found(ann, "has:file") == []
    for q in ("from:nobody words", "from:" + "x" * 100, "in:nowhere words"):
        with pytest.raises(NotFound):
            found(ann, q)
    with pytest.raises(Invalid):
        found(ann, "  ")


def test_page_after_page_without_doubles(search, deep, follow, ann, team):
    for number in range(30):
        deep.talk(ann, team, f"word {number}")
    follower = follow()
    for number in range(30, 37):
        deep.talk(ann, team, f"word {number}")
    texts, cursor, asked = [], "", 0
    while True:
        hits, cursor = search.find(ann, parse("word"), cursor=cursor, limit=7)
        texts += [hit.said.text for hit in hits]
        asked += 1
        if asked == 2:
            catch_up(follower)
        if cursor is None:
            break
    assert texts == [f"word {number}" for number in range(36, -1, -1)]
    for strange in ("g", "-1", "f" * 17, "0x1", "\0"):
        with pytest.raises(Invalid):
            search.find(ann, parse("word"), cursor=strange)
    for limit in (0, 51, "7", True):
        with pytest.raises(Invalid):
            search.find(ann, parse("word"), limit=limit)


def test_pages_go_on_past_what_one_may_not_read(search, room_management, deep, follow, ann, ben):
    """A room that the archive takes for an open one, from which one is banned."""
    first = room_management.create(ann, "First", False, None).room_id
    closed = room_management.create(ann, "Closed", False, None).room_id
    deep.talk(ann, first, "word first")
    for number in range(40):
        deep.talk(ann, closed, f"word {number}")
    follow()
    room_management.ban(ann, closed, "ben")
    texts, cursor = [], ""
    while cursor is not None:
        hits, cursor = search.find(ben, parse("word"), cursor=cursor, limit=3)
        texts += [hit.said.text for hit in hits]
    assert texts == ["word first"]


@pytest.mark.usefixtures("small_blocks")
def test_what_is_trimmed_meanwhile_is_read_again(store, archive, deep, follow, ann, team):
    follower = follow(recent=5)

    class Meanwhile:
        def __init__(self):
            self.times = 0

        def find(self, *args):
            answer = archive.find(*args)
            self.times += 1
            if self.times == 1:
                for number in range(40):
                    deep.talk(ann, team, f"word {number}")
                catch_up(follower)
            return answer

    deep.talk(ann, team, "first word")
    meanwhile = Meanwhile()
    hits, _ = Search(store, meanwhile).find(ann, parse("word"), limit=50)
    assert len(hits) == 41 and meanwhile.times == 2


def test_an_archive_that_is_away_is_said_to_be(store, place, ann, tmp_path):
    away = Search(store, Archive("", tmp_path / "nowhere", refusal="No search now."))
    with pytest.raises(Unavailable, match=r"No search now\."):
        away.find(ann, parse("word"))


def test_nobody_is_asked_of_rooms_that_are_gone(found, store, deep, ann, team):
    """What the store has lost is noted as waiting still."""
    deep.talk(ann, team, "words")
    store.redis.delete(keys.room(team))
    store.redis.zadd(keys.UNARCHIVED, {"gone": 1, "strange room": 2})
    assert found(ann, "words") == []


def test_one_person_alone_does_not_keep_all_others_waiting(store, archive, deep, ann, team):
    """Searches are carried out one after the other; a slow one lets its own person wait alone."""
    depths = []

    class Slow:
        """While it searches, the same person searches once more."""

        def find(self, *args):
            depths.append(len(depths) + 1)
            with contextlib.suppress(RateLimited):
                search.find(ann, parse("word"))
            return archive.find(*args)

    search = Search(store, Slow())
    search.find(ann, parse("word"))
    assert len(depths) == AT_ONCE and not search._under_way
