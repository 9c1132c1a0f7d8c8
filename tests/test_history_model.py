"""Messages against a small model: dense numbers, no doubles, pages that are exact.

The model knows what is stored by number, who has reacted to what, and what each clientId
led to.
"""

import json
from functools import partial

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from chat import history, keys, room_lifecycle, rooms
from chat.conversation import Conversation
from chat.errors import Conflict, Forbidden, NotFound
from chat.limits import Limits
from tests.conftest import entries, somebody

#: The first one owns the room, and may delete what others said.
PEOPLE = [somebody("Ann"), somebody("Ben"), somebody("최민")]
people = st.sampled_from(PEOPLE)
#: Few, so that they are often repeated.
client_ids = st.sampled_from([None, "a", "b", "c"])
words = st.text(st.characters(codec="utf-8", categories=["L", "N", "So"]), min_size=1, max_size=8)
numbers = st.integers(1, 30)


class HistoryMachine(RuleBasedStateMachine):
    def __init__(self, store):
        super().__init__()
        self.store = store
        store.redis.flushall()
        self.conversation = Conversation(store, Limits(message_rate=0))
        self.room = room_lifecycle.create(store, PEOPLE[0], "Plans").room_id
        self.channel = store.redis.pubsub(ignore_subscribe_messages=True)
        self.channel.subscribe(keys.room(self.room))
        self.channel.get_message(timeout=30)
        self.epoch = history.page(store, self.room).epoch
        self.top = 0
        self.stored = {}
        self.erased = set()
        #: UserIds of those who have put the one emoji under a message, by its number.
        self.reacted = {}
        self.said = self.deleted = 0
        self.remembered = {}
        #: What each remembered clientId stands for.
        self.meant = {}
        self.is_lost = False

    def teardown(self):
        self.channel.close()

    @rule(user=people, said=words, client_id=client_ids)
    def talk(self, user, said, client_id):
        new = {"type": "TALK", "message": said}
        talk = partial(self.conversation.talk, user, self.room, said, client_id)
        if self._stands_for_another(user, client_id, new):
            with pytest.raises(Conflict):
                talk()
            return
        seq = talk()["seq"]
        assert seq == self._note(user, client_id, new, seq)

    @rule(user=people, count=st.integers(2, 8))
    def talk_much(self, user, count):
        for number in range(count):
            self.talk(user, f"and {number}", None)

    @rule(user=people, ref=numbers, said=words, client_id=client_ids)
    def edit(self, user, ref, said, client_id):
        new = {"type": "EDIT", "message": said, "ref": ref}
        edit = partial(self.conversation.edit, user, self.room, ref, said, client_id)
        self._alter(user, client_id, new, edit, self._said(ref)["sender"] == user.name)

    @rule(user=people, ref=numbers, client_id=client_ids)
    def delete(self, user, ref, client_id):
        allowed = user is PEOPLE[0] or self._said(ref)["sender"] == user.name
        new = {"type": "DELETE", "message": "", "ref": ref}
        delete = partial(self.conversation.delete, user, self.room, ref, client_id)
        if self._alter(user, client_id, new, delete, allowed):
            gone = [ref, *(n for n, m in self.stored.items() if self._edits(m, ref))]
            for seq in gone:
                del self.stored[seq]
            self.erased.update(gone)
            self.reacted.pop(ref, None)
            self.deleted += 1

    @rule(user=people, ref=numbers, on=st.booleans(), client_id=client_ids)
    def react(self, user, ref, on, client_id):
        new = {"type": "REACT", "message": "", "ref": ref, "emoji": "👍", "on": on}
        react = partial(self.conversation.react, user, self.room, ref, "👍", on, client_id)
        if self._alter(user, client_id, new, react, True):
            change = set.add if on else set.discard
            change(self.reacted.setdefault(ref, set()), user.user_id)

    @precondition(lambda self: self.stored)
    @rule(keep=st.integers(0, 10))
    def old_ones_are_trimmed(self, keep):
        stream = keys.stream(self.room)
        self.store.redis.xtrim(stream, maxlen=keep, approximate=False)
        self.stored = {
            seq: self.stored[seq] for seq in sorted(self.stored)[-keep or len(self.stored) :]
        }

    @precondition(lambda self: self.stored)
    @rule()
    def the_stream_is_lost(self):
        """The next message begins a new one, and a new epoch."""
        self.store.redis.delete(keys.stream(self.room))
        self.stored, self.is_lost = {}, True

    @rule(after=st.integers(0, 40), limit=st.integers(1, 8))
    def page_after(self, after, limit):
        following = [seq for seq in self._talks() if seq > after]
        page = following[:limit]
        self._is_page(page, len(following) > len(page), after=after, limit=limit)

    @rule(before=st.integers(0, 40), limit=st.integers(1, 8))
    def page_before(self, before, limit):
        earlier = [seq for seq in self._talks() if seq < before]
        page = earlier[-limit:]
        self._is_page(page, len(earlier) > len(page), before=before, limit=limit)

    @rule(since=st.integers(0, 40), known=st.booleans(), right=st.booleans())
    def come_back(self, since, known, right):
        """All that was missed is given, or it is said that it cannot be."""
        epoch = self.epoch if known else "another"
        at = self.stored[since]["sentAt"] if since in self.stored else None
        if at is not None and not right:
            at -= 1
        page = self.store.ask(history.since(self.room, since, epoch, at))
        there = {seq for seq in (*self.stored, *self.erased) if since < seq <= self.top}
        whole = len(there) == self.top - since
        known = known and (right or since not in self.stored)
        if known and since <= self.top and whole:
            assert page is not None, "all of it is there"
            assert _seqs(page) == sorted(there & self.stored.keys())
        else:
            assert page is None, "part of it claims to be the whole"

    @invariant()
    def what_is_told_is_what_is_stored(self):
        assert entries(self.store, self.room) == [self.stored[seq] for seq in sorted(self.stored)]
        page = history.page(self.store, self.room, limit=200)
        assert [json.loads(m) for m in page.messages] == [
            self._as_read(seq) for seq in self._talks()[-200:]
        ]
        assert (page.seq, page.epoch) == (self.top, self.epoch)
        [room] = rooms.find(self.store, [self.room])
        assert (room.said, room.wire()["talks"]) == (self.said, self.said - self.deleted)

    def _alter(self, user, client_id, new, operation, allowed):
        """Carry it out; gives whether it was new, and allowed."""
        repeated = (user.name, client_id) in self.remembered
        if self._stands_for_another(user, client_id, new):
            with pytest.raises(Conflict):
                operation()
        elif not repeated and self._said(new["ref"]) == {"sender": None}:
            with pytest.raises(NotFound):
                operation()
        elif not repeated and not allowed:
            with pytest.raises(Forbidden):
                operation()
        else:
            seq = operation()
            assert seq == self._note(user, client_id, new, seq)
            return not repeated
        return False

    def _stands_for_another(self, user, client_id, new):
        """Whether the clientId was given to something else before."""
        seq = self.remembered.get((user.name, client_id))
        return seq is not None and self.meant[user.name, client_id] != _meaning(new)

    def _note(self, user, client_id, new, seq):
        """The number that it must have; and a subscriber receives it once, if it is new."""
        if (user.name, client_id) in self.remembered:
            assert self._told() == []
            return self.remembered[user.name, client_id]
        [told] = self._told()
        if self.is_lost:
            assert told["epoch"] != self.epoch and told["seq"] > self.top + 1
            self.epoch, self.top, self.is_lost = told.pop("epoch"), told["seq"] - 1, False
            self.erased, self.reacted = set(), {}
        self.top += 1
        if new["type"] == "TALK":
            self.said += 1
            new = {**new, "n": self.said}
        if client_id is not None:
            self.remembered[user.name, client_id] = self.top
            self.meant[user.name, client_id] = _meaning(new)
            new = {**new, "clientId": client_id}
        assert told["sentAt"] > 0
        sender = {"sender": user.name, "senderId": user.user_id}
        usual = {"roomId": self.room, **sender, "userCount": 0}
        assert told == {**usual, **new, "seq": self.top, "sentAt": told["sentAt"]}
        self.stored[self.top] = told
        return self.top

    def _said(self, ref):
        found = self.stored.get(ref, {})
        return found if found.get("type") == "TALK" else {"sender": None}

    def _talks(self):
        return [seq for seq in sorted(self.stored) if self.stored[seq]["type"] == "TALK"]

    def _as_read(self, seq):
        """A TALK with its newest text, and the reactions to it."""
        talk = dict(self.stored[seq])
        edits = [n for n, m in self.stored.items() if self._edits(m, seq)]
        if edits:
            newest = self.stored[max(edits)]
            talk |= {"message": newest["message"], "editedAt": newest["sentAt"]}
            if "clientId" in newest:
                talk["editClientId"] = newest["clientId"]
        if self.reacted.get(seq):
            talk["reactions"] = {"👍": sorted(self.reacted[seq])}
        return talk

    def _edits(self, message, ref):
        return message["type"] == "EDIT" and message["ref"] == ref

    def _is_page(self, seqs, more, **window):
        page = history.page(self.store, self.room, **window)
        assert _seqs(page) == seqs
        assert page.more == more

    def _told(self):
        self.store.redis.publish(keys.room(self.room), "end")
        told = []
        while (heard := self.channel.get_message(timeout=30))["data"] != b"end":
            told.append(json.loads(heard["data"]))
        return told


def _meaning(new):
    """What a clientId stands for: words may differ, as those of a call that was repeated."""
    return {name: value for name, value in new.items() if name not in ("message", "n")}


def _seqs(page):
    return [json.loads(message)["seq"] for message in page.messages]


def test_history_does_what_the_model_says(store):
    run_state_machine_as_test(partial(HistoryMachine, store))
