"""A person downloads all that he or she has said."""

import json

import pytest

from chat import keys, own_messages, room_lifecycle
from chat.archive import own_messages as archived
from chat.errors import RateLimited, Unavailable
from tests.archive.conftest import catch_up
from tests.archive.told import ANN, BEN, THUMB


@pytest.fixture
def few_at_once(monkeypatch):
    monkeypatch.setattr(archived.some, "__defaults__", (3,))


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(own_messages, "_PATIENCE_S", 0.3)


def downloaded(store, archive, person):
    found = list(own_messages.lines(store, archive, person))
    assert all(line.endswith(b"}\n") and line.count(b"\n") == 1 for line in found)
    return [json.loads(line) for line in found]


def test_everything_that_one_has_said_reads_as_it_does_now(
    store, deep, archive, follow, room_id, few_at_once
):
    garden = room_lifecycle.create(store, BEN, "Garden").room_id
    for number in range(10):
        deep.talk(ANN, room_id, f"word {number}")
        deep.talk(BEN, room_id, f"of another {number}")
        deep.talk(ANN, garden, f"안녕 {number}\n")
    deep.edit(ANN, room_id, 1, "changed")
    deep.delete(ANN, room_id, 3)
    deep.react(BEN, room_id, 1, THUMB, True)
    follow()
    found = downloaded(store, archive, ANN)
    assert [(each["roomId"], each["message"]) for each in found if each["roomId"] == room_id] == [
        (room_id, text) for text in ("changed", *(f"word {number}" for number in range(2, 10)))
    ]
    assert [each["message"] for each in found if each["room"] == "Garden"] == [
        f"안녕 {number}\n" for number in range(10)
    ]
    [changed] = [each for each in found if each["message"] == "changed"]
    assert changed["editedAt"] >= changed["sentAt"] and changed["seq"] == 1
    assert {each["senderId"] for each in found} == {ANN.user_id}
    assert len(downloaded(store, archive, BEN)) == 10


def test_rooms_that_one_may_not_see_have_no_name(store, deep, archive, follow, room_id):
    secret = room_lifecycle.create(store, ANN, "Secret", private=True).room_id
    gone = room_lifecycle.create(store, ANN, "Gone").room_id
    for each in (room_id, secret, gone):
        deep.talk(ANN, each, "word")
    follow()
    store.redis.hdel(keys.members(secret), ANN.user_id)
    store.redis.delete(keys.room(gone))
    names = {each["roomId"]: each.get("room") for each in downloaded(store, archive, ANN)}
    assert names == {room_id: "Plans", secret: None, gone: None}


def test_what_was_said_last_is_waited_for(store, deep, archive, follow, room_id, impatient):
    follower = follow()
    deep.talk(ANN, room_id, "not archived yet")
    with pytest.raises(Unavailable, match="not archived yet"):
        own_messages.lines(store, archive, ANN)
    catch_up(follower)
    assert [each["message"] for each in downloaded(store, archive, ANN)] == ["not archived yet"]


def test_one_downloads_it_a_few_times_in_an_hour(store, archive, follow):
    follow()
    for _ in range(own_messages.AN_HOUR):
        assert downloaded(store, archive, ANN) == []
    with pytest.raises(RateLimited):
        own_messages.lines(store, archive, ANN)
    assert downloaded(store, archive, BEN) == []
