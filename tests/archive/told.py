"""What tests of pages read in them."""

import json

from chat import keys
from tests.conftest import somebody

ANN, BEN, CAM = somebody("Ann"), somebody("Ben"), somebody("Cam")
THUMB, PARTY = "👍", "🎉"


def read(messages):
    return [json.loads(each) for each in messages]


def said(messages):
    return [each["message"] for each in read(messages)]


def seqs(messages):
    return [each["seq"] for each in read(messages)]


def talk_much(deep, room_id, count):
    for number in range(1, count + 1):
        deep.talk(ANN, room_id, f"word {number}")


def is_trimmed(store, room_id, seq):
    return not store.redis.xrange(keys.stream(room_id), f"0-{seq}", f"0-{seq}")
