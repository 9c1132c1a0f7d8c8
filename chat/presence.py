"""Who is in which room: a lease for every connection.

A worker renews the leases of its connections. When a connection is lost, its lease is shortened to
the grace; only the reaper turns an expired lease into a QUIT. So a closed tab, a lost network and a
dead worker are handled in the same way, and a person who is back within the grace was never away.
People are counted, not connections: a person with two tabs counts once.

The room's hash, its connections and its people change together in one script, which also publishes
the change. Leases have the store's time, so the workers' clocks do not matter for them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, NamedTuple

from chat import keys, message
from chat.batched import batched
from chat.errors import Forbidden, NotFound, NotJoined
from chat.store.question import Argument, Command, Question, ScriptCall
from chat.store.store import Store

#: Leases that one script call handles at the most.
CHUNK = 500
#: Script calls that one write to the store carries at the most, so that others' come in between.
WRITTEN = 100
#: What the store answers for people who may not enter.
_MAY_NOT = (NotFound, Forbidden, NotJoined)


class Lease(NamedTuple):
    """The lease of a connection: its id (see ``lease_id_of``), and the name of its person."""

    lease_id: str
    name: str


class Present(NamedTuple):
    """A person who is here, with so many connections."""

    user_id: str
    name: str
    connections: int


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


def lease_id_of(sid: str, user_id: str) -> str:
    """The id of a connection's lease: its Socket.IO ``sid`` and the userId of its person."""
    return f"{sid}:{user_id}"


def sid_of(lease_id: str) -> str:
    """The ``sid`` of the connection in a lease id."""
    return lease_id.partition(":")[0]


def user_of(lease_id: str) -> str:
    """The userId in a lease id."""
    return lease_id.partition(":")[2]


class Entered(NamedTuple):
    """``is_new_member``: entering has made the person a member of the open room."""

    user_count: int
    is_new_member: bool


def enter_question(
    room_id: str, lease: Lease, timing: Timing, locale: str, now: str = "", epoch: str = ""
) -> Question[Entered]:
    """Let a connection in, or renew its lease if it is in.

    Whoever was not there before is announced with an ENTER. ``epoch`` is given for a connection
    that was in already, as its worker knows it: it makes nobody a member of an open room. Asking
    raises ``NotFound`` and ``Forbidden``, and with an ``epoch`` ``NotJoined``.
    """
    announcement = message.announcement(message.ENTER, room_id, locale)
    calls = _enter_calls(room_id, [lease], timing, announcement, epoch, now)
    return Question(calls, lambda answers: Entered(int(answers[-1][0]), len(answers[-1]) > 1))


def renew(
    store: Store,
    leases: Mapping[str, tuple[str, Sequence[Lease]]],
    timing: Timing,
    locale: str,
    now: str = "",
    is_in: Callable[[str, str], bool] = lambda room_id, lease_id: True,
) -> list[tuple[str, str]]:
    """Renew many leases, given by room with the epoch that the worker knows.

    A connection whose lease had ended, and whose person was announced as gone, enters anew, if
    ``is_in(room_id, lease_id)`` still says then that it is in the room: one that has left meanwhile
    has no lease either. Rooms that no longer exist are passed over. Gives ``(room_id, lease_id)``
    of those whose person may not be in the room any more; they are not renewed.
    """
    removed: list[tuple[str, str]] = []
    parts = (
        (room_id, epoch, part)
        for room_id, (epoch, all_in) in leases.items()
        for part in batched(all_in, CHUNK)
    )
    for together in batched(parts, WRITTEN):
        written = [
            (room_id, epoch, {i: name for i, name in part if is_in(room_id, i)})
            for room_id, epoch, part in together
        ]
        renewed = store.ask_all(
            [
                ScriptCall("renew", _renewed_keys(room_id), [now, timing.lease, epoch, *chunk])
                for room_id, epoch, chunk in written
            ]
        )
        enter_calls: list[ScriptCall | Command] = []
        for (room_id, epoch, chunk), (without, no_members) in zip(written, renewed, strict=True):
            removed += [(room_id, lease_id.decode()) for lease_id in no_members]
            back = [Lease(i, chunk[i]) for i in map(bytes.decode, without) if is_in(room_id, i)]
            if back:
                announcement = message.announcement(message.ENTER, room_id, locale)
                enter_calls += _enter_calls(room_id, back, timing, announcement, epoch, now)
        _enter_those_who_may(store, enter_calls)
    return removed


def restore(
    store: Store,
    room_id: str,
    leases: Sequence[Lease],
    timing: Timing,
    epoch: str,
    now: str = "",
) -> None:
    """Take leases again that the store has lost: their people never left, so nobody is told.

    ``epoch`` is the one that the worker knows. Those who may not enter are passed over.
    """
    for chunk in batched(leases, CHUNK):
        _enter_those_who_may(store, _enter_calls(room_id, chunk, timing, b"", epoch, now))


def leave(
    store: Store,
    room_id: str,
    lease_id: str,
    locale: str,
    reason: str = message.LEFT,
    now: str = "",
) -> int:
    """Take a connection out at once. Gives the userCount."""
    announcement = message.announcement(message.QUIT, room_id, locale, reason)
    return int(
        store.ask(ScriptCall("leave", _room_keys(room_id), [now, announcement, lease_id]))[0]
    )


def end_presence(store: Store, user_id: str, room_ids: Sequence[str], locale: str) -> None:
    """End the presence of a person in these rooms at once, with all connections."""
    store.ask_all(
        [
            ScriptCall(
                "end_presence",
                _room_keys(room_id),
                ["", message.announcement(message.QUIT, room_id, locale, message.LEFT), user_id],
            )
            for room_id in room_ids
        ]
    )


def shorten_leases(
    store: Store, lost: Mapping[str, Sequence[str]], timing: Timing, now: str = ""
) -> None:
    """Shorten leases of lost connections, given by room: these have the grace to come back."""
    shortened = [
        (room_id, ScriptCall("shorten_leases", [keys.conns(room_id)], [now, timing.grace, *chunk]))
        for room_id, lease_ids in lost.items()
        for chunk in batched(lease_ids, CHUNK)
    ]
    ends = store.ask_all([call for _, call in shortened])
    store.ask_all(
        ("ZADD", keys.OCCUPIED, "LT", end, room_id)
        for (room_id, _), end in zip(shortened, ends, strict=True)
    )


def reap(
    store: Store, timing: Timing, locale: str, limit: int = 100, now: str = ""
) -> dict[str, list[str]]:
    """End the leases that are over, in up to ``limit`` rooms that are due.

    Gives for each such room the userIds of those who are gone. Any number of workers may reap at
    the same time; each QUIT happens once.
    """
    # Longer than the grace, so that a connection lost in the meantime moves the room's time.
    hold = timing.grace + 5_000
    args: list[Argument] = [now, limit, hold, timing.outage, timing.lease]
    held_until, *claimed = store.ask(ScriptCall("claim", [keys.OCCUPIED, keys.REAPED], args))
    due = [room_id.decode() for room_id in claimed]
    if not due:
        return {}
    announced = [message.announcement(message.QUIT, i, locale, message.LOST) for i in due]
    answers = store.ask_all(
        [
            ScriptCall("reap", _room_keys(i), [now, announcement, CHUNK, held_until, timing.lease])
            for i, announcement in zip(due, announced, strict=True)
        ]
    )
    store.ask_all(
        ScriptCall("end_claim", [keys.OCCUPIED], [room_id, held_until, answer[0]])
        for room_id, answer in zip(due, answers, strict=True)
    )
    return {i: [n.decode() for n in a[1:]] for i, a in zip(due, answers, strict=True)}


def present(room_id: str, most: int = 0) -> Question[list[Present]]:
    """Who is here, by name. With ``most``, of a large room so many people at the most."""

    def read(answers: list[Any]) -> list[Present]:
        found = answers[0][1] if most else answers[0]
        here = [_present(i, r) for i, r in zip(found[::2], found[1::2], strict=True)]
        here.sort(key=lambda each: each.name)
        return here[: most or None]

    return Question([_some(room_id, most) if most else ("HGETALL", keys.present(room_id))], read)


def names(room_id: str, most: int) -> Question[dict[str, str]]:
    """The names of people who are here, by userId, in the order of names; ``most`` at the most."""

    def read(answers: list[Any]) -> dict[str, str]:
        found = answers[0][1]
        here = [(i, r[r.index(b" ") + 1 :]) for i, r in zip(found[::2], found[1::2], strict=True)]
        here.sort(key=itemgetter(1))
        return {user_id.decode(): name.decode() for user_id, name in here[:most]}

    return Question([_some(room_id, most)], read)


def _some(room_id: str, about: int) -> Command:
    """COUNT is no limit: of a hash of some hundred fields the store gives all."""
    return ("HSCAN", keys.present(room_id), 0, "COUNT", about)


def _enter_those_who_may(store: Store, enter_calls: Sequence[ScriptCall | Command]) -> None:
    for answer in store.ask_all(enter_calls, keep_errors=True):
        if isinstance(answer, Exception) and not isinstance(answer, _MAY_NOT):
            raise answer


def _enter_calls(
    room_id: str,
    leases: Sequence[Lease],
    timing: Timing,
    announcement: bytes,
    epoch: str,
    now: str,
) -> list[ScriptCall | Command]:
    flat = [field for lease in leases for field in lease]
    user_ids = [user_of(lease.lease_id) for lease in leases]
    of_people = [key(i) for i in user_ids for key in (keys.account, keys.rooms_of)]
    in_room = (keys.members, keys.banned, keys.marks, keys.spoken)
    return [
        # Before anybody is in, so that the reaper knows the room whatever happens to this process.
        ("ZADD", keys.OCCUPIED, 0, room_id),
        ScriptCall(
            "enter",
            [*_room_keys(room_id), *(key(room_id) for key in in_room), *of_people],
            [now, timing.lease, announcement, epoch, *flat],
        ),
    ]


def _present(user_id: bytes, stored: bytes) -> Present:
    connections, name = stored.decode().split(" ", 1)
    return Present(user_id.decode(), name, int(connections))


def _renewed_keys(room_id: str) -> list[str]:
    return [keys.room(room_id), keys.conns(room_id), keys.members(room_id), keys.banned(room_id)]


def _room_keys(room_id: str) -> list[str]:
    return [keys.room(room_id), keys.conns(room_id), keys.present(room_id)]
