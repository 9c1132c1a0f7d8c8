"""A page has as many messages as asked for, however often they were changed."""

import json

from chat import history
from chat.people import Person

ANN = Person("Ann", "user", 0)


def kinds(page):
    return [json.loads(message)["type"] for message in page.messages]


def test_a_room_in_which_people_react_still_shows_what_was_said(conversation, store, room_id):
    for number in range(30):
        conversation.talk(ANN, room_id, f"message {number}")
    for number in range(60):
        conversation.react(ANN, room_id, 30, "👍", number % 2 == 0)
    page = history.page(store, room_id)
    assert kinds(page).count("TALK") == 30 and kinds(page).count("REACT") == 60
    assert page.more is False and page.seq == 90
    few = history.page(store, room_id, limit=10)
    assert kinds(few).count("TALK") == 10 and few.more is True
    earlier = history.page(store, room_id, before=json.loads(few.messages[0])["seq"])
    assert kinds(earlier).count("TALK") == 20 and earlier.more is False


def test_a_page_is_bounded_in_entries(conversation, store, room_id):
    conversation.talk(ANN, room_id, "popular")
    for number in range(history.ENTRIES_MAX + 5):
        conversation.react(ANN, room_id, 1, "👍", number % 2 == 0)
    page = history.page(store, room_id)
    assert len(page.messages) == history.ENTRIES_MAX and page.more is True
    rest = history.page(store, room_id, before=json.loads(page.messages[0])["seq"])
    assert len(rest.messages) == 6 and rest.more is False


def test_a_page_is_bounded_in_bytes(conversation, store, room_id):
    for _ in range(150):
        conversation.talk(ANN, room_id, "한" * 3_000)
    page = history.page(store, room_id, limit=200)
    assert 100 < len(page.messages) < 150 and page.more is True
    assert sum(map(len, page.messages)) < history.BYTES_MAX + 10_000
