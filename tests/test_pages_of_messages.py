"""A page has as many messages as asked for, each as it reads now."""

import json

import pytest

from chat import history, keys
from chat.errors import NotFound
from tests.conftest import somebody

ANN, BEN = somebody("Ann"), somebody("Ben")


def read(page):
    return [json.loads(message) for message in page.messages]


def numbers(page):
    return [message["seq"] for message in read(page)]


def test_a_page_holds_what_was_said_and_nothing_else(conversation, store, room_id):
    for number in range(30):
        conversation.talk(ANN, room_id, f"message {number}")
    for number in range(60):
        conversation.react(ANN, room_id, 30, "👍", number % 2 == 0)
    page = history.page(store, room_id)
    assert numbers(page) == list(range(1, 31))
    assert page.more is False and page.seq == 90
    few = history.page(store, room_id, limit=10)
    assert numbers(few) == list(range(21, 31)) and few.more is True
    earlier = history.page(store, room_id, before=21)
    assert numbers(earlier) == list(range(1, 21)) and earlier.more is False
    later = history.page(store, room_id, after=5, limit=10)
    assert numbers(later) == list(range(6, 16)) and later.more is True
    assert numbers(history.page(store, room_id, after=25, limit=10)) == list(range(26, 31))


@pytest.fixture
def crowded(conversation, store, room_id):
    """Two messages, 2500 entries of other kinds, and two messages again."""
    for text in ("one", "two"):
        conversation.talk(ANN, room_id, text)
    react(store, room_id, 3, 2502)
    for text in ("three", "four"):
        conversation.talk(ANN, room_id, text)
    return room_id


def react(store, room_id, first, last):
    """Entries as reactions leave them, without the time that so many calls take."""
    with store.redis.pipeline(transaction=False) as pipeline:
        for number in range(first, last + 1):
            entry = {"m": '{"type":"REACT","userCount":0,"sentAt":1,"ref":1}'}
            pipeline.xadd(keys.stream(room_id), entry, f"0-{number}")
        pipeline.hset(keys.room(room_id), "seq", last)
        pipeline.execute()


@pytest.mark.parametrize(
    ("window", "found", "more"),
    [
        ({}, [1, 2, 2503, 2504], False),
        ({"limit": 3}, [2, 2503, 2504], True),
        ({"limit": 2}, [2503, 2504], True),
        ({"before": 2504, "limit": 2}, [2, 2503], True),
        ({"before": 2400}, [1, 2], False),
        ({"before": 2400, "limit": 1}, [2], True),
        ({"after": 0}, [1, 2, 2503, 2504], False),
        ({"after": 0, "limit": 3}, [1, 2, 2503], True),
        ({"after": 1, "limit": 1}, [2], True),
        ({"after": 2, "limit": 1}, [2503], True),
        ({"after": 2504}, [], False),
    ],
)
def test_a_page_is_whole_however_many_reactions_stand_between(
    conversation, store, crowded, window, found, more
):
    page = conversation.page(ANN, crowded, **window)
    assert (numbers(page), page.more) == (found, more)
    assert page.rest is None and page.seq == 2504
    assert (
        conversation.join(ANN, crowded, "s1").page.messages
        == conversation.page(ANN, crowded).messages
    )


def test_one_call_to_the_store_reads_a_few_hundred_entries_at_most(store, crowded):
    asked, seen = history.newest(crowded), 0
    page = store.ask(asked)
    while page.rest is not None:
        seen += 1
        assert numbers(page)[-2:] == [2503, 2504]
        page = store.ask(page.rest)
    assert numbers(page) == [1, 2, 2503, 2504]
    assert seen >= 2504 / (history.READ_AT_ONCE + history.FRESH + 1) - 1


def test_behind_very_many_reactions_a_page_ends_where_it_has_a_message(
    conversation, store, crowded, monkeypatch
):
    monkeypatch.setattr(history, "READ_MOST", 600)
    newest = conversation.page(ANN, crowded)
    assert (numbers(newest), newest.more) == ([2503, 2504], True)
    # The page before begins at once behind all of them.
    earlier = conversation.page(ANN, crowded, before=2503)
    assert (numbers(earlier), earlier.more) == ([1, 2], False)


def test_a_page_that_is_read_on_in_another_epoch_ends_there(conversation, store, crowded):
    page = store.ask(history.newest(crowded))
    store.redis.hset(keys.room(crowded), "epoch", "another")
    page = history.complete(store, page)
    assert (numbers(page), page.more, page.rest) == ([2503, 2504], True, None)
    assert page.epoch != "another"


def test_nobody_reads_on_who_was_taken_out_meanwhile(
    room_management, conversation, store, made, monkeypatch
):
    ann, ben = made("ann"), made("ben")
    room_id = room_management.create(ann, "Plans", True, None).room_id
    room_management.set_member(ann, room_id, "ben")
    react(store, room_id, 1, 700)
    answers_to, calls = store._answers, []

    def answers_beside(asked):
        if any(getattr(call, "script", "") == "page" for call in asked):
            calls.append(asked)
            if len(calls) == 2:
                room_management.remove(ann, room_id, "ben")
        return answers_to(asked)

    monkeypatch.setattr(store, "_answers", answers_beside)
    with pytest.raises(NotFound):
        conversation.page(ben, room_id)
    assert len(calls) == 2


def test_a_message_reads_as_it_was_edited_last(conversation, store, room_id):
    conversation.talk(ANN, room_id, "one")
    # The newest of the edits 2 to 12, whatever they are called as text.
    for number in range(2, 13):
        conversation.edit(ANN, room_id, 1, f"edit {number}", f"c{number}")
    [message] = read(history.page(store, room_id))
    assert message["message"] == "edit 12" and message["seq"] == 1
    assert message["editedAt"] >= message["sentAt"]
    assert message["editClientId"] == "c12" and "edits" not in message


def test_a_message_beside_an_edited_one_reads_as_it_was_said(conversation, store, room_id):
    for said in ("one", "two"):
        conversation.talk(ANN, room_id, said)
    conversation.edit(ANN, room_id, 2, "edited")
    found = read(history.page(store, room_id))
    assert [message["message"] for message in found] == ["one", "edited"]


def test_in_an_encrypted_room_the_reader_decides_which_edits_count(
    room_management, conversation, store
):
    sealed = room_management.create(ANN, "Secrets", None, True).room_id
    conversation.talk(ANN, sealed, "one")
    for number in range(2, 13):
        conversation.edit(ANN, sealed, 1, f"edit {number}", f"c{number}")
    [message] = read(history.page(store, sealed))
    assert (message["original"], message["message"]) == ("one", "edit 12")
    assert [edit["message"] for edit in message["edits"]] == [f"edit {n}" for n in range(2, 13)]
    assert [edit["seq"] for edit in message["edits"]] == list(range(2, 13))
    assert {edit["type"] for edit in message["edits"]} == {"EDIT"}


def test_a_message_carries_who_reacted(conversation, store, room_id):
    conversation.talk(ANN, room_id, "one")
    conversation.talk(ANN, room_id, "two")
    conversation.react(ANN, room_id, 1, "👍", True)
    conversation.react(BEN, room_id, 1, "👍", True)
    conversation.react(BEN, room_id, 1, "🎉", True)
    conversation.react(ANN, room_id, 1, "🎉", True)
    conversation.react(ANN, room_id, 1, "🎉", False)
    one, two = read(history.page(store, room_id))
    assert one["reactions"] == {"👍": sorted([ANN.user_id, BEN.user_id]), "🎉": [BEN.user_id]}
    assert "reactions" not in two and "editedAt" not in two


def test_a_deleted_message_is_not_in_a_page(conversation, store, room_id):
    for text in ("one", "two", "three"):
        conversation.talk(ANN, room_id, text)
    conversation.edit(ANN, room_id, 2, "zwei")
    conversation.delete(ANN, room_id, 2)
    assert numbers(history.page(store, room_id)) == [1, 3]


def test_what_was_missed_is_every_entry(conversation, store, room_id):
    conversation.talk(ANN, room_id, "one")
    conversation.edit(ANN, room_id, 1, "two")
    conversation.react(ANN, room_id, 1, "👍", True)
    epoch = history.page(store, room_id).epoch
    missed = store.ask(history.since(room_id, 0, epoch))
    assert [message["type"] for message in read(missed)] == ["TALK", "EDIT", "REACT"]


@pytest.mark.parametrize("reactions", [999, 3_005])
def test_many_reactions_do_not_hide_what_was_said_before(conversation, store, room_id, reactions):
    conversation.talk(ANN, room_id, "popular")
    for number in range(reactions):
        conversation.react(ANN, room_id, 1, "👍", number % 2 == 0)
    page = history.page(store, room_id, limit=1)
    assert numbers(page) == [1] and page.more is False


def test_a_page_is_bounded_in_bytes(conversation, store, room_id):
    for _ in range(150):
        conversation.talk(ANN, room_id, "한" * 3_000)
    page = history.page(store, room_id, limit=200)
    assert 100 < len(page.messages) < 150 and page.more is True
    assert sum(map(len, page.messages)) < history.BYTES_MAX + 10_000


@pytest.fixture
def long_messages(conversation, room_id):
    """A hundred messages of 16 KB."""
    for _ in range(100):
        conversation.talk(ANN, room_id, "😀" * 4000)
    return room_id


def test_who_missed_more_bytes_than_a_page_has_starts_from_the_newest_page(
    conversation, store, long_messages
):
    epoch = history.page(store, long_messages).epoch
    back = conversation.join(BEN, long_messages, "s1", since=1, epoch=epoch)
    assert back.recovered is False
    assert sum(map(len, back.page.messages)) < history.BYTES_MAX + 20_000
    # What is missing before that page is paged back to.
    assert numbers(back.page) == list(range(51, 101)) and back.page.seq == 100
    earlier = conversation.page(BEN, long_messages, before=51, limit=50)
    assert numbers(earlier) == list(range(1, 51))


def test_who_missed_less_gets_all_of_it(conversation, store, long_messages):
    epoch = history.page(store, long_messages).epoch
    back = conversation.join(BEN, long_messages, "s1", since=41, epoch=epoch)
    assert back.recovered is True and numbers(back.page) == list(range(42, 101))


def test_a_worker_is_given_what_it_missed_piece_by_piece(conversation, store, long_messages):
    epoch = history.page(store, long_messages).epoch
    conversation.delete(ANN, long_messages, 50)
    seq, found, pieces = 0, [], 0
    more = True
    while more:
        piece = store.ask(history.page_after(long_messages, seq, epoch))
        assert sum(map(len, piece.messages)) < history.BYTES_MAX + 20_000
        found += numbers(piece)
        seq, more, pieces = found[-1], piece.more, pieces + 1
    assert found == [number for number in range(1, 102) if number != 50]
    assert pieces == 2


@pytest.fixture
def much_edited(room_management, conversation):
    """An encrypted room with four messages, each of which has been edited 25 times, at length."""
    sealed = room_management.create(ANN, "Secrets", None, True).room_id
    for _ in range(4):
        seq = conversation.talk(ANN, sealed, "first")["seq"]
        for number in range(25):
            conversation.edit(ANN, sealed, seq, f"{number:02}" + "😀" * 3990)
    return sealed


def test_a_page_has_the_newest_edits_of_a_message_and_no_more_of_them(store, much_edited):
    newest = read(history.page(store, much_edited))[-1]
    assert [edit["message"][:2] for edit in newest["edits"]] == [f"{n:02}" for n in range(5, 25)]
    assert newest["original"] == "first" and newest["message"][:2] == "24"


def test_edits_count_among_the_bytes_of_a_page(store, much_edited):
    page = history.page(store, much_edited)
    assert sum(map(len, page.messages)) <= history.BYTES_MAX + 20_000
    assert (numbers(page), page.more) == ([53, 79], True)
    assert numbers(history.page(store, much_edited, before=53)) == [1, 27]
    assert numbers(history.page(store, much_edited, after=0)) == [1, 27]


def test_a_page_that_is_read_in_parts_has_no_more_bytes_than_another(
    store, much_edited, monkeypatch
):
    monkeypatch.setattr(history, "READ_AT_ONCE", 10)
    page = history.page(store, much_edited)
    assert (numbers(page), page.more) == ([53, 79], True)
    page = history.page(store, much_edited, after=0)
    assert (numbers(page), page.more) == ([1, 27], True)
