"""Subscribes to every room at the store itself, and records all that is published, in order.

Any process may do that (docs/protocol.md, "Listening from outside"). RESP 3 lets it ask, over the
same connection, who is in the rooms: so the answer has its exact place among what is published.
"""

import asyncio
import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chat import keys
from verify.history import History, Published, Snapshot, now
from verify.resp import Parser, command

#: Of its connection, at the store: so that it can be told from those of workers.
NAME = "recorder"


class Recorder:
    def __init__(self, socket: Path, rooms: list[str], history: History) -> None:
        self._socket = socket
        self._rooms = rooms
        self._history = history
        self._task: asyncio.Task[None] | None = None
        self._subscribed = asyncio.Event()
        self._unsubscribed_since = 0.0

    async def start(self) -> None:
        """Return once it is subscribed."""
        self._task = asyncio.create_task(self._run())
        await self._subscribed.wait()

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(OSError):
                await self._subscribe()
            if self._subscribed.is_set():
                self._subscribed.clear()
                self._unsubscribed_since = now()
            # A store that was killed is back soon; what is published first then should be received.
            await asyncio.sleep(0.005)

    async def _subscribe(self) -> None:
        reader, writer = await asyncio.open_unix_connection(str(self._socket))
        try:
            writer.write(command("HELLO", "3", "SETNAME", NAME))
            writer.write(command("SUBSCRIBE", *map(keys.room, self._rooms)))
            for room in self._rooms:
                writer.write(command("HGETALL", keys.present(room)))
            parser, asked = Parser(), iter(["", *self._rooms])
            while data := await reader.read(65536):
                for answer in parser.feed(data):
                    self._note(answer, asked)
        finally:
            writer.close()

    def _note(self, answer: Any, asked: Iterator[str]) -> None:
        if isinstance(answer, list) and answer[:1] == [b"message"]:
            room, _ = keys.room_of_channel(answer[1].decode())
            self._history.channel_log.append(Published(now(), room, json.loads(answer[2])))
        elif isinstance(answer, list) and answer[:1] != [b"subscribe"]:
            room = next(asked)
            if room:
                # Of each the number of connections, and the name.
                numbers = [int(value.split()[0]) for value in answer[1::2]]
                people = dict(zip(map(bytes.decode, answer[::2]), numbers, strict=True))
                self._history.channel_log.append(Snapshot(now(), room, people))
                if room == self._rooms[-1]:
                    self._history.gaps.append((self._unsubscribed_since, now()))
                    self._subscribed.set()
        elif isinstance(answer, bytes):
            # The store is still loading its file.
            raise OSError(answer.decode())
