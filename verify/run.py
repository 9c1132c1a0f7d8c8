"""A whole run: starts everything, carries out the plan, and has each quiet moment judged."""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

from chat.store import store
from verify.actions import act
from verify.api import Api, Person
from verify.client import Client
from verify.faults import Faults
from verify.history import History, Violation, now
from verify.judge import EARLY, judge
from verify.observer import Observer
from verify.plan import Fault, Plan, Round, Step, private_rooms
from verify.product import GRACE, LEASE, Product
from verify.proxy import Proxy, to_tcp, to_unix
from verify.quiet import QuietMoment
from verify.removals import Removals
from verify.witness import Witness

#: Seconds that what people have begun may take to end.
LAST_ACTIONS = 20.0

#: Seconds between two looks at the clock, and ms that one may be late.
LOOK, SLOW = 0.2, 1_000.0


class Run:
    """``source`` is the checkout to run, in ``folder`` it keeps its data."""

    def __init__(
        self, plan: Plan, source: Path, folder: Path, workers: int, talkative: bool
    ) -> None:
        self.history = History(lease=LEASE * 1000, grace=GRACE * 1000)
        self._plan = plan
        self._talkative = talkative
        self.product = Product(source, folder, workers)
        self._observer = Observer(self.product, self.history)
        self._network = Proxy(to_tcp(self.product.address))
        self._store = Proxy(to_unix(self.product.socket), self._observer.tap)
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
                violations = await self._judge(number)
            return violations

    async def _start(self, parts: contextlib.AsyncExitStack) -> None:
        """Each part is stopped before those that it needs."""
        parts.push_async_callback(self._store.stop)
        parts.push_async_callback(self.product.stop)
        await asyncio.to_thread(self.product.start_store)
        await self.product.start(await self._store.start())
        parts.push_async_callback(self._network.stop)
        api = Api(await self._network.start())
        people = max(seat.person for seat in self._plan.seats) + 1
        persons = [Person(f"p{number:02}", api) for number in range(people)]
        probe = Person("probe", Api(self.product.address))
        await asyncio.gather(*(person.register() for person in [*persons, probe]))
        private = private_rooms(self._plan.rooms)
        made = [
            await api.post("/api/rooms", probe.token, name=f"Room {n}", private=n in private)
            for n in range(self._plan.rooms)
        ]
        rooms = [room["roomId"] for room in made]
        witness = Witness(self.product.socket, rooms, self.history)
        parts.push_async_callback(witness.stop)
        await witness.start()
        await self._let_in(parts, persons, probe, rooms)

    async def _let_in(
        self,
        parts: contextlib.AsyncExitStack,
        persons: Sequence[Person],
        probe: Person,
        rooms: Sequence[str],
    ) -> None:
        for number, seat in enumerate(self._plan.seats):
            mine = [rooms[room] for room in seat.rooms]
            self._clients.append(
                self._client(f"p{seat.person:02}.{number}", persons[seat.person], mine)
            )
        private = [rooms[number] for number in private_rooms(self._plan.rooms)]
        self._removals = Removals(probe, private, self._clients, self.history)
        await self._removals.let_everybody_in()
        visitor = self._client("probe.0", probe, rooms)
        for room in visitor.rooms.values():
            room.leave()
        opened = store.connect(f"unix://{self.product.socket}")
        self._quiet = QuietMoment(self.product, self._clients, visitor, opened)
        self._faults = Faults(
            self.product,
            self._network,
            self._store,
            self._observer,
            self._clients,
            self.history,
            opened,
        )
        for client in [*self._clients, visitor]:
            parts.push_async_callback(client.stop)
            client.open()
            client.start()
        for work in (self._observer.watch(self._network), self._watch_itself()):
            parts.callback(asyncio.create_task(work).cancel)

    async def _watch_itself(self) -> None:
        """A machine that is too slow for the checker proves nothing of Maru."""
        while True:
            began = now()
            await asyncio.sleep(LOOK)
            if now() - began > SLOW + LOOK * 1000:
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
        done, late = await asyncio.wait(acts, timeout=LAST_ACTIONS)
        for task in late:
            task.cancel()
        for task in done:
            task.result()
        self.product.go_on()
        await self._removals.finish()

    async def _act(self, step: Step) -> None:
        await act(self._clients[step.seat], step, self._removals)

    async def _judge(self, number: int) -> list[Violation]:
        violations = await asyncio.to_thread(judge, self.history.so_far(), EARLY)
        if violations:
            return violations
        began = time.monotonic()
        await self._quiet.wait(self.history)
        waited = time.monotonic() - began
        self.history.trouble[:] = self.product.trouble()
        violations = await asyncio.to_thread(judge, self.history)
        self._tell(f"round {number}: quiet after {waited:.1f} s, {len(violations)} violations")
        return violations

    def _tell(self, line: str) -> None:
        if self._talkative:
            print(line, flush=True)
