"""The heartbeats of workers, as they are published: how late the latest was."""

import contextlib
import itertools
import json
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import redis

from chat import control_messages, keys

#: Seconds between two canaries of a worker: ``chat.live.heartbeat.CANARY``, which is not imported
#: since it would bring the event loop with it.
CANARY_INTERVAL_S = 2.0


class HeartbeatTimes:
    """The times at which each worker has published its canary (monotonic)."""

    def __init__(self) -> None:
        self._received: dict[str, list[float]] = defaultdict(list)

    def receive(self, published: bytes) -> None:
        worker = json.loads(published).get(control_messages.CANARY)
        if worker is not None:
            self._received[worker].append(time.monotonic())

    def latest_ms(self) -> float:
        """By how much the longest time between two heartbeats of a worker was too long."""
        gaps = [
            later - earlier
            for times in self._received.values()
            for earlier, later in itertools.pairwise(times)
        ]
        return 1000 * (max(gaps) - CANARY_INTERVAL_S) if gaps else float("nan")


@contextlib.contextmanager
def recording_heartbeats(store_socket: Path | None) -> Iterator[HeartbeatTimes]:
    """Receives the heartbeats meanwhile; a server without such a store has none."""
    heartbeats = HeartbeatTimes()
    if store_socket is None:
        yield heartbeats
        return
    with redis.Redis(unix_socket_path=str(store_socket)) as client, client.pubsub() as channel:
        channel.subscribe(keys.CONTROL)
        is_over = threading.Event()

        def listen() -> None:
            while not is_over.is_set():
                told = channel.get_message(ignore_subscribe_messages=True, timeout=0.2)
                if told is not None:
                    heartbeats.receive(told["data"])

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield heartbeats
        finally:
            is_over.set()
            thread.join()
