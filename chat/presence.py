"""Who is in which room: a lease for every connection.

A worker renews the leases of its connections. When a connection is lost, its lease is shortened to
the grace; only the reaper turns an expired lease into a QUIT. So a closed tab, a lost network and a
dead worker are handled in the same way, and a person who is back within the grace was never away.
People are counted, not connections: a person with two tabs counts once.

The room's hash, its connections and its people change together in one script, which also publishes
the change. All times are the store's, so the workers' clocks do not matter.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chat import keys, message
from chat.errors import NotFound
from chat.store.store import Argument, Call, Question, Store

#: Connections that one script call handles at the most.
CHUNK = 500
#: A type of message on a room's channel that only workers use: its sender is no member any more,
#: and must receive nothing that follows.
REMOVED = "REMOVED"
#: Script calls that one write to the store carries at the most, so that others' come in between.
WRITTEN = 100


@dataclass(frozen=True)
class Timing:
    """How long a lease lasts, and what is left of it when the connection is lost, in ms."""

    lease: int = 30_000
    grace: int = 3_000

    @property
    def outage(self) -> int:
        """If no worker has claimed rooms to reap for so many ms, no lease could be renewed either.

        Much shorter than a lease, and much longer than the second in which every worker claims.
        """
        return max(3_000, self.lease // 4)


def connection_of(session: str, name: str) -> str:
    """The name of a connection in the store: its Socket.IO session and its person."""
    return f"{session}:{name}"


def session_of(connection: str) -> str:
    """The session in such a name."""
    return connection.partition(":")[0]


def entering(
    room_id: str, connection: str, timing: Timing, locale: str, now: str = ""
) -> Question[int]:
    """Let a connection in, or renew its lease if it is in. Gives the userCount.

    Whoever was not there before is announced with an ENTER. Asking raises ``NotFound``.
    """
    announcement = message.notice(message.ENTER, room_id, locale)
    calls = _enter_calls(room_id, [connection], timing, announcement, "", now)
    return Question(calls, lambda answers: int(answers[1][0]))


def renew(
    store: Store,
    members: Mapping[str, tuple[str, Sequence[str]]],
    timing: Timing,
    locale: str,
    now: str = "",
    is_in: Callable[[str, str], bool] = lambda room_id, connection: True,
) -> list[tuple[str, str]]:
    """Renew the leases of many connections: the epoch that the worker knows, and they, by room.

    A connection whose lease had ended, and whose person was announced as gone, enters anew, if
    ``is_in`` still says then that it is in the room: one that has left meanwhile has no lease
    either. Rooms that no longer exist are passed over. Gives, by room, the connections whose
    person may not be in it any more; those are not renewed.
    """
    removed: list[tuple[str, str]] = []
    parts = [(i, epoch, part) for i, (epoch, all_in) in members.items() for part in _chunks(all_in)]
    for start in range(0, len(parts), WRITTEN):
        written = [
            (room_id, epoch, [c for c in part if is_in(room_id, c)])
            for room_id, epoch, part in parts[start : start + WRITTEN]
        ]
        renewed = store.batch(
            [
                Call("renew", _renewed_keys(room_id), [now, timing.lease, *chunk])
                for room_id, _, chunk in written
            ]
        )
        entering: list[Call | tuple[Argument, ...]] = []
        for (room_id, epoch, _), (without, no_members) in zip(written, renewed, strict=True):
            removed += [(room_id, connection.decode()) for connection in no_members]
            back = [c for c in map(bytes.decode, without) if is_in(room_id, c)]
            if back:
                announcement = message.notice(message.ENTER, room_id, locale)
                entering += _enter_calls(room_id, back, timing, announcement, epoch, now)
        for answer in store.try_batch(entering):
            if isinstance(answer, Exception) and not isinstance(answer, NotFound):
                raise answer
    return removed


def restore(
    store: Store, room_id: str, connections: Sequence[str], timing: Timing, now: str = ""
) -> None:
    """Put connections back that the store has lost: their people never left, so nobody is told.

    Those who may not enter are passed over.
    """
    for chunk in _chunks(connections):
        for answer in store.try_batch(_enter_calls(room_id, chunk, timing, b"", "", now)):
            if isinstance(answer, Exception) and not isinstance(answer, NotFound):
                raise answer


def leave(
    store: Store,
    room_id: str,
    connection: str,
    locale: str,
    reason: str = message.LEFT,
    now: str = "",
) -> int:
    """Take a connection out at once. Gives the userCount."""
    announcement = message.notice(message.QUIT, room_id, locale, reason)
    return int(store.run("leave", _keys(room_id), [now, announcement, connection])[0])


def remove(store: Store, room_id: str, name: str, locale: str, now: str = "") -> bool:
    """Take a member out of a private room, with all connections, in one step.

    Whatever is said from then on, no worker hands it to that person. False when that was no member.
    Raises ``NotFound``.
    """
    announcement = message.notice(message.QUIT, room_id, locale, message.KICKED)
    removed = message.body(room_id, name, "")
    room_keys = [*_keys(room_id), keys.members(room_id)]
    return bool(store.run("remove", room_keys, [now, name, announcement, removed]))


def release(store: Store, lost: Mapping[str, Sequence[str]], timing: Timing, now: str = "") -> None:
    """Connections were lost, given by room: they have the grace to come back as others."""
    shortened = [
        (room_id, Call("release", [keys.conns(room_id)], [now, timing.grace, *chunk]))
        for room_id, connections in lost.items()
        for chunk in _chunks(connections)
    ]
    ends = store.batch([call for _, call in shortened])
    store.batch(
        [
            ("ZADD", keys.OCCUPIED, "LT", end, room_id)
            for (room_id, _), end in zip(shortened, ends, strict=True)
        ]
    )


def reap(
    store: Store, timing: Timing, locale: str, limit: int = 100, now: str = ""
) -> dict[str, list[str]]:
    """End the leases that are over, in up to ``limit`` rooms that are due.

    Gives for each such room the names of those who are gone. Any number of workers may reap at
    the same time; each QUIT happens once.
    """
    # Longer than the grace, so that a connection lost in the meantime moves the room's time.
    hold = timing.grace + 5_000
    args: list[Argument] = [now, limit, hold, timing.outage, timing.lease]
    held_until, *claimed = store.run("claim", [keys.OCCUPIED, keys.REAPED], args)
    due = [room_id.decode() for room_id in claimed]
    if not due:
        return {}
    announced = [message.notice(message.QUIT, i, locale, message.LOST) for i in due]
    answers = store.batch(
        [
            Call("reap", _keys(i), [now, announcement, CHUNK, held_until, timing.lease])
            for i, announcement in zip(due, announced, strict=True)
        ]
    )
    store.batch(
        [
            Call("settle", [keys.OCCUPIED], [room_id, held_until, answer[0]])
            for room_id, answer in zip(due, answers, strict=True)
        ]
    )
    return {i: [n.decode() for n in a[1:]] for i, a in zip(due, answers, strict=True)}


def people(store: Store, room_id: str) -> list[tuple[str, int]]:
    """Who is here, by name, and with how many connections."""
    return store.ask(listing(room_id))


def listing(room_id: str) -> Question[list[tuple[str, int]]]:
    """The same as a question."""

    def read(answers: list[Any]) -> list[tuple[str, int]]:
        names, connections = answers[0][::2], answers[0][1::2]
        return sorted(
            (name.decode(), int(number)) for name, number in zip(names, connections, strict=True)
        )

    return Question([("HGETALL", keys.people(room_id))], read)


def some_people(room_id: str, limit: int) -> Question[list[str]]:
    """Up to about ``limit`` of the names, without reading all of a large room."""

    def read(answers: list[Any]) -> list[str]:
        _, names_and_counts = answers[0]
        return sorted(name.decode() for name in names_and_counts[: 2 * limit : 2])

    return Question([("HSCAN", keys.people(room_id), 0, "COUNT", limit)], read)


def count(store: Store, room_id: str) -> int:
    return int(store.redis.hlen(keys.people(room_id)))


def _enter_calls(
    room_id: str,
    connections: Sequence[str],
    timing: Timing,
    announcement: bytes,
    epoch: str,
    now: str,
) -> list[Call | tuple[Argument, ...]]:
    return [
        # Before anybody is in, so that the reaper knows the room whatever happens to this process.
        ("ZADD", keys.OCCUPIED, 0, room_id),
        Call(
            "enter",
            [*_keys(room_id), keys.members(room_id)],
            [now, timing.lease, announcement, epoch, *connections],
        ),
    ]


def _chunks(connections: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(connections), CHUNK):
        yield connections[start : start + CHUNK]


def _renewed_keys(room_id: str) -> list[str]:
    return [keys.room(room_id), keys.conns(room_id), keys.members(room_id)]


def _keys(room_id: str) -> list[str]:
    return [keys.room(room_id), keys.conns(room_id), keys.people(room_id)]
