"""A page has as many messages as asked for, each as it reads now."""

import json

import pytest

from chat import history
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
    administration, conversation, store
):
    sealed = administration.create(ANN, "Secrets", None, True).room_id
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
