"""Waits until everything has settled, and then asks everybody and the API how it is.

A person of the checker's own, the probe, enters every room, says a word and leaves: everybody there
has to receive that, and then has the newest count.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from chat import keys
from chat.store.store import Store
from verify.api import Person
from verify.client import Client
from verify.deployment import GRACE_S, LEASE_S, Deployment
from verify.history import Count, History, SettledState, Stored, now
from verify.link import Unanswered
from verify.room import Room
from verify.stored import is_archived, read_archive, read_stream

#: Seconds in which everything has to settle: when the store was away, a lease ends a whole lease
#: later. The rest is for slow machines.
SETTLING_TIMEOUT_S = 2 * LEASE_S + GRACE_S + 20.0
#: The same for clients that vanished without a trace: the missing pong tells after 25 seconds.
SILENCE_S = 30.0
#: Seconds that each step of the probe's visit may take.
VISIT_TIMEOUT_S = 30.0
#: Seconds after which the archive has what was said last.
ARCHIVING_TIMEOUT_S = 30.0
#: How often the state is asked for again, where something happened meanwhile.
ATTEMPTS = 4

T = TypeVar("T")
Truth = dict[str, dict[str, int]]


class Settling:
    """``probe`` visits its rooms; about direct rooms one of their people is asked: ``groups``."""

    def __init__(
        self,
        deployment: Deployment,
        clients: Sequence[Client],
        probe: Client,
        groups: Mapping[str, Sequence[Person]],
        store: Store,
    ) -> None:
        self._deployment = deployment
        self._clients = clients
        self._probe = probe
        self._store = store
        self._rooms = [*probe.rooms, *groups]
        self._groups = groups
        self._problems: list[str] = []

    async def wait(self, history: History) -> None:
        """Wait until everything has settled, or should have; add that state to the history."""
        silent = any(fault.kind == "net-silence" for fault in history.faults)
        for _ in range(ATTEMPTS):
            self._problems = []
            await self._within(
                SETTLING_TIMEOUT_S + SILENCE_S * silent, self._settled, self._unsettled
            )
            links = self._links()
            state = await self._measure(history)
            # Somebody's connection may just have ended; then this was no settled state.
            if links == self._links():
                break
        history.settled_states.append(state)

    async def _measure(self, history: History) -> SettledState:
        if not self._problems:
            await self._visit()
        received = self._counts_received()
        joined = await self._counts_of_joins()
        for room in self._rooms:
            history.stored[room] = await self._stored(room)
        users = {room: await self._users(room) for room in self._rooms}
        memberships = await self._memberships()
        return SettledState(
            at=now(),
            truth=self._truth(),
            present={room: _connections(here) for room, here in users.items()},
            names={room: {u["userId"]: u["name"] for u in here} for room, here in users.items()},
            own_rooms=_by_person(memberships, lambda own: str(own["role"])),
            unread=_by_person(memberships, lambda own: (own["read"], own["unread"])),
            said={room: _said(history.stored[room]) for room in self._rooms},
            leases={room: await self._leases(room) for room in self._rooms},
            counts=[
                *(received if not self._problems else ()),
                *joined,
                *await self._counts_served(),
            ],
            tops={(client.name, room.id): room.view.top for client, room in self._joined()},
            problems=tuple(self._problems),
        )

    def _links(self) -> set[int]:
        return {client.link.number if client.link else 0 for client in self._clients}

    async def _settled(self) -> bool:
        if any(not client.is_settled() for client in [*self._clients, self._probe]):
            return False
        if not await self._deployment.is_ready():
            return False
        truth = self._truth()
        for room in self._rooms:
            if _connections(await self._users(room)) != truth[room]:
                return False
        return True

    def _unsettled(self) -> str:
        waiting = [client.describe() for client in self._clients if not client.is_settled()]
        return "; ".join(waiting) or "the counts do not become true"

    async def _visit(self) -> None:
        rooms = self._probe.rooms.values()
        for room in rooms:
            room.enter()
        await self._within(
            VISIT_TIMEOUT_S, self._probe_is_settled, lambda: "the probe cannot enter"
        )
        for room in rooms:
            room.say_word("Is everybody here?")
        await self._within(
            VISIT_TIMEOUT_S, self._probe_is_settled, lambda: "the probe cannot speak"
        )
        for room in rooms:
            room.leave()
        await self._within(VISIT_TIMEOUT_S, self._probe_is_gone, self._missed_by)

    async def _probe_is_settled(self) -> bool:
        return self._probe.is_settled()

    async def _probe_is_gone(self) -> bool:
        return self._probe.is_settled() and not self._clients_without_quit()

    def _missed_by(self) -> str:
        missing = ", ".join(self._clients_without_quit()) or "nobody"
        return f"the probe's visit was not received by {missing}"

    def _clients_without_quit(self) -> list[str]:
        went = "QUIT", self._probe.person.user_id
        return [
            f"{client.name} in {room.id}"
            for client, room in self._joined()
            if room.id in self._probe.rooms
            and not (room.newest and (room.newest["type"], room.newest["senderId"]) == went)
        ]

    def _joined(self) -> list[tuple[Client, Room]]:
        return [(c, r) for c in self._clients for r in c.rooms.values() if r.is_joined()]

    def _truth(self) -> Truth:
        truth: Truth = {room: {} for room in self._rooms}
        for client, room in self._joined():
            user_id = client.person.user_id
            truth[room.id][user_id] = truth[room.id].get(user_id, 0) + 1
        return truth

    def _counts_received(self) -> list[Count]:
        return [
            Count(room.id, f"newest received by {client.name}", room.count)
            for client, room in self._joined()
            if room.count is not None and room.id in self._probe.rooms
        ]

    async def _counts_of_joins(self) -> list[Count]:
        async def ask(client: Client, room: Room) -> list[Count]:
            try:
                count = await room.join_again()
            except Unanswered:
                count = None
            return [] if count is None else [Count(room.id, f"join of {client.name}", count)]

        answers = await asyncio.gather(*(ask(*joined) for joined in self._joined()))
        return [count for answer in answers for count in answer]

    async def _counts_served(self) -> list[Count]:
        listed = await self._probe.person.get("/api/rooms", limit=200)
        counts = [Count(r["roomId"], "list of rooms", r["userCount"]) for r in listed["rooms"]]
        for room in self._rooms:
            one = await self._get(room, "")
            users = await self._get(room, "/users")
            counts += [
                Count(room, "room by the API", one["userCount"]),
                Count(room, "users by the API", users["userCount"]),
            ]
        return counts

    async def _users(self, room: str) -> list[dict[str, Any]]:
        users: list[dict[str, Any]] = (await self._get(room, "/users"))["users"]
        return users

    async def _memberships(self) -> dict[str, dict[str, Any]]:
        """Of everybody, the rooms that one is told to belong to, with one's membership."""
        people = {client.person.user_id: client.person for client in [*self._clients, self._probe]}
        memberships = {}
        for user_id, person in people.items():
            rooms = (await person.get("/api/me/rooms"))["rooms"]
            memberships[user_id] = {room["roomId"]: room["membership"] for room in rooms}
        return memberships

    async def _leases(self, room: str) -> int:
        held: int = await asyncio.to_thread(self._store.redis.zcard, keys.conns(room))
        return held

    async def _stored(self, room: str) -> Stored:
        served: list[dict[str, Any]] = []
        page: dict[str, Any] = {"more": True, "epoch": "", "seq": 0}
        after = 0
        while page["more"]:
            page = await self._get(room, "/messages", after=after, limit=200)
            served += page["messages"]
            after = served[-1]["seq"] if served else 0
        await self._within(
            ARCHIVING_TIMEOUT_S, lambda: self._is_archived(room), lambda: f"{room} is not archived"
        )
        archived = await asyncio.to_thread(read_archive, self._deployment.archive, room)
        return await asyncio.to_thread(read_stream, self._store, room, served, archived)

    async def _is_archived(self, room: str) -> bool:
        return await asyncio.to_thread(is_archived, self._store, room)

    async def _get(self, room: str, path: str, **query: Any) -> Any:
        """What the API tells of a room, to somebody who belongs to it."""
        here = [client for client in self._clients if room in client.rooms]
        out = [client.person for client in here if client.rooms[room].barred]
        group = self._groups.get(room, [self._probe.person])
        asked = next(person for person in group if person not in out)
        return await asked.get(f"/api/rooms/{room}{path}", **query)

    async def _within(
        self, seconds: float, done: Callable[[], Awaitable[bool]], problem: Callable[[], str]
    ) -> None:
        try:
            async with asyncio.timeout(seconds):
                while not await _or_false(done):
                    await asyncio.sleep(0.1)
        except TimeoutError:
            self._problems.append(f"after {seconds:.0f} s: {problem()}")


def _by_person(
    memberships: Mapping[str, Mapping[str, Any]], what: Callable[[Any], T]
) -> dict[str, dict[str, T]]:
    """Something of each membership, by person and room."""
    return {
        person: {room: what(membership) for room, membership in of_person.items()}
        for person, of_person in memberships.items()
    }


def _said(stored: Stored) -> list[tuple[int, str]]:
    return [(talk["seq"], talk["senderId"]) for talk in stored.served]


def _connections(users: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    return {user["userId"]: user["connections"] for user in users}


async def _or_false(done: Callable[[], Awaitable[bool]]) -> bool:
    """A call that fails is tried again."""
    try:
        return await done()
    except OSError:
        return False
