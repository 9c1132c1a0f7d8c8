"""Pages against a small model: as if nothing was ever trimmed, wherever the follower is."""

import json
import random

import pytest

from chat import keys
from tests.archive.conftest import catch_up
from tests.archive.told import ANN, BEN, CAM, PARTY, THUMB, is_trimmed, read, seqs

pytestmark = pytest.mark.usefixtures("small_blocks")


@pytest.fixture(params=["plain", "sealed"])
def a_room(request, room_management, store):
    room = room_management.create(ANN, "Plans", True, request.param == "sealed")
    for person in (BEN, CAM):
        store.redis.hset(keys.members(room.room_id), person.user_id, f"member 0 {person.name}")
    return room.room_id


class Model:
    """What everybody should read: every message that is not deleted, as it reads now."""

    def __init__(self, deep, room_id, is_sealed, dice):
        self.deep, self.room_id, self.is_sealed, self.dice = deep, room_id, is_sealed, dice
        self.texts, self.senders, self.reactions, self.edits = {}, {}, {}, {}

    def step(self):
        kind = self.dice.choices(["talk", "edit", "react", "delete"], [6, 3, 3, 1])[0]
        if kind == "talk" or not self.texts:
            person, text = self.dice.choice([ANN, BEN]), f"말 {self.dice.random()}"
            seq = self.deep.talk(person, self.room_id, text)["seq"]
            self.texts[seq], self.senders[seq] = text, person
            return
        seq = self.dice.choice(list(self.texts))
        if kind == "edit":
            text = f"edit {self.dice.random()}"
            self.deep.edit(self.senders[seq], self.room_id, seq, text)
            self.texts[seq] = text
            self.edits[seq] = self.edits.get(seq, 0) + 1
        elif kind == "react":
            person, emoji = self.dice.choice([ANN, BEN, CAM]), self.dice.choice([THUMB, PARTY])
            on = self.dice.random() < 0.7
            self.deep.react(person, self.room_id, seq, emoji, on)
            given = self.reactions.setdefault(seq, set())
            (given.add if on else given.discard)((emoji, person.user_id))
        else:
            self.deep.delete(ANN, self.room_id, seq)
            del self.texts[seq]

    def reads(self, message):
        seq = message["seq"]
        assert message["message"] == self.texts[seq], f"{seq} has another text"
        assert message["senderId"] == self.senders[seq].user_id
        assert ("editedAt" in message) == (seq in self.edits)
        given = message.get("reactions", {}).items()
        found = {(emoji, user_id) for emoji, ids in given for user_id in ids}
        assert found == self.reactions.get(seq, set()), f"{seq} has other reactions"
        if self.is_sealed and seq in self.edits:
            kept = min(20, self.edits[seq])
            assert [edit["ref"] for edit in message["edits"]] == [seq] * kept

    def check(self):
        """Walk through all of it, in both directions, and look at both sides of a message."""
        limit = self.dice.randint(1, 9)
        walked, before = [], None
        while True:
            page = self.deep.page(BEN, self.room_id, before, None, limit)
            walked = page.messages + walked
            if not page.more:
                break
            assert page.messages, "a page says that there are more, and has nothing to go on from"
            before = read(page.messages[:1])[0]["seq"]
        self._is_all(walked)
        walked, after = [], 0
        while True:
            page = self.deep.page(BEN, self.room_id, None, after, limit)
            walked += page.messages
            if not page.more:
                break
            after = read(page.messages[-1:])[0]["seq"]
        self._is_all(walked)
        if self.texts:
            self._around(self.dice.choice(sorted(self.texts)), limit)

    def _is_all(self, messages):
        found = read(messages)
        assert [each["seq"] for each in found] == sorted(self.texts)
        for each in found:
            self.reads(each)

    def _around(self, seq, limit):
        found = self.deep.around(BEN, self.room_id, seq, limit)
        numbers = seqs(found.messages)
        everything = sorted(self.texts)
        at = everything.index(numbers[0])
        assert seq in numbers and len(numbers) <= limit
        assert numbers == everything[at : at + len(numbers)], "something is left out"
        assert found.more_before or at == 0
        assert found.more_after == (numbers[-1] != everything[-1])
        for each in read(found.messages):
            self.reads(each)
        self.reads(json.loads(self.deep.one(BEN, self.room_id, seq)))


@pytest.mark.parametrize("seed", range(2))
def test_pages_are_as_if_nothing_was_ever_trimmed(store, deep, follow, request, a_room, seed):
    """Whatever people do, to messages of any age, and wherever the follower is at that moment."""
    dice = random.Random(seed)
    follower = follow(recent=8)
    model = Model(deep, a_room, "sealed" in request.node.callspec.id, dice)
    for number in range(100):
        model.step()
        if dice.random() < 0.25:
            follower.work()
        if number % 10 == 9:
            model.check()
    assert is_trimmed(store, a_room, min(model.texts, default=1)), "nothing was ever trimmed"
    catch_up(follower)
    model.check()
