"""The operations of people and bots in rooms. Only this module publishes to a room for them.

Each operation checks access and input, changes the store in one step, and returns what the
acknowledgement needs. ``chat.live`` and ``chat.web`` only translate calls and answers.
"""

from dataclasses import replace
from typing import Any, cast

import orjson

from chat import history, keys, memberships, message, presence, rate_limit, rooms, validation
from chat.calls import Change, Joined
from chat.errors import N_, NotFound
from chat.limits import Limits
from chat.people import Person
from chat.rate_limit import Limiter
from chat.rooms import Room
from chat.store.store import Call, Question, Store
from chat.writer import Writer

#: Names that the acknowledgement of a join lists at the most.
NAMES = 200


class Conversation:
    """The operations, over one store.

    ``changed`` collects the ids of rooms whose counts or messages have changed; the heartbeat takes
    them from there.
    """

    def __init__(self, store: Store, limits: Limits) -> None:
        self.store = store
        self.limits = limits
        self.changed: set[str] = set()
        self.limiter = Limiter(limits.rates())
        self._writer = Writer(store, limits, self.limiter, self.changed)

    def create(self, person: Person, name: object, private: object, encrypted: object) -> Room:
        """A new room. Raises ``Invalid``, ``Forbidden``, ``RateLimited``, ``Conflict``."""
        rate, most = self.limits.room_rate, self.limits.rooms_per_person
        rate_limit.throttle(self.store, "room", person.folded, rate, 60, 3 * rate)
        room = rooms.create(self.store, person, name, private, encrypted, most)
        self.changed.add(room.room_id)
        return room

    def rename(self, person: Person, room_id: object, name: object) -> Room:
        """Raises ``Invalid``, ``NotFound``, and ``Forbidden`` for all but owner and admins."""
        room = rooms.rename(self.store, person, room_id, name)
        self.changed.add(room.room_id)
        return room

    def join(
        self,
        person: Person,
        room_id: object,
        session: str,
        since: object = None,
        epoch: object = None,
        since_at: object = None,
    ) -> Joined:
        """Enter with one Socket.IO session; entering again gives the same answer.

        ``since``, ``epoch`` and ``since_at`` (the ``sentAt`` of that message) say what the client
        has seen. If the store still has everything after that, the page is exactly that. Raises
        ``NotFound``, ``Forbidden``, ``Invalid``.
        """
        room = rooms.access(self.store, person, room_id)
        return self.enter(person, room.room_id, session, since, epoch, since_at)

    def enter(
        self,
        person: Person,
        room_id: str,
        session: str,
        since: object = None,
        epoch: object = None,
        since_at: object = None,
    ) -> Joined:
        """``join`` after access has been checked. Raises ``NotFound``, ``Invalid``."""
        seen = None if since is None else validation.whole_number(since, "since")
        at = None if since_at is None else validation.whole_number(since_at, "sinceAt")
        connection = presence.connection_of(session, person.name)
        missed = None
        if seen is not None and isinstance(epoch, str):
            missed = history.since(room_id, seen, epoch, at)
        # In one write, and read after entering: what is said from now on arrives live.
        count, room, page, names = self.store.ask_together(
            presence.entering(room_id, connection, self.limits.timing, self.limits.locale),
            rooms.reading(room_id),
            missed or history.newest(room_id),
            presence.some_people(room_id, NAMES),
        )
        self.changed.add(room_id)
        recovered = missed is not None and page is not None
        page = page or self.store.ask(history.newest(room_id))
        room = replace(room, user_count=count, seq=page.seq)
        return Joined(room, count, names, page, recovered)

    def page(
        self,
        person: Person,
        room_id: object,
        before: object = None,
        after: object = None,
        limit: object = None,
    ) -> history.Page:
        """A page of messages; ``before``, ``after`` and ``limit`` are as for ``history.paging``.

        Access is checked behind the page, in the same write: so the page contains nothing that was
        said after a removal of the user. Raises as ``history.paging`` and ``rooms.access`` do.
        """
        access = rooms.accessing(person, room_id)
        asked = history.paging(str(room_id), before, after, limit)
        page, _ = self.store.ask_together(asked, access)
        return cast(history.Page, page)

    def leave(self, person: Person, room_id: str, session: str, reason: str = message.LEFT) -> int:
        """Leave with one connection, at once. Gives the userCount."""
        connection = presence.connection_of(session, person.name)
        self.changed.add(room_id)
        return presence.leave(self.store, room_id, connection, self.limits.locale, reason)

    def talk(
        self,
        person: Person,
        room_id: object,
        text: object,
        client_id: object = None,
        session: str | None = None,
    ) -> dict[str, int]:
        """Store and publish a message; gives ``{seq, sentAt, userCount}``.

        With a ``session`` that connection must be in the room; bots have none. The same
        ``client_id`` again, within ten minutes, gives the first answer again and stores nothing.
        Raises ``Invalid``, ``TooLong``, ``NotFound``, ``Forbidden``, ``NotJoined``,
        ``RateLimited``.
        """
        return self.store.ask(self.talking(person, room_id, text, client_id, session))

    def talking(
        self,
        person: Person,
        room_id: object,
        text: object,
        client_id: object = None,
        session: str | None = None,
    ) -> Question[dict[str, int]]:
        """``talk`` as a question. The rate is counted now, and what needs no answer is raised."""
        given = validation.client_id(client_id)
        words = validation.message(text, self.limits.message_max)
        known = self._place(person, room_id)
        body = message.body(known, person.name, words, given)
        storing = self._writer.storing("append", known, message.TALK, body, person, given, session)

        def read(answers: list[Any]) -> dict[str, int]:
            seq, at, count = storing.read(answers)
            return {"seq": seq, "sentAt": at, "userCount": count}

        return Question(storing.calls, read)

    def edit(
        self,
        person: Person,
        room_id: object,
        seq: object,
        text: object,
        client_id: object = None,
        session: str | None = None,
    ) -> int:
        """Replace the text of one's own message. Gives the ``seq`` of the EDIT.

        Raises as ``talk`` does, ``NotFound`` also for the message, ``Forbidden`` for others' ones.
        """
        given = validation.client_id(client_id)
        words = validation.message(text, self.limits.message_max)
        known = self._place(person, room_id)
        change = Change(message.EDIT, seq, words, person.name)
        return self._alter(change, person, known, given, session)

    def delete(
        self,
        person: Person,
        room_id: object,
        seq: object,
        client_id: object = None,
        session: str | None = None,
    ) -> int:
        """Delete a message: its sender, the owner and admins may. Gives the DELETE's ``seq``."""
        given = validation.client_id(client_id)
        known = self._place(person, room_id)
        change = Change(message.DELETE, seq, "", "" if person.is_admin else person.name)
        return self._alter(change, person, known, given, session)

    def react(
        self,
        person: Person,
        room_id: object,
        seq: object,
        emoji: object,
        on: object,
        client_id: object = None,
        session: str | None = None,
    ) -> int:
        """Add or remove one's reaction to a message. Gives the ``seq`` of the REACT."""
        given = validation.client_id(client_id)
        puts = validation.truth(on, "on")
        check = validation.emoji if puts else validation.former_emoji
        reaction = {"emoji": check(emoji), "on": puts}
        known = self._place(person, room_id)
        change = Change(message.REACT, seq, more=reaction)
        return self._alter(change, person, known, given, session)

    def type(self, person: Person, room_id: str, session: str) -> None:
        """Publish that this user, who is in the room, is typing.

        Raises ``NotFound``, ``NotJoined``, ``RateLimited``.
        """
        report = self.limiter.count("typing", person.folded)
        typing = orjson.dumps({"roomId": room_id, "sender": person.name})
        connection = presence.connection_of(session, person.name)
        room_keys = [keys.room(room_id), keys.conns(room_id), keys.members(room_id)]
        call = Call("typing", room_keys, [person.name, connection, typing])
        self.store.ask_together(Question([call], lambda answers: None), *report)

    def invite(self, person: Person, room_id: object, name: object) -> Person:
        """Make a person member of a private room; see ``memberships.invite``."""
        limited = self.limits.room_rate > 0
        guest = memberships.invite(self.store, person, room_id, name, limited)
        self.changed.add(str(room_id))
        return guest

    def leave_and_refuse(self, person: Person, room_id: object) -> None:
        """Leave a private room, and refuse further invitations of the person who invited this user.

        Raises as ``remove`` does.
        """
        inviter = memberships.inviter(
            self.store, person, rooms.access(self.store, person, room_id).room_id
        )
        self.remove(person, room_id, person.name)
        if inviter:
            memberships.refuse(self.store, person, inviter)

    def remove(self, person: Person, room_id: object, name: object) -> None:
        """Remove a member from a private room, with all connections on every worker.

        Raises as ``memberships.removable`` does.
        """
        room, removed = memberships.removable(self.store, person, room_id, name)
        folded = validation.fold(removed)
        # Before the removal itself: whoever is no member never finds the room in a list.
        self.store.batch(
            [
                ("SREM", keys.private_rooms(folded), room.room_id),
                ("HDEL", keys.inviters(folded), room.room_id),
            ]
        )
        presence.remove(self.store, room.room_id, removed, self.limits.locale)
        self.changed.add(room.room_id)

    def close(self, person: Person, room_id: object) -> None:
        """Delete a room. Raises ``NotFound``, and ``Forbidden`` for all but owner and admins."""
        room = rooms.manage(self.store, person, room_id)
        rooms.close(self.store, room, message.body(room.room_id, person.name, ""))

    def _place(self, person: Person, room_id: object) -> str:
        """The checked id of a room; the script checks whether this user may speak there."""
        rooms.check_may_chat(person)
        known = validation.room_id(room_id)
        if known is None:
            raise NotFound(N_("There is no such room."))
        return known

    def _alter(
        self,
        change: Change,
        person: Person,
        room_id: str,
        client_id: str | None,
        session: str | None,
    ) -> int:
        ref = validation.whole_number(change.seq, "seq", 1)
        more = {"ref": ref, **change.more}
        body = message.body(room_id, person.name, change.words, client_id, **more)
        emoji, on = change.more.get("emoji", ""), change.more.get("on", False)
        extra = (ref, change.author, str(emoji), int(bool(on)))
        kind = change.kind
        seq, *_ = self.store.ask(
            self._writer.storing("alter", room_id, kind, body, person, client_id, session, extra)
        )
        return seq
