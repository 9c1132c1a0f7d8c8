"""The operations of people and bots in rooms. Only this module publishes to a room for them.

Each operation checks access and input, changes the store in one step, and returns what the
acknowledgement needs. ``chat.live`` and ``chat.web`` only translate calls and answers.
"""

from dataclasses import replace
from typing import cast

import orjson

from chat import history, keys, memberships, message, presence, rate_limit, rooms, text
from chat.calls import Change, Joined
from chat.directory import Activity
from chat.errors import N_, NotFound
from chat.limits import Limits
from chat.rate_limit import Limiter
from chat.rooms import Room
from chat.store.store import Argument, Call, Question, Store
from chat.users import User

#: Names that the acknowledgement of a join lists at the most.
NAMES = 200
#: How long it is remembered that a room was deleted, in seconds.
REMEMBER_CLOSED = 24 * 3600


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
        self._activity = Activity()

    def create(self, user: User, name: object, private: object, encrypted: object) -> Room:
        """A new room. Raises ``Invalid``, ``Forbidden``, ``RateLimited``, ``Conflict``."""
        rate, most = self.limits.room_rate, self.limits.rooms_per_person
        rate_limit.throttle(self.store, "room", user.folded, rate, 60, 3 * rate)
        room = rooms.create(self.store, user, name, private, encrypted, most)
        self.changed.add(room.room_id)
        return room

    def rename(self, user: User, room_id: object, name: object) -> Room:
        """Raises ``Invalid``, ``NotFound``, and ``Forbidden`` for all but owner and admins."""
        room = rooms.rename(self.store, user, room_id, name)
        self.changed.add(room.room_id)
        return room

    def join(
        self,
        user: User,
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
        room = rooms.access(self.store, user, room_id)
        return self.enter(user, room.room_id, session, since, epoch, since_at)

    def enter(
        self,
        user: User,
        room_id: str,
        session: str,
        since: object = None,
        epoch: object = None,
        since_at: object = None,
    ) -> Joined:
        """``join`` after access has been checked. Raises ``NotFound``, ``Invalid``."""
        seen = None if since is None else text.whole_number(since, "since")
        at = None if since_at is None else text.whole_number(since_at, "sinceAt")
        connection = presence.connection_of(session, user.name)
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

    def page(self, user: User, room_id: object, *window: object) -> history.Page:
        """A page of messages; ``window`` is before, after, limit, as for ``history.paging``.

        Access is checked behind the page, in the same write: so the page contains nothing that was
        said after a removal of the user. Raises as ``history.paging`` and ``rooms.access`` do.
        """
        access = rooms.accessing(user, room_id)
        page, _ = self.store.ask_together(history.paging(str(room_id), *window), access)
        return cast(history.Page, page)

    def leave(self, user: User, room_id: str, session: str, reason: str = message.LEFT) -> int:
        """Leave with one connection, at once. Gives the userCount."""
        connection = presence.connection_of(session, user.name)
        self.changed.add(room_id)
        return presence.leave(self.store, room_id, connection, self.limits.locale, reason)

    def talk(
        self,
        user: User,
        room_id: object,
        said: object,
        client_id: object = None,
        session: str | None = None,
    ) -> dict[str, int]:
        """Store and publish a message; gives ``{seq, sentAt, userCount}``.

        With a ``session`` that connection must be in the room; bots have none. The same
        ``client_id`` again, within ten minutes, gives the first answer again and stores nothing.
        Raises ``Invalid``, ``TooLong``, ``NotFound``, ``Forbidden``, ``NotJoined``,
        ``RateLimited``.
        """
        given = text.client_id(client_id)
        words = text.message(said, self.limits.message_max)
        known = self._place(user, room_id)
        body = message.body(known, user.name, words, given)
        seq, at, count = self._store("append", known, message.TALK, body, user, given, session)
        return {"seq": seq, "sentAt": at, "userCount": count}

    def edit(
        self,
        user: User,
        room_id: object,
        seq: object,
        said: object,
        client_id: object = None,
        session: str | None = None,
    ) -> int:
        """Replace the text of one's own message. Gives the ``seq`` of the EDIT.

        Raises as ``talk`` does, ``NotFound`` also for the message, ``Forbidden`` for others' ones.
        """
        given = text.client_id(client_id)
        words = text.message(said, self.limits.message_max)
        known = self._place(user, room_id)
        return self._alter(Change(message.EDIT, seq, words, user.name), user, known, given, session)

    def delete(
        self,
        user: User,
        room_id: object,
        seq: object,
        client_id: object = None,
        session: str | None = None,
    ) -> int:
        """Delete a message: its sender, the owner and admins may. Gives the DELETE's ``seq``."""
        given = text.client_id(client_id)
        known = self._place(user, room_id)
        change = Change(message.DELETE, seq, "", "" if user.is_admin else user.name)
        return self._alter(change, user, known, given, session)

    def react(
        self,
        user: User,
        room_id: object,
        seq: object,
        emoji: object,
        on: object,
        client_id: object = None,
        session: str | None = None,
    ) -> int:
        """Add or remove one's reaction to a message. Gives the ``seq`` of the REACT."""
        given = text.client_id(client_id)
        puts = text.truth(on, "on")
        reaction = {"emoji": (text.emoji if puts else text.former_emoji)(emoji), "on": puts}
        known = self._place(user, room_id)
        change = Change(message.REACT, seq, more=reaction)
        return self._alter(change, user, known, given, session)

    def type(self, user: User, room_id: str, session: str) -> None:
        """Publish that this user, who is in the room, is typing.

        Raises ``NotFound``, ``NotJoined``, ``RateLimited``.
        """
        report = self.limiter.count("typing", user.folded)
        typing = orjson.dumps({"roomId": room_id, "sender": user.name})
        connection = presence.connection_of(session, user.name)
        room_keys = [keys.room(room_id), keys.conns(room_id), keys.members(room_id)]
        call = Call("typing", room_keys, [user.name, connection, typing])
        self.store.ask_together(Question([call], lambda answers: None), *report)

    def invite(self, user: User, room_id: object, name: object) -> User:
        """Make a person member of a private room; see ``memberships.invite``."""
        limited = self.limits.room_rate > 0
        guest = memberships.invite(self.store, user, room_id, name, limited)
        self.changed.add(str(room_id))
        return guest

    def leave_and_refuse(self, user: User, room_id: object) -> None:
        """Leave a private room, and refuse further invitations of the person who invited this user.

        Raises as ``remove`` does.
        """
        inviter = memberships.inviter(
            self.store, user, rooms.access(self.store, user, room_id).room_id
        )
        self.remove(user, room_id, user.name)
        if inviter:
            memberships.refuse(self.store, user, inviter)

    def remove(self, user: User, room_id: object, name: object) -> None:
        """Remove a member from a private room, with all connections on every worker.

        Raises as ``memberships.removable`` does.
        """
        room, removed = memberships.removable(self.store, user, room_id, name)
        folded = text.fold(removed)
        # Before the removal itself: whoever is no member never finds the room in a list.
        self.store.batch(
            [
                ("SREM", keys.private_rooms(folded), room.room_id),
                ("HDEL", keys.inviters(folded), room.room_id),
            ]
        )
        presence.remove(self.store, room.room_id, removed, self.limits.locale)
        self.changed.add(room.room_id)

    def close(self, user: User, room_id: object) -> None:
        """Delete a room. Raises ``NotFound``, and ``Forbidden`` for all but owner and admins."""
        room = rooms.manage(self.store, user, room_id)
        i = room.room_id
        closing = message.body(i, user.name, "")
        members = self.store.run("close", keys.of_room(i), ["", closing, REMEMBER_CLOSED])
        forget: list[Call | tuple[Argument, ...]] = [
            ("ZREM", keys.ROOMS, i),
            ("ZREM", keys.OCCUPIED, i),
            ("SREM", keys.owned_rooms(text.fold(room.owner)), i),
        ]
        for name in members:
            folded = text.fold(name.decode())
            forget.append(("SREM", keys.private_rooms(folded), i))
            forget.append(("HDEL", keys.inviters(folded), i))
        self.store.batch(forget)
        # Of a private room its members alone are told, and nobody else that it was there.
        names = [name.decode() for name in members] if room.private else None
        self.store.redis.publish(keys.CONTROL, orjson.dumps({"closed": [i, names]}))

    def _place(self, user: User, room_id: object) -> str:
        """The checked id of a room; the script checks whether this user may speak there."""
        rooms.check_may_chat(user)
        known = text.room_id(room_id)
        if known is None:
            raise NotFound(N_("There is no such room."))
        return known

    def _alter(
        self, change: Change, user: User, room_id: str, client_id: str | None, session: str | None
    ) -> int:
        ref = text.whole_number(change.seq, "seq", 1)
        more = {"ref": ref, **change.more}
        body = message.body(room_id, user.name, change.words, client_id, **more)
        emoji, on = change.more.get("emoji", ""), change.more.get("on", False)
        extra = (ref, change.author, str(emoji), int(bool(on)))
        return self._store("alter", room_id, change.kind, body, user, client_id, session, extra)[0]

    def _store(
        self,
        script: str,
        room_id: str,
        kind: str,
        body: bytes,
        user: User,
        client_id: str | None,
        session: str | None,
        extra: tuple[Argument, ...] = (),
    ) -> tuple[int, int, int]:
        """Run ``append`` or ``alter``: ``(seq, sentAt, userCount)``."""
        speaker = presence.connection_of(session, user.name) if session else ""
        entry = history.Entry(
            room_id, kind, body, user.name, user.folded, client_id, speaker, extra
        )
        call = entry.storing(script, self.limits.history_length, rooms.new_epoch(self.store))
        report = self.limiter.count("message", user.folded)
        storing = Question([call, *self._activity.note(room_id)], lambda answers: answers[0])
        (new, seq, at, count), *_ = self.store.ask_together(storing, *report)
        if new:
            self.changed.add(room_id)
        return seq, at, count
