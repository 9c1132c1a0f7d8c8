"""Records which worker serves which client, and what each worker receives from the store.

All connections go through the proxies, and the system knows which process has which connection. So
the history has exactly what a worker received on its subscribed connection, and when it had none.
"""

import asyncio
import json

from chat import keys
from verify.deployment import Deployment, owners
from verify.history import History, Published, now
from verify.proxy import Pipe, Proxy
from verify.resp import Parser

#: Seconds between two checks of which worker serves which client.
CHECK_INTERVAL_S = 0.2


class ConnectionTracker:
    def __init__(self, deployment: Deployment, history: History) -> None:
        self._deployment = deployment
        self._history = history
        self._parsers: dict[Pipe, Parser] = {}
        self._unknown: dict[int, Pipe] = {}

    def tap(self, pipe: Pipe, data: bytes, from_client: bool) -> None:
        """Record bytes that have passed between a worker and the store."""
        if from_client:
            if pipe not in self._parsers and b"SUBSCRIBE" in data:
                pipe.link_state.worker = self.worker_at_store(pipe.client_port)
                self._parsers[pipe] = Parser()
                self._history.received_by.setdefault(pipe.link_state.worker, [])
        elif pipe in self._parsers:
            for answer in self._parsers[pipe].feed(data):
                if isinstance(answer, list) and answer[0] == b"message":
                    room, is_typing = keys.room_of_channel(answer[1].decode())
                    if answer[1].startswith(keys.PREFIX.encode() + b"room:") and not is_typing:
                        published = Published(now(), room, json.loads(answer[2]), pipe.link_state)
                        self._history.received_by[pipe.link_state.worker].append(published)

    def worker_at_store(self, port: int) -> int:
        """The worker with this port of a connection to the store; 0 if it has ended."""
        return owners(self._deployment.workers(), True).get(port, 0)

    async def watch(self, clients: Proxy) -> None:
        """Find out, for ever, which workers serve new connections of clients."""
        seen = 0
        while True:
            await asyncio.sleep(CHECK_INTERVAL_S)
            events = self._history.events
            for event in events[seen:]:
                if event.kind == "open":
                    pipe = clients.pipe(event.what["port"])
                    if pipe:
                        self._history.link_states[event.link] = pipe.link_state
                        self._unknown[event.link] = pipe
            seen = len(events)
            self.identify()

    def identify(self) -> None:
        """Find out now which workers serve the connections whose worker is not known yet."""
        if self._unknown:
            known = owners(self._deployment.workers(), False)
            for link, pipe in list(self._unknown.items()):
                pipe.link_state.worker = known.get(pipe.server_port, 0)
                if pipe.link_state.worker or pipe.ended:
                    del self._unknown[link]
