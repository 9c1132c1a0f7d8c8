"""What people and bots say and do in rooms; what they decide about rooms is in ``room_management``.

Each operation checks access and input, changes the store in one step, and returns what the
acknowledgement needs. ``chat.live`` and ``chat.web`` only translate calls and answers.
"""

from dataclasses import replace
from typing import Any

import orjson

from chat import history, keys, mentions, message, presence, room_members, rooms, validation
from chat.archive.archive import Archive
from chat.errors import N_, Invalid, OnlyArchived
from chat.limits import Limits
from chat.message_writer import MessageWriter
from chat.operation_values import Change, Joined
from chat.pages import Around, Pages
from chat.people import Person
from chat.rate_limit import Limiter
from chat.read_marks import ReadMarks
from chat.store.question import Argument, Question, ScriptCall
from chat.store.store import Store

#: Times that the archive is asked for a message whose changes go on meanwhile, and one more.
_TRIES = 3
#: Names that the acknowledgement of a join lists at the most.
NAMES = 200


class Conversation:
    """The operations, over one store.

    Two collections are for the heartbeat, which publishes them to all workers and empties them.
    ``rooms_to_publish`` are the ids of rooms whose counts or messages have changed.
    ``joins_to_publish`` says who has become a member by joining: userId, roomId and the sid.
    """

    def __init__(self, store: Store, limits: Limits, archive: Archive | None = None) -> None:
        self.store = store
        self.limits = limits
        self.rooms_to_publish: set[str] = set()
        self.joins_to_publish: list[tuple[str, str, str]] = []
        self.limiter = Limiter(limits.rates())
        self.pages = Pages(store, archive)
        self.read_marks = ReadMarks(store, self.pages)
        self._writer = MessageWriter(store, self.limiter, self.rooms_to_publish)

    def join(
        self,
        person: Person,
        room_id: str,
        sid: str,
        since: object = None,
        epoch: object = None,
        since_at: object = None,
    ) -> Joined:
        """Join with one connection; joining again gives the same answer.

        ``since``, ``epoch`` and ``since_at`` (the ``sentAt`` of that message) say what the client
        has seen. If the store still has everything after that, the page is exactly that. Raises
        ``NotFound``, ``Forbidden``, ``Invalid``.
        """
        seen = None if since is None else validation.whole_number(since, "since")
        at = None if since_at is None else validation.whole_number(since_at, "sinceAt")
        lease = presence.Lease(presence.lease_id_of(sid, person.user_id), person.name)
        seen_epoch, missed = validation.epoch(epoch), None
        if seen is not None and seen_epoch is not None:
            missed = history.since(room_id, seen, seen_epoch, at)
        # In one write, and read after joining: what is said from now on arrives live. The
        # membership is read last: so the page contains nothing that was said after a removal.
        own = room_members.of(room_id, [person.user_id])
        entered, room, page, here, members = self.store.ask_all(
            [
                presence.enter_question(room_id, lease, self.limits.timing, self.limits.locale),
                rooms.room_question(room_id),
                missed or history.newest(room_id),
                presence.names(room_id, NAMES),
                own,
            ]
        )
        self.rooms_to_publish.add(room_id)
        if entered.is_new_member:
            self.joins_to_publish.append((person.user_id, room_id, sid))
        recovered = missed is not None and page is not None
        if page is None:
            page, members = self.store.ask_all([history.newest(room_id), own])
        while page.rest is not None and members:
            page, members = self.store.ask_all([page.rest, own])
        if not members:
            raise rooms.no_entry(room)
        if not recovered:
            access = rooms.access_question(person, room_id)
            page = self.pages.newest(room_id, page, history.FRESH, access)
        count = entered.user_count
        room = replace(room, user_count=count, seq=page.seq)
        return Joined(room, count, here, page, recovered, members[0])

    def join_again(self, person: Person, room_id: str, sid: str, epoch: str) -> None:
        """Join with a connection that is in the room, and whose lease has expired.

        ``epoch`` is the one that its worker knows. Whoever has ended the own membership meanwhile
        does not become a member again. Raises ``NotFound``, ``Forbidden``, ``NotJoined``.
        """
        lease = presence.Lease(presence.lease_id_of(sid, person.user_id), person.name)
        timing, locale = self.limits.timing, self.limits.locale
        self.store.ask(presence.enter_question(room_id, lease, timing, locale, epoch=epoch))
        self.rooms_to_publish.add(room_id)

    def page(
        self,
        person: Person,
        room_id: object,
        before: object = None,
        after: object = None,
        limit: object = None,
    ) -> history.Page:
        """A page of messages; ``before``, ``after`` and ``limit`` are as for ``history.page``.

        Access is checked behind it, in the same write: so it has nothing that was said after a
        removal of the person. Raises as ``Pages.page`` and ``rooms.access`` do.
        """
        access = rooms.access_question(person, room_id)
        return self.pages.page(str(room_id), before, after, limit, access)

    def around(
        self,
        person: Person,
        room_id: object,
        seq: object,
        limit: object = None,
        others: tuple[object, object] = (None, None),
    ) -> Around:
        """The messages on both sides of a number. Raises as ``page``.

        ``others`` are the ``before`` and ``after`` of the same call: there must be none.
        """
        if others != (None, None):
            raise Invalid(N_("Give before, after or around: one of them."))
        return self.pages.around(str(room_id), seq, limit, rooms.access_question(person, room_id))

    def one(self, person: Person, room_id: object, seq: object) -> bytes:
        """One message as it reads now, as wire JSON. Raises as ``page``, and ``NotFound``."""
        number = validation.whole_number(seq, "seq", 1)
        return self.pages.one(str(room_id), number, rooms.access_question(person, room_id))

    def leave(self, person: Person, room_id: str, sid: str, reason: str = message.LEFT) -> int:
        """Leave with one connection, at once. Gives the userCount.

        To leave a room in which the connection is not is no error: only ``RedisError`` is raised.
        """
        lease_id = presence.lease_id_of(sid, person.user_id)
        self.rooms_to_publish.add(room_id)
        return presence.leave(self.store, room_id, lease_id, self.limits.locale, reason)

    def talk(
        self,
        person: Person,
        room_id: object,
        text: object,
        client_id: object = None,
        sid: str | None = None,
    ) -> dict[str, int]:
        """Store and publish a message; gives ``{seq, sentAt, userCount}``.

        With a ``sid`` that connection must be in the room; bots have none. The same ``client_id``
        again, within ten minutes, gives the first answer again and stores nothing. Raises
        ``Invalid``, ``TooLong``, ``NotFound``, ``NotJoined``, ``RateLimited``, ``Forbidden`` (also
        for who is muted), and ``Conflict`` where the room is archived or the id is used otherwise.
        """
        return self.store.ask(self.talk_question(person, room_id, text, client_id, sid))

    def talk_question(
        self,
        person: Person,
        room_id: object,
        text: object,
        client_id: object = None,
        sid: str | None = None,
    ) -> Question[dict[str, int]]:
        """``talk`` as a question. Counts the rate now, and raises errors that need no store."""
        given = validation.client_id(client_id)
        words = validation.message(text, self.limits.message_max)
        checked_id = self._checked_room_id(person, room_id)
        body = message.body(checked_id, person, words, given)
        question = self._writer.store_question(
            *("append", checked_id, message.TALK, body, person, given, sid),
            (mentions.readings(words),),
        )

        def read(answers: list[Any]) -> dict[str, int]:
            seq, at, count = question.read(answers)
            return {"seq": seq, "sentAt": at, "userCount": count}

        return Question(question.commands, read)

    def edit(
        self,
        person: Person,
        room_id: object,
        seq: object,
        text: object,
        client_id: object = None,
        sid: str | None = None,
    ) -> int:
        """Replace the text of one's own message. Gives the ``seq`` of the EDIT.

        Raises as ``talk`` does, ``NotFound`` also for the message, ``Forbidden`` for others' ones,
        and ``Conflict`` for one that was changed too often.
        """
        given = validation.client_id(client_id)
        words = validation.message(text, self.limits.message_max)
        checked_id = self._checked_room_id(person, room_id)
        change = Change(message.EDIT, seq, words)
        return self._alter(change, person, checked_id, given, sid)

    def delete(
        self,
        person: Person,
        room_id: object,
        seq: object,
        client_id: object = None,
        sid: str | None = None,
    ) -> int:
        """Delete a message: its sender and moderators may. Gives a ``seq``; raises as ``edit``."""
        given = validation.client_id(client_id)
        checked_id = self._checked_room_id(person, room_id)
        change = Change(message.DELETE, seq, as_admin=person.is_admin)
        return self._alter(change, person, checked_id, given, sid)

    def react(
        self,
        person: Person,
        room_id: object,
        seq: object,
        emoji: object,
        on: object,
        client_id: object = None,
        sid: str | None = None,
    ) -> int:
        """Add or remove one's reaction to a message. Gives the ``seq`` of the REACT.

        Raises as ``talk`` does, ``NotFound`` also for the message, ``Conflict`` for too many.
        """
        given = validation.client_id(client_id)
        puts = validation.truth(on, "on")
        check = validation.emoji if puts else validation.former_emoji
        reaction = {"emoji": check(emoji), "on": puts}
        checked_id = self._checked_room_id(person, room_id)
        change = Change(message.REACT, seq, more=reaction)
        return self._alter(change, person, checked_id, given, sid)

    def type(self, person: Person, room_id: str, sid: str) -> None:
        """Publish that this person, who is in the room, is typing.

        Raises ``NotFound``, ``Forbidden``, ``NotJoined``, ``Conflict`` where the room is archived,
        and ``RateLimited``.
        """
        report = self.limiter.count("typing", person.user_id)
        event = {"roomId": room_id, "sender": person.name, "senderId": person.user_id}
        lease_id = presence.lease_id_of(sid, person.user_id)
        room_keys = [key(room_id) for key in (keys.room, keys.conns, keys.members, keys.banned)]
        call = ScriptCall("typing", room_keys, ["", person.user_id, lease_id, orjson.dumps(event)])
        self.store.ask_all([Question([call], lambda answers: None), *report])

    def _checked_room_id(self, person: Person, room_id: object) -> str:
        """The id of a room. Raises ``Forbidden`` for guests, and ``NotFound`` for what is no id.

        The script checks whether this person may speak there.
        """
        rooms.check_may_chat(person)
        return rooms.parse_id(room_id)

    def _alter(
        self,
        change: Change,
        person: Person,
        room_id: str,
        client_id: str | None,
        sid: str | None,
    ) -> int:
        ref = validation.whole_number(change.seq, "seq", 1)
        more = {"ref": ref, **change.more}
        body = message.body(room_id, person, change.words, client_id, **more)
        emoji, on = change.more.get("emoji", ""), change.more.get("on", False)
        extra: tuple[Argument, ...] = (ref, int(change.as_admin), str(emoji), int(bool(on)))
        extra += (mentions.readings(change.words),)
        kind, is_counted = change.kind, True
        for _ in range(_TRIES):
            asked = self._writer.store_question(
                "alter", room_id, kind, body, person, client_id, sid, extra, is_counted
            )
            try:
                return self.store.ask(asked)[0]
            except OnlyArchived as error:
                refused, is_counted = error, False
            # An old message: what it was is in the archive.
            extra = (*extra[:5], *self.pages.facts(room_id, ref, kind == message.REACT))
        raise refused
