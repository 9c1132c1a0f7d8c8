"""A whole run: starts everything, carries out the plan, and has each round checked."""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

from chat.store import store
from verify.actions import act
from verify.api import Api, Person
from verify.changes import Changes
from verify.checks import EARLY, run_checks
from verify.client import Client
from verify.connection_tracker import ConnectionTracker
from verify.deployment import GRACE_S, LEASE_S, Deployment
from verify.faults import Faults
from verify.history import History, Renaming, Violation, now
from verify.plan import Fault, Plan, Round, Step, private_rooms
from verify.proxy import Proxy, to_tcp, to_unix
from verify.recorder import Recorder
from verify.settling import Settling

#: Seconds that what people have begun may take to end.
LAST_ACTIONS_S = 20.0

#: Between two looks at the clock, and how late one may be.
CLOCK_INTERVAL_S, MAX_LATE_MS = 0.2, 1_000.0


class Run:
    """``source`` is the checkout to run, in ``folder`` it keeps its data."""

    def __init__(self, plan: Plan, source: Path, folder: Path, workers: int, verbose: bool) -> None:
        self.history = History(lease=LEASE_S * 1000, grace=GRACE_S * 1000)
        self._plan = plan
        self._verbose = verbose
        self.deployment = Deployment(source, folder, workers)
        self._connection_tracker = ConnectionTracker(self.deployment, self.history)
        self._network = Proxy(to_tcp(self.deployment.address))
        self._store = Proxy(to_unix(self.deployment.socket), self._connection_tracker.tap)
        self._clients: list[Client] = []

    async def go(self, seconds: float) -> list[Violation]:
        """Carry out as many rounds as fit. Gives what is wrong, at the first moment it shows."""
        async with contextlib.AsyncExitStack() as parts:
            await self._start(parts)
            deadline = time.monotonic() + seconds
            violations: list[Violation] = []
            for number, round_ in enumerate(self._plan.rounds, 1):
                if violations or (number > 1 and time.monotonic() + round_.seconds / 2 > deadline):
                    break
                await self._play(round_)
                violations = await self._check(number)
            return violations

    async def _start(self, parts: contextlib.AsyncExitStack) -> None:
        """Each part is stopped before those that it needs."""
        parts.push_async_callback(self._store.stop)
        parts.push_async_callback(self.deployment.stop)
        await asyncio.to_thread(self.deployment.start_store)
        await self.deployment.start(await self._store.start())
        parts.push_async_callback(self._network.stop)
        api = Api(await self._network.start())
        people = max(seat.person for seat in self._plan.seats) + 1
        persons = [Person(f"p{number:02}", api) for number in range(people)]
        probe = Person("probe", Api(self.deployment.address))
        # The first account is an admin's, who may do everything: nobody else's should be that.
        await Person("founder", api).register()
        await asyncio.gather(*(person.register() for person in [*persons, probe]))
        self.history.renamings += [Renaming(p.user_id, p.name, 0, 0) for p in [*persons, probe]]
        rooms, groups = await self._make_rooms(persons, probe)
        recorder = Recorder(self.deployment.socket, list(self.history.kinds), self.history)
        parts.push_async_callback(recorder.stop)
        await recorder.start()
        await self._let_in(parts, persons, probe, rooms, groups)

    async def _make_rooms(
        self, persons: Sequence[Person], probe: Person
    ) -> tuple[list[str], dict[str, list[Person]]]:
        """The rooms by their numbers, which the probe owns, and the people of direct rooms."""
        rooms, groups, private = [], {}, private_rooms(self._plan.rooms)
        for number in range(self._plan.rooms):
            is_private = number in private
            made = await probe.call_until_answered(
                "POST", "/api/rooms", name=f"Room {number}", private=is_private
            )
            rooms.append(made["roomId"])
            self.history.kinds[made["roomId"]] = "private" if is_private else "open"
            self.history.admitted[probe.user_id, made["roomId"]] = "owner"
        for numbers in self._plan.direct:
            first, *others = group = [persons[number] for number in numbers]
            ids = [other.user_id for other in others]
            made = await first.call_until_answered("POST", "/api/direct", people=ids)
            groups[made["roomId"]] = group
            self.history.kinds[made["roomId"]] = "direct"
            for person in group:
                self.history.admitted[person.user_id, made["roomId"]] = "member"
        return rooms, groups

    async def _let_in(
        self,
        parts: contextlib.AsyncExitStack,
        persons: Sequence[Person],
        probe: Person,
        rooms: Sequence[str],
        groups: dict[str, list[Person]],
    ) -> None:
        for number, seat in enumerate(self._plan.seats):
            person = persons[seat.person]
            mine = [rooms[room] for room in seat.rooms]
            for room in mine:
                if self.history.kinds[room] == "private":
                    await probe.call_until_answered(
                        "PUT", f"/api/rooms/{room}/members/{person.user_id}"
                    )
                    self.history.admitted[person.user_id, room] = "member"
            mine += [room for room, group in groups.items() if person in group]
            self._clients.append(self._client(f"{person.label}.{number}", person, mine))
        others = [[persons[number] for number in group] for group in self._plan.groups]
        self._changes = Changes(probe, groups, others, self._clients, self.history)
        visitor = self._client("probe.0", probe, rooms)
        for visited in visitor.rooms.values():
            visited.leave()
        opened = store.connect(f"unix://{self.deployment.socket}")
        self._settling = Settling(self.deployment, self._clients, visitor, groups, opened)
        self._faults = Faults(
            self.deployment,
            self._network,
            self._store,
            self._connection_tracker,
            self._clients,
            self.history,
            opened,
        )
        for client in [*self._clients, visitor]:
            parts.push_async_callback(client.stop)
            client.open()
            client.start()
        for work in (self._connection_tracker.watch(self._network), self._watch_itself()):
            parts.callback(asyncio.create_task(work).cancel)

    async def _watch_itself(self) -> None:
        """A machine that is too slow for the checker proves nothing of Maru."""
        while True:
            began = now()
            await asyncio.sleep(CLOCK_INTERVAL_S)
            if now() - began > MAX_LATE_MS + CLOCK_INTERVAL_S * 1000:
                self.history.slow.append((began, now()))

    def _client(self, name: str, person: Person, rooms: Sequence[str]) -> Client:
        random = Random(f"{self._plan.seed} {name}")
        return Client(name, person, rooms, self._network.address, self.history, random)

    async def _play(self, round_: Round) -> None:
        began = time.monotonic()
        acts: list[asyncio.Task[None]] = []
        waiting: list[Step | Fault] = [*round_.steps, *round_.faults]
        waiting.sort(key=lambda item: item.at)
        for item in waiting:
            await asyncio.sleep(max(0.0, began + item.at - time.monotonic()))
            if isinstance(item, Fault):
                self._tell(f"  {item.at:5.1f} s  {item.kind} {item.seconds:.1f} s")
                acts.append(asyncio.create_task(self._faults.carry_out(item)))
            else:
                acts.append(asyncio.create_task(self._act(item)))
        done, late = await asyncio.wait(acts, timeout=LAST_ACTIONS_S)
        for task in late:
            task.cancel()
        for task in done:
            task.result()
        self.deployment.go_on()
        await self._changes.finish()

    async def _act(self, step: Step) -> None:
        await act(self._clients[step.seat], step, self._changes)

    async def _check(self, number: int) -> list[Violation]:
        violations = await asyncio.to_thread(run_checks, self.history.so_far(), EARLY)
        if violations:
            return violations
        began = time.monotonic()
        await self._settling.wait(self.history)
        waited = time.monotonic() - began
        self.history.log_errors[:] = self.deployment.log_errors()
        violations = await asyncio.to_thread(run_checks, self.history)
        self._tell(f"round {number}: settled after {waited:.1f} s, {len(violations)} violations")
        return violations

    def _tell(self, line: str) -> None:
        if self._verbose:
            print(line, flush=True)
