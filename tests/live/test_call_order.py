"""Messages of one connection are stored in the order in which they were sent."""

import json

import pytest

from chat import keys
from chat.store.store import connect as open_store
from tests.live.raw import Raw


@pytest.fixture
def store(maru):
    opened = open_store(maru.store_url)
    yield opened
    opened.redis.connection_pool.disconnect()


def said(number, token, room, text):
    return f"42{number}" + json.dumps(
        ["message", {"token": token, "roomId": room, "message": text}]
    )


def numbers_of(raw, calls):
    """The numbers that these calls were stored under, in the order of the calls."""
    answers = {}
    while len(answers) < len(calls):
        frame = raw.receive()
        if frame.startswith("43"):
            call, answer = frame[2:].split("[", 1)
            answers[int(call)] = json.loads(f"[{answer}")[0]
    return [answers[call]["seq"] for call in calls]


def test_a_call_whose_token_has_to_be_looked_up_is_not_overtaken(person):
    ann = person("ann")
    room, first = ann.create_room(), ann.token
    raw = Raw(ann).introduce()
    assert raw.call(1, "join", roomId=room)["ok"]
    for i in range(2, 60, 3):
        # The worker has not seen this token, and asks the store about it.
        another = ann.log_in()["accessToken"]
        raw.send_together(
            *(said(i + j, token, room, "x") for j, token in enumerate((another, first, first)))
        )
        seqs = numbers_of(raw, range(i, i + 3))
        assert seqs == sorted(seqs)


def test_a_call_that_has_to_come_in_again_is_not_overtaken(person, store):
    ann = person("ann")
    room = ann.create_room()
    raw = Raw(ann).introduce()
    assert raw.call(1, "join", roomId=room)["ok"]
    for i in range(2, 1202, 30):
        # As after the end of a lease, while more and more is being said.
        store.redis.delete(keys.conns(room))
        for j in range(i, i + 30):
            raw.send(said(j, ann.token, room, "x"))
        seqs = numbers_of(raw, range(i, i + 30))
        assert seqs == sorted(seqs)
