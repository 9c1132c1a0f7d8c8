"""What people and bots do in rooms. Nothing else makes a room hear something.

Each operation checks that it is allowed and that its input is good, changes the store in one step,
and gives what an acknowledgement needs. ``chat.live`` and ``chat.web`` only translate.
"""

from dataclasses import dataclass, field, replace

import orjson

from chat import history, keys, message, presence, rate_limit, rooms, text
from chat.directory import Activity
from chat.errors import N_, NotFound, NotJoined
from chat.presence import Timing
from chat.rooms import Room
from chat.store import Argument, Call, Store
from chat.users import User

#: Names that the acknowledgement of a join lists at the most.
NAMES = 200
#: How long it is remembered that a room was deleted, in seconds.
REMEMBER_CLOSED = 24 * 3600


@dataclass(frozen=True)
class Limits:
    """What the operator may set. Lengths in characters, rates in events a second and person."""

    message_max: int = 4000
    message_rate: float = 10
    message_burst: int = 30
    history_length: int = 100_000
    timing: Timing = field(default_factory=Timing)
    locale: str = "en"


@dataclass(frozen=True)
class Joined:
    """What somebody who enters a room gets to know."""

    room: Room
    user_count: int
    users: list[str]
    page: history.Page
    recovered: bool


@dataclass(frozen=True)
class Change:
    """What is done to the message ``seq``; ``author`` is who alone may do it, if not everybody."""

    kind: str
    seq: object
    words: str = ""
    author: str = ""
    more: dict[str, object] = field(default_factory=dict)


class Conversation:
    """The operations, over one store.

    ``changed`` collects the rooms whose counts or messages have changed, until whoever keeps the
    live lists takes them.
    """

    def __init__(self, store: Store, limits: Limits) -> None:
        self.store = store
        self.limits = limits
        self.changed: set[str] = set()
        self._activity = Activity()

    def create(self, user: User, name: object, private: object, encrypted: object) -> Room:
        """A new room. Raises ``Invalid``, ``Forbidden``."""
        room = rooms.create(self.store, user, name, private, encrypted)
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
        """Enter with one Socket.IO session; whoever is in already is told the same again.

        ``since``, ``epoch`` and ``since_at`` (the ``sentAt`` of that message) tell what the client
        has seen; if everything after it is to be had, the page holds exactly that. Raises
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
        """``join`` for whoever has been given access. Raises ``NotFound``, ``Invalid``."""
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
        """Say something: ``{seq, sentAt, userCount}`` once it is stored.

        People speak through a connection that is in the room; bots need none. The same
        ``client_id`` again, within ten minutes, gives the first answer again and stores nothing.
        Raises ``Invalid``, ``TooLong``, ``NotFound``, ``Forbidden``, ``NotJoined``,
        ``RateLimited``.
        """
        given = text.client_id(client_id)
        words = text.message(said, self.limits.message_max)
        known = self._place(user, room_id, session)
        self._throttle(user)
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
        """Put other words in one's own message. Gives the ``seq`` of the EDIT.

        Raises as ``talk`` does, ``NotFound`` also for the message, ``Forbidden`` for others' ones.
        """
        given = text.client_id(client_id)
        words = text.message(said, self.limits.message_max)
        known = self._place(user, room_id, session)
        return self._alter(Change(message.EDIT, seq, words, user.name), user, known, given, session)

    def delete(
        self,
        user: User,
        room_id: object,
        seq: object,
        client_id: object = None,
        session: str | None = None,
    ) -> int:
        """Erase a message: its sender may, and who manages the room. Gives the DELETE's ``seq``."""
        given = text.client_id(client_id)
        room = rooms.access(self.store, user, room_id)
        author = "" if room.is_managed_by(user) else user.name
        change = Change(message.DELETE, seq, "", author)
        return self._alter(change, user, room.room_id, given, session)

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
        """Put an emoji under a message, or take it away again. Gives the ``seq`` of the REACT."""
        given = text.client_id(client_id)
        reaction = {"emoji": text.emoji(emoji), "on": text.truth(on, "on")}
        known = self._place(user, room_id, session)
        change = Change(message.REACT, seq, more=reaction)
        return self._alter(change, user, known, given, session)

    def type(self, user: User, room_id: str) -> None:
        """Tell the room that somebody who is in it is typing."""
        rate_limit.throttle(self.store, "typing", text.fold(user.name), 1, 1, 5)
        typing = orjson.dumps({"roomId": room_id, "sender": user.name})
        self.store.redis.publish(keys.typing(room_id), typing)

    def remove(self, user: User, room_id: object, name: object) -> None:
        """Take a member out of a private room, and its connections too, on every worker.

        Raises as ``rooms.remove`` does.
        """
        removed = rooms.remove(self.store, user, room_id, name)
        # Here already, since whoever is in a room may speak there without being asked again.
        presence.expel(self.store, str(room_id), removed, self.limits.locale)
        self.changed.add(str(room_id))
        told = orjson.dumps({"removed": [str(room_id), removed]})
        self.store.redis.publish(keys.CONTROL, told)

    def close(self, user: User, room_id: object) -> None:
        """Delete a room. Raises ``NotFound``, and ``Forbidden`` for all but owner and admins."""
        room = rooms.manage(self.store, user, room_id)
        i = room.room_id
        closing = message.body(i, user.name, "")
        members = self.store.run("close", keys.of_room(i), ["", closing, REMEMBER_CLOSED])
        forget: list[Call | tuple[Argument, ...]] = [
            ("ZREM", keys.ROOMS, i),
            ("ZREM", keys.OCCUPIED, i),
        ]
        for name in members:
            forget.append(("SREM", keys.private_rooms(text.fold(name.decode())), i))
        self.store.batch(forget)
        self.changed.add(i)

    def _throttle(self, user: User) -> None:
        rate, burst = self.limits.message_rate, self.limits.message_burst
        rate_limit.throttle(self.store, "message", user.folded, rate, 1, burst)

    def _place(self, user: User, room_id: object, session: str | None) -> str:
        """The id of a room in which this user may speak.

        With a session the script decides: who is in the room was given access when it entered, and
        is taken out when it loses it.
        """
        if session is None:
            return rooms.access(self.store, user, room_id).room_id
        rooms.check_may_chat(user)
        known = text.room_id(room_id)
        if known is None:
            raise NotFound(N_("There is no such room."))
        return known

    def _alter(
        self, change: Change, user: User, room_id: str, client_id: str | None, session: str | None
    ) -> int:
        ref = text.whole_number(change.seq, "seq", 1)
        self._throttle(user)
        more = {"ref": ref, **change.more}
        body = message.body(room_id, user.name, change.words, client_id, **more)
        extra = (ref, change.author)
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
        entry = history.Entry(room_id, kind, body, user.folded, client_id, speaker, extra)
        call = entry.storing(script, self.limits.history_length, rooms.new_epoch())
        try:
            answers = self.store.batch([call, *self._activity.note(room_id)])
        except NotJoined:
            # Whom the room is hidden from does not learn this way that it is there.
            rooms.access(self.store, user, room_id)
            raise
        new, seq, at, count = answers[0]
        if new:
            self.changed.add(room_id)
        return seq, at, count
