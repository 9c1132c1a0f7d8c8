"""Writes what people say into rooms: one script call each, with the rate counted beside it."""

from typing import Any

from chat import history, presence, rooms
from chat.people import Person
from chat.rate_limit import Limiter
from chat.room_directory import Activity
from chat.store.question import Argument, Question, with_others
from chat.store.store import Store


class MessageWriter:
    """``rooms_to_publish`` collects the ids of rooms in which something has been stored."""

    def __init__(self, store: Store, limiter: Limiter, rooms_to_publish: set[str]) -> None:
        self._store = store
        self._limiter = limiter
        self._rooms_to_publish = rooms_to_publish
        self._activity = Activity()

    def store_question(
        self,
        script: str,
        room_id: str,
        kind: str,
        body: bytes,
        person: Person,
        client_id: str | None,
        sid: str | None,
        extra: tuple[Argument, ...] = (),
        is_counted: bool = True,
    ) -> Question[tuple[int, int, int]]:
        """Store a message or a change, by ``append`` or ``alter``: ``(seq, sentAt, userCount)``.

        ``is_counted``: it counts against the rate. Raises ``RateLimited``.
        """
        lease_id = presence.lease_id_of(sid, person.user_id) if sid else ""
        entry = history.NewEntry(room_id, kind, body, person, client_id, lease_id, extra)
        call = entry.store_call(script, rooms.new_epoch(self._store))

        def read(answers: list[Any]) -> tuple[int, int, int]:
            new, seq, at, count = answers[0]
            if new:
                self._rooms_to_publish.add(room_id)
            return seq, at, count

        question = Question([call, *self._activity.note(room_id)], read)
        counted = self._limiter.count("message", person.user_id) if is_counted else []
        return with_others(question, *counted) if counted else question
