"""A room in which what is unread is counted in the plainest way, message by message."""

from dataclasses import dataclass, replace

from chat import memberships
from chat.room_management import RoomManagement


@dataclass
class Said:
    """A TALK of the room."""

    seq: int
    sender: str
    is_deleted: bool = False


class ReadingRoom:
    """What people do in one room, through ``conversation``; ``check`` compares what is unread."""

    def __init__(self, conversation, people, private=True):
        self.conversation = conversation
        self.store = conversation.store
        owner, *others = people
        self.people = people
        # Without limits of invitations.
        limits = replace(conversation.limits, room_rate=0)
        self.room_management = RoomManagement(self.store, limits, set())
        self.room_id = self.room_management.create(owner, "Plans", private, None).room_id
        self.said: list[Said] = []
        self.read = {person.user_id: 0 for person in people}
        self.top = 0
        for other in others:
            self.room_management.set_member(owner, self.room_id, other.name)

    def talk(self, person, text="hi"):
        self.top = self.conversation.talk(person, self.room_id, text)["seq"]
        self.said.append(Said(self.top, person.user_id))
        return self.top

    def delete(self, at):
        """Its sender deletes the message at that place."""
        said = self.said[at]
        if not said.is_deleted:
            sender = next(each for each in self.people if each.user_id == said.sender)
            self.top = self.conversation.delete(sender, self.room_id, said.seq)
            said.is_deleted = True

    def react(self, person, at, is_on=True):
        said = self.said[at]
        if not said.is_deleted:
            args = self.room_id, said.seq, "👍", is_on
            self.top = self.conversation.react(person, *args)

    def mark(self, person, seq):
        marked = self.conversation.read_marks.mark(person, self.room_id, seq)
        self.read[person.user_id] = min(seq, self.top)
        assert (marked.read, marked.unread) == self.expected(person)

    def come_back(self, person):
        """A member leaves, and is added again."""
        self.room_management.remove(person, self.room_id, person.user_id)
        self.room_management.set_member(self.people[0], self.room_id, person.name)
        self.read[person.user_id] = 0

    def expected(self, person):
        read = self.read[person.user_id]
        unread = [
            said
            for said in self.said
            if said.seq > read and not said.is_deleted and said.sender != person.user_id
        ]
        return read, len(unread)

    def check(self):
        for person in self.people:
            own = self.store.ask(memberships.one(person.user_id, self.room_id))
            assert (own.read, own.unread) == self.expected(person), person.name
