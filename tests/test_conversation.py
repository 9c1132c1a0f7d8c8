"""Joining, talking and history: each acknowledged message is stored once and in order."""

import json

import pytest

from chat import history, rooms
from chat.conversation import Conversation
from chat.errors import Forbidden, Invalid, NotFound, NotJoined, RateLimited, TooLong
from chat.limits import Limits
from tests.conftest import somebody

ANN = somebody("Ann")
BEN = somebody("Ben")


@pytest.fixture
def conversation(store):
    return Conversation(store, Limits(message_max=100, message_rate=0))


@pytest.fixture
def room(room_management):
    return room_management.create(ANN, "Plans", None, None).room_id


def said(page):
    return [json.loads(message)["message"] for message in page.messages]


def test_messages_are_numbered_densely_and_read_back_as_they_were_sent(conversation, store, room):
    conversation.join(ANN, room, "s1")
    answers = [conversation.talk(ANN, room, f"{i} 안녕", sid="s1") for i in range(3)]
    assert [answer["seq"] for answer in answers] == [1, 2, 3]
    page = history.page(store, room)
    assert said(page) == ["0 안녕", "1 안녕", "2 안녕"]
    assert json.loads(page.messages[0]) == {
        "seq": 1,
        "type": "TALK",
        "userCount": 1,
        "sentAt": answers[0]["sentAt"],
        "roomId": room,
        "n": 1,
        "sender": "Ann",
        "senderId": ANN.user_id,
        "message": "0 안녕",
    }


def test_a_repeated_client_id_is_stored_once_and_gets_the_first_answer(conversation, store, room):
    first = conversation.talk(ANN, room, "hi", client_id="c-1")
    assert conversation.talk(ANN, room, "hi again", client_id="c-1") == first
    assert conversation.talk(BEN, room, "hi too", client_id="c-1")["seq"] == 2
    assert said(history.page(store, room)) == ["hi", "hi too"]


def test_a_client_id_comes_back_with_the_message(conversation, store, room):
    conversation.talk(ANN, room, "hi", client_id="c-1")
    assert json.loads(history.page(store, room).messages[0])["clientId"] == "c-1"


def test_people_talk_through_a_connection_in_the_room(conversation, store, room):
    with pytest.raises(NotJoined):
        conversation.talk(ANN, room, "hi", sid="s1")
    conversation.join(ANN, room, "s1")
    with pytest.raises(NotJoined):
        conversation.talk(BEN, room, "hi", sid="s1")
    conversation.leave(ANN, room, "s1")
    with pytest.raises(NotJoined):
        conversation.talk(ANN, room, "hi", sid="s1")
    assert history.page(store, room).seq == 0


@pytest.mark.parametrize(
    ("message", "error"),
    [("", Invalid), ("x" * 101, TooLong), ("a\0", Invalid), (None, Invalid), ({}, Invalid)],
)
def test_what_may_not_be_said_changes_nothing(conversation, store, room, message, error):
    with pytest.raises(error):
        conversation.talk(ANN, room, message)
    assert history.page(store, room).messages == []


def test_too_many_messages_are_refused_and_not_stored(store, room):
    conversation = Conversation(store, Limits(message_rate=1, message_burst=3))
    for _ in range(3):
        conversation.talk(ANN, room, "hi")
    with pytest.raises(RateLimited) as refused:
        conversation.talk(ANN, room, "hi")
    assert 0 < refused.value.retry_after <= 1
    conversation.talk(BEN, room, "hi")
    assert history.page(store, room).seq == 4


def test_joining_tells_who_is_there_and_what_was_said_last(conversation, room):
    for i in range(60):
        conversation.talk(ANN, room, str(i))
    conversation.join(ANN, room, "s1")
    joined = conversation.join(BEN, room, "s2")
    assert (joined.user_count, joined.recovered) == (2, False)
    assert joined.names == {ANN.user_id: "Ann", BEN.user_id: "Ben"}
    assert said(joined.page) == [str(i) for i in range(10, 60)]
    assert joined.page.seq == 60


def test_who_was_away_gets_exactly_what_it_missed(conversation, room):
    epoch = conversation.join(ANN, room, "s1").page.epoch
    for i in range(300):
        conversation.talk(BEN, room, str(i))
    joined = conversation.join(ANN, room, "s2", since=10, epoch=epoch)
    assert joined.recovered and said(joined.page) == [str(i) for i in range(10, 300)]
    joined = conversation.join(ANN, room, "s2", since=300, epoch=epoch)
    assert joined.recovered and joined.page.messages == []


@pytest.mark.parametrize("case", ["other epoch", "beyond the top", "trimmed", "no epoch"])
def test_who_cannot_be_told_all_gets_a_fresh_page(conversation, store, room, case):
    epoch = conversation.join(ANN, room, "s1").page.epoch
    for i in range(20):
        conversation.talk(BEN, room, str(i))
    since = 5
    if case == "other epoch":
        epoch = "other"
    elif case == "beyond the top":
        since = 21
    elif case == "trimmed":
        store.redis.xtrim(f"maru:room:{{{room}}}:stream", maxlen=10, approximate=False)
    else:
        epoch = None
    joined = conversation.join(ANN, room, "s2", since=since, epoch=epoch)
    assert not joined.recovered
    assert joined.page.seq == 20 and said(joined.page)[-1] == "19"


@pytest.mark.parametrize("since", ["1", -1, 1.5, True, 2**60])
def test_a_bad_cursor_is_refused_and_nobody_enters(conversation, store, room, since):
    with pytest.raises(Invalid):
        conversation.join(ANN, room, "s1", since=since, epoch="x")
    assert store.redis.zcard(f"maru:room:{{{room}}}:conns") == 0


def test_a_stream_that_was_lost_begins_a_new_epoch(conversation, store, room):
    conversation.talk(ANN, room, "old")
    before = history.page(store, room)
    store.redis.delete(f"maru:room:{{{room}}}:stream")
    conversation.talk(ANN, room, "new")
    after = history.page(store, room)
    assert after.seq > before.seq and after.epoch != before.epoch
    assert store.ask(history.since(room, before.seq, before.epoch)) is None


def test_what_was_erased_from_a_lost_stream_is_no_excuse_for_a_hole(conversation, store, room):
    """Numbers go on far above, and those that were erased before are not among them."""
    for i in range(3):
        conversation.talk(ANN, room, str(i))
    conversation.delete(ANN, room, 3)
    store.redis.delete(f"maru:room:{{{room}}}:stream")
    for i in range(4):
        conversation.talk(ANN, room, str(i))
    page = history.page(store, room)
    first, epoch = page.seq - 3, page.epoch
    assert said(store.ask(history.since(room, first, epoch))) == ["1", "2", "3"]
    store.redis.xtrim(f"maru:room:{{{room}}}:stream", maxlen=2, approximate=False)
    assert store.ask(history.since(room, first, epoch)) is None
    assert store.ask(history.since(room, 2, epoch)) is None, "that is before the first of them"


def test_numbers_go_on_after_trimming(conversation, store, room):
    for i in range(10):
        conversation.talk(ANN, room, str(i))
    store.redis.xtrim(f"maru:room:{{{room}}}:stream", maxlen=0, approximate=False)
    assert conversation.talk(ANN, room, "more")["seq"] == 11


def test_history_is_paged_both_ways(conversation, store, room):
    for i in range(1, 8):
        conversation.talk(ANN, room, str(i))
    newest = history.page(store, room, limit=3)
    assert (said(newest), newest.more) == (["5", "6", "7"], True)
    older = history.page(store, room, before=5, limit=3)
    assert (said(older), older.more) == (["2", "3", "4"], True)
    oldest = history.page(store, room, before=2, limit=3)
    assert (said(oldest), oldest.more) == (["1"], False)
    assert said(history.page(store, room, before=1)) == []
    assert said(history.page(store, room, before=0)) == []
    newer = history.page(store, room, after=2, limit=3)
    assert (said(newer), newer.more) == (["3", "4", "5"], True)
    assert said(history.page(store, room, after=7)) == []


@pytest.mark.parametrize(
    "window",
    [{"limit": 0}, {"limit": 201}, {"before": -1}, {"after": "1"}, {"before": 1, "after": 1},
     {"before": 2**64}, {"limit": True}],
)  # fmt: skip
def test_a_bad_window_is_refused(store, room, window):
    with pytest.raises(Invalid):
        history.page(store, room, **window)


def test_guests_neither_join_nor_talk(conversation, room, made):
    guest = made("gus", "guest")
    with pytest.raises(Forbidden):
        conversation.join(guest, room, "s1")
    with pytest.raises(Forbidden):
        conversation.talk(guest, room, "hi")


def test_nobody_joins_a_room_that_is_not_there(conversation):
    with pytest.raises(NotFound):
        conversation.join(ANN, "nowhere", "s1")


def test_changed_rooms_are_collected_for_the_live_list(conversation, room):
    conversation.rooms_to_publish.clear()
    conversation.talk(ANN, room, "hi")
    assert conversation.rooms_to_publish == {room}
    conversation.rooms_to_publish.clear()
    rooms.access(conversation.store, ANN, room)
    assert conversation.rooms_to_publish == set()


def test_a_room_counts_what_was_said_and_not_what_was_done_to_it(conversation, store, room):
    conversation.talk(ANN, room, "one")
    first = conversation.talk(BEN, room, 'two, "sender":"Cat"')["seq"]
    conversation.react(ANN, room, first, "🎉", True)
    conversation.edit(BEN, room, first, "two!")
    [found] = rooms.find(store, [room])
    assert (found.seq, found.said, found.said_by, found.said_by_id) == (4, 2, "Ben", BEN.user_id)
