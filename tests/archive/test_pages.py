"""Pages of any depth, without a seam: what the stream does not have any more is in the archive."""

import pytest

from chat import keys
from chat.archive.archive import Archive
from chat.conversation import Conversation
from chat.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from chat.limits import Limits
from tests.archive.conftest import catch_up
from tests.archive.told import ANN, BEN, THUMB, is_trimmed, read, said, talk_much
from tests.conftest import somebody

pytestmark = pytest.mark.usefixtures("small_blocks")


def test_a_recent_page_needs_no_archive_and_an_old_one_says_that_it_is_away(
    store, deep, follow, archive, room_id, place
):
    talk_much(deep, room_id, 60)
    follow(recent=10)
    assert said(deep.page(ANN, room_id, limit=3).messages) == ["word 58", "word 59", "word 60"]
    away = Conversation(store, Limits(), nowhere(place))
    newest = away.page(ANN, room_id, limit=3)
    assert said(newest.messages) == ["word 58", "word 59", "word 60"] and newest.more
    assert said(away.page(ANN, room_id, after=57).messages) == said(newest.messages)
    for window in ({"before": 10}, {"after": 3}, {}):
        with pytest.raises(Unavailable):
            away.page(ANN, room_id, **window)
    with pytest.raises(Unavailable):
        away.around(ANN, room_id, 5)
    for change in (
        lambda: away.edit(ANN, room_id, 5, "better"),
        lambda: away.react(ANN, room_id, 5, THUMB, True),
        lambda: away.delete(ANN, room_id, 5),
    ):
        with pytest.raises(Unavailable) as refused:
            change()
        assert refused.value.wire()["retry"] is True
    assert away.edit(ANN, room_id, 60, "better") == 61
    joined = away.join(ANN, room_id, "s1")
    assert said(joined.page.messages)[-1] == "better" and joined.page.more


def test_nobody_who_joins_waits_for_an_archive_that_is_away(store, archive, follow, room_id):
    asked = []
    slow = Slow(archive, lambda: asked.append(1))
    conversation = Conversation(store, Limits(message_rate=0), slow)
    talk_much(conversation, room_id, 60)
    follow(recent=10)
    for number in range(8):
        conversation.react(ANN, room_id, 60, chr(0x1F600 + number), True)
    assert len(conversation.join(ANN, room_id, "s1").page.messages) == 50 and asked
    asked.clear()
    slow.trouble = "it is away"
    joined = conversation.join(ANN, room_id, "s2").page
    assert 10 <= len(joined.messages) < 50 and joined.more and not asked
    # Whoever reads on asks it again, and finds whether it is back.
    assert len(conversation.page(ANN, room_id).messages) == 50
    slow.trouble = ""
    assert len(conversation.join(ANN, room_id, "s3").page.messages) == 50


def nowhere(place):
    return Archive("postgresql://maru@127.0.0.1:1/none", place.folder)


def test_the_same_rules_hold_for_an_old_message(store, deep, follow, room_id):
    store.redis.hset(keys.members(room_id), BEN.user_id, "member 0 Ben")
    deep.talk(BEN, room_id, "Ben's")
    talk_much(deep, room_id, 60)
    follower = follow(recent=10)
    assert is_trimmed(store, room_id, 1)
    with pytest.raises(Forbidden):
        deep.edit(ANN, room_id, 1, "not mine")
    changed = deep.edit(BEN, room_id, 1, "mine", "e1")
    assert deep.edit(BEN, room_id, 1, "mine", "e1") == changed
    with pytest.raises(Conflict):
        deep.edit(BEN, room_id, 2, "another", "e1")
    for seq in (500, 3 * 10**12):
        with pytest.raises(NotFound):
            deep.react(BEN, room_id, seq, THUMB, True)
    # The moderator may delete it; then it is gone for everybody, wherever the follower is.
    for follow_first in (False, True):
        if follow_first:
            catch_up(follower)
        else:
            deep.delete(ANN, room_id, 1)
        for change in (
            lambda: deep.edit(BEN, room_id, 1, "again"),
            lambda: deep.react(BEN, room_id, 1, THUMB, True),
            lambda: deep.delete(BEN, room_id, 1),
            lambda: deep.one(BEN, room_id, 1),
        ):
            with pytest.raises(NotFound):
                change()
    entries = store.redis.xrange(keys.stream(room_id))
    assert not [entry for _, entry in entries if b"mine" in entry[b"m"]], "its edit is still there"


def test_reactions_to_an_old_message_are_limited_as_others_are(store, deep, follow, room_id):
    emoji = [chr(0x1F600 + number) for number in range(51)]
    talk_much(deep, room_id, 1)
    people = [somebody(f"Person{number}") for number in range(6)]
    for person in people:
        store.redis.hset(keys.members(room_id), person.user_id, f"member 0 {person.name}")
    for number in range(20):
        deep.react(people[number // 10], room_id, 1, emoji[number], True)
    talk_much(deep, room_id, 60)
    follower = follow(recent=10)
    assert is_trimmed(store, room_id, 1)
    # Some of these are archived, the others are not yet.
    for number in range(20, 50):
        deep.react(people[number // 10], room_id, 1, emoji[number], True)
        if number == 30:
            catch_up(follower)
    with pytest.raises(Conflict):
        deep.react(people[4], room_id, 1, emoji[0], True)
    with pytest.raises(Conflict):
        deep.react(people[5], room_id, 1, emoji[50], True)
    deep.react(people[5], room_id, 1, emoji[0], True)
    deep.react(people[4], room_id, 1, emoji[49], False)
    deep.react(people[5], room_id, 1, emoji[50], True)
    [message] = read([deep.one(ANN, room_id, 1)])
    assert len(message["reactions"]) == 50


def test_edits_of_an_old_message_are_limited_as_others_are(store, deep, follow, room_id):
    talk_much(deep, room_id, 1)
    for number in range(998):
        deep.edit(ANN, room_id, 1, f"edit {number}")
    talk_much(deep, room_id, 60)
    follow(recent=10)
    assert is_trimmed(store, room_id, 1)
    deep.edit(ANN, room_id, 1, "the last but one")
    deep.edit(ANN, room_id, 1, "the last")
    with pytest.raises(Conflict):
        deep.edit(ANN, room_id, 1, "one too many")


class Slow(Archive):
    """While it reads, something else goes on."""

    def __init__(self, archive, meanwhile):
        super().__init__(archive._address, archive._data_dir)
        self._meanwhile = meanwhile

    def _read(self, name, *args):
        found = super()._read(name, *args)
        self._meanwhile()
        return found


def test_what_is_trimmed_while_the_archive_is_read_is_not_left_out(
    store, deep, follow, archive, room_id
):
    talk_much(deep, room_id, 60)
    follower = follow(recent=5)
    assert is_trimmed(store, room_id, 1)
    told = []

    def meanwhile():
        if not told:
            told.append(deep.edit(ANN, room_id, 1, "changed meanwhile"))
            talk_much(deep, room_id, 40)
            catch_up(follower)
            assert is_trimmed(store, room_id, told[0])

    slow = Conversation(store, Limits(message_rate=0), Slow(archive, meanwhile))
    assert said(slow.page(ANN, room_id, after=0, limit=2).messages) == [
        "changed meanwhile",
        "word 2",
    ]
    told.clear()
    slow.react(ANN, room_id, 1, THUMB, True)
    catch_up(follower)
    assert read([deep.one(ANN, room_id, 1)])[0]["reactions"] == {THUMB: [ANN.user_id]}


def test_a_page_whose_messages_were_all_deleted_since_goes_on_behind_them(deep, follow, room_id):
    talk_much(deep, room_id, 60)
    follow(recent=10)
    for seq in range(21, 31):
        deep.delete(ANN, room_id, seq)
    page = deep.page(ANN, room_id, before=31, limit=10)
    assert said(page.messages)[-1] == "word 20" and page.more
    page = deep.page(ANN, room_id, after=20, limit=10)
    assert said(page.messages)[0] == "word 31" and page.more


def test_a_page_around_takes_no_other_window(deep, room_id):
    with pytest.raises(Invalid):
        deep.around(ANN, room_id, 5, others=(3, None))
    for bad in ("5", -1, 2**53, True):
        with pytest.raises(Invalid):
            deep.around(ANN, room_id, bad)
