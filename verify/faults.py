"""Injects faults, and ends them again."""

import asyncio
import contextlib
import math
import signal
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from redis.exceptions import RedisError

from chat.store.store import Store
from verify.client import Client
from verify.connection_tracker import ConnectionTracker
from verify.deployment import Deployment, owners
from verify.history import History, InjectedFault, now
from verify.plan import Fault
from verify.proxy import Pipe, Proxy
from verify.recorder import NAME as RECORDER

T = TypeVar("T")

#: Messages that each client of a flood sends; how many clients; the largest room, in clients.
FLOOD_MESSAGES, FLOOD_CLIENTS, FLOODED_ROOM_CLIENTS = 400, 6, 24
#: Connections that become silent, at most.
MAX_SILENT_CONNECTIONS = 5
#: Faults that hit one worker only.
OF_A_WORKER = ("worker-kill", "worker-stop", "store-cut-one", "store-hold-one")
#: Seconds between two times that the workers' subscribed connections are killed.
UNSUBSCRIBE_INTERVAL_S = 0.02
#: Seconds that a slow network adds.
SLOW_DELAY_S = 0.3


class Faults:
    def __init__(
        self,
        deployment: Deployment,
        network: Proxy,
        store: Proxy,
        connection_tracker: ConnectionTracker,
        clients: Sequence[Client],
        history: History,
        opened: Store,
    ) -> None:
        self._deployment = deployment
        self._network = network
        self._store = store
        self._connection_tracker = connection_tracker
        self._clients = clients
        self._history = history
        self._opened = opened

    async def carry_out(self, fault: Fault) -> None:
        """Inject a fault; returns when it is over."""
        began, worker = now(), 0
        if fault.kind in OF_A_WORKER:
            worker = self._a_worker(fault)
            if not worker:
                return
        break_it: Callable[[Fault, int], Awaitable[None]]
        break_it = getattr(self, "_" + fault.kind.replace("-", "_"))
        try:
            await break_it(fault, worker)
        finally:
            # Recorded also if the fault was ended early.
            hit = frozenset({worker} if worker else ())
            self._history.faults.append(InjectedFault(fault.kind, began, now(), hit))

    async def _worker_kill(self, fault: Fault, worker: int) -> None:
        self._deployment.send(worker, signal.SIGKILL)

    async def _worker_stop(self, fault: Fault, worker: int) -> None:
        self._deployment.send(worker, signal.SIGSTOP)
        await asyncio.sleep(fault.seconds)
        self._deployment.send(worker, signal.SIGCONT)

    async def _reload(self, fault: Fault, worker: int) -> None:
        self._deployment.reload()

    async def _store_kill(self, fault: Fault, worker: int) -> None:
        if store := self._deployment.store_process():
            self._deployment.send(store, signal.SIGKILL)

    async def _store_pause(self, fault: Fault, worker: int) -> None:
        if store := self._deployment.store_process():
            self._deployment.send(store, signal.SIGSTOP)
            await asyncio.sleep(fault.seconds)
            self._deployment.send(store, signal.SIGCONT)

    async def _disk_full(self, fault: Fault, worker: int) -> None:
        """Fill the disk, and kill the store: changes that are not in its file are lost."""
        try:
            if self._deployment.fill_disk():
                await asyncio.sleep(fault.seconds)
                await self._store_kill(fault, worker)
        finally:
            self._deployment.free_disk()

    async def _follower_kill(self, fault: Fault, worker: int) -> None:
        if follower := self._deployment.follower():
            self._deployment.send(follower, signal.SIGKILL)

    async def _follower_stop(self, fault: Fault, worker: int) -> None:
        if follower := self._deployment.follower():
            self._deployment.send(follower, signal.SIGSTOP)
            await asyncio.sleep(fault.seconds)
            self._deployment.send(follower, signal.SIGCONT)

    async def _archive_lock(self, fault: Fault, worker: int) -> None:
        """Another program locks the archive."""
        lock = sqlite3.connect(self._deployment.archive, isolation_level=None, timeout=0)
        with contextlib.closing(lock), contextlib.suppress(sqlite3.OperationalError):
            lock.execute("BEGIN EXCLUSIVE")
            await asyncio.sleep(fault.seconds)

    async def _archive_away(self, fault: Fault, worker: int) -> None:
        """The archive's file is moved away, and comes back."""
        there = self._deployment.archive
        away = there.with_name("moved")
        with contextlib.suppress(FileNotFoundError):
            there.rename(away)
        await asyncio.sleep(fault.seconds)
        if away.exists():
            away.rename(there)

    async def _store_cut(self, fault: Fault, worker: int) -> None:
        with self._store.refusing(lambda port: True):
            for pipe in self._store.pipes():
                pipe.reset()
            await asyncio.sleep(fault.seconds)

    async def _store_cut_one(self, fault: Fault, worker: int) -> None:
        with self._store.refusing(
            lambda port: self._connection_tracker.worker_at_store(port) == worker
        ):
            for pipe in self._links_to_store(worker):
                pipe.reset()
            await asyncio.sleep(fault.seconds)

    async def _store_hold(self, fault: Fault, worker: int) -> None:
        with self._store.holding(self._store.pipes()):
            await asyncio.sleep(fault.seconds)

    async def _store_hold_one(self, fault: Fault, worker: int) -> None:
        with self._store.holding(self._links_to_store(worker)):
            await asyncio.sleep(fault.seconds)

    async def _store_unsubscribe(self, fault: Fault, worker: int) -> None:
        """Let the store close the workers' subscribed connections, again and again."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(fault.seconds):
                while True:
                    await asyncio.to_thread(self._kill_subscribers)
                    await asyncio.sleep(UNSUBSCRIBE_INTERVAL_S)

    def _kill_subscribers(self) -> None:
        redis = self._opened.redis
        with contextlib.suppress(RedisError):
            for subscriber in redis.client_list(_type="pubsub"):
                if subscriber["name"] != RECORDER:
                    redis.execute_command("CLIENT", "KILL", "ID", subscriber["id"])

    async def _net_reset(self, fault: Fault, worker: int) -> None:
        for pipe in _some(self._network.pipes(), fault):
            pipe.reset()

    async def _net_hold(self, fault: Fault, worker: int) -> None:
        with self._network.holding(_some(self._network.pipes(), fault)):
            await asyncio.sleep(fault.seconds)

    async def _net_refuse(self, fault: Fault, worker: int) -> None:
        with self._network.refusing(lambda port: True):
            for pipe in _some(self._network.pipes(), fault):
                pipe.reset()
            await asyncio.sleep(fault.seconds)

    async def _net_slow(self, fault: Fault, worker: int) -> None:
        with self._network.slowing(_some(self._network.pipes(), fault), SLOW_DELAY_S):
            await asyncio.sleep(fault.seconds)

    async def _net_away(self, fault: Fault, worker: int) -> None:
        """Some clients lose their network at the same time, and have it again later."""
        some = _some([client for client in self._clients if client.link], fault)
        await asyncio.gather(*(client.away(fault.seconds) for client in some))

    async def _net_silence(self, fault: Fault, worker: int) -> None:
        """Some connections become silent: the server has to find out by its pings."""
        for pipe in _some(self._network.pipes(), fault)[:MAX_SILENT_CONNECTIONS]:
            pipe.hold()

    async def _flood(self, fault: Fault, worker: int) -> None:
        """In one room, some clients send more than another can read."""
        joined = [(c, r) for c in self._clients for r in c.rooms.values() if r.is_joined()]
        sizes = Counter(room.id for _, room in joined)
        fitting = sorted(
            room for room, size in sizes.items() if FLOOD_CLIENTS < size <= FLOODED_ROOM_CLIENTS
        )
        if fitting:
            flooded = fitting[int(fault.pick * len(fitting))]
            there = [(client, room) for client, room in joined if room.id == flooded]
            (reader, _), *talking = there[: FLOOD_CLIENTS + 1]
            floods = [room.flood(FLOOD_MESSAGES) for _, room in talking]
            await asyncio.gather(reader.stall(fault.seconds), *floods)

    def _a_worker(self, fault: Fault) -> int:
        workers = self._deployment.workers()
        self._connection_tracker.identify()
        return workers[int(fault.pick * len(workers))] if workers else 0

    def _links_to_store(self, pid: int) -> list[Pipe]:
        theirs = owners(self._deployment.workers(), True)
        return [pipe for pipe in self._store.pipes() if theirs.get(pipe.client_port) == pid]


def _some(among: Sequence[T], fault: Fault) -> list[T]:
    """The fault's share of these, beginning with the picked one; at least one, if there is any."""
    count = math.ceil(fault.share * len(among))
    start = int(fault.pick * len(among))
    return [*among[start:], *among[:start]][:count]
