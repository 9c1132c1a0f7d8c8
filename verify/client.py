"""A client that behaves as the real page does, and keeps a record of all that it does and sees.

The twin of ``connection.js`` and ``joining.js``: it connects with a token, comes back with a
jittered backoff, joins its rooms again with what it has seen, and heeds the server's notices.
"""

import asyncio
import contextlib
from collections.abc import Iterable
from random import Random
from typing import Any

from verify.api import Person
from verify.history import History
from verify.link import Link, Refused, Unanswered
from verify.room import Room

#: Seconds: the first pause before coming back, and the longest. Shorter than the page's, so that
#: more happens in the same time.
FIRST_DELAY_S, LONGEST_DELAY_S = 0.3, 3.0
#: Seconds to wait for an answer: less than the page's ten, so that calls are repeated more often.
ANSWER_TIMEOUT_S = 5.0
#: Notices after which a client comes back over a new connection.
RECONNECT_NOTICES = ("draining", "slow", "expired")


class Client:
    """One page, in any number of rooms."""

    numbers = iter(range(1, 1 << 60))

    def __init__(
        self,
        name: str,
        person: Person,
        rooms: Iterable[str],
        address: tuple[str, int],
        history: History,
        random: Random,
    ) -> None:
        self.name = name
        self.person = person
        self.history = history
        self.random = random
        self.link: Link | None = None
        self.is_open = False
        self.rooms = {room: Room(self, room) for room in rooms}
        self._address = address
        self._again = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()
        history.people[name] = history.people[f"{name}/http"] = person.user_id

    def start(self) -> None:
        self._spawn(self._stay_connected())
        for room in self.rooms.values():
            self._spawn(room.tend())

    async def stop(self) -> None:
        self.is_open = False
        if self.link:
            self.link.abort()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def open(self) -> None:
        """The page is opened; what an earlier one had is forgotten."""
        if not self.is_open:
            self.is_open = True
            self._forget("opened")
            self._again.set()

    def close(self) -> None:
        """The tab is closed; what was not sent is never sent."""
        self.is_open = False
        for room in self.rooms.values():
            room.abandon()
        if self.link:
            self.link.close()

    def reload(self) -> None:
        """What is still to be sent is kept in the browser's session storage."""
        if self.is_open and self.link:
            self.link.close()
            self._forget("reloaded")

    def vanish(self) -> None:
        """The network is gone, without a goodbye. It is back with the next attempt to connect."""
        if self.link:
            self.link.abort()

    async def away(self, seconds: float) -> None:
        """The network is gone for a while."""
        if self.is_open:
            self.is_open = False
            self.vanish()
            await asyncio.sleep(seconds)
            self.is_open = True
            self._again.set()

    async def stall(self, seconds: float) -> None:
        """Do not read for a while."""
        link = self.link
        if link:
            link.stall()
            self.history.note(self.name, "stalls", link.number)
            await asyncio.sleep(seconds)
            link.read_on()
            self.history.note(self.name, "reads", link.number)

    def restart(self) -> None:
        """Away and back."""
        if self.link:
            self.link.close()

    async def ask(self, link: Link, event: str, **fields: Any) -> dict[str, Any]:
        """The answer to a call. Raises ``Unanswered``, and then the link is given up."""
        used = self.person.token
        answer = await self._ask_once(link, event, fields)
        if answer.get("error", {}).get("code") == "token_expired":
            await self._renew(used)
            answer = await self._ask_once(link, event, fields)
        return answer

    def call(self, link: Link, event: str, **fields: Any) -> "asyncio.Future[dict[str, Any]]":
        """The same, and it is the caller's to wait."""
        room = str(fields.get("roomId", ""))
        self.history.note(self.name, "call", link.number, room, **{**fields, "event": event})
        return link.call(event, {"token": self.person.token, **fields})

    def is_settled(self) -> bool:
        """Is everything as the person wants it?"""
        if not self.is_open:
            return self.link is None
        return self.link is not None and all(room.is_settled() for room in self.rooms.values())

    def describe(self) -> str:
        """What is not as it should be, for a report."""
        if self.link is None:
            return f"{self.name} has no connection"
        rooms = [room.describe() for room in self.rooms.values() if not room.is_settled()]
        return f"{self.name}: {', '.join(rooms) or 'is connected, though it should not be'}"

    def on_event(self, link: Link, event: str, payload: Any) -> None:
        if event == "message":
            room = payload["roomId"]
            self.history.note(self.name, "received", link.number, room, **payload)
            if room in self.rooms and link is self.link:
                self.rooms[room].receive(payload)
        elif event == "notice":
            room = payload.get("roomId", "")
            self.history.note(self.name, "notice", link.number, room, **payload)
            if payload["code"] in RECONNECT_NOTICES:
                link.close()
            elif payload["code"] == "expiring":
                self._spawn(self._reauth(link))
            elif payload["code"] in ("reset", "kicked") and room in self.rooms:
                self.rooms[room].begin_anew(payload["code"])

    def on_answer(self, link: Link, event: str, fields: dict, answer: dict) -> None:
        room = str(fields.get("roomId", ""))
        what = {**fields, "event": event, "answer": answer}
        self.history.note(self.name, "answer", link.number, room, **what)
        if room in self.rooms:
            self.rooms[room].answered(link, event, fields, answer)

    def on_end(self, link: Link, why: str) -> None:
        self.history.note(self.name, "end", link.number, why=why)
        if link is self.link:
            self.link = None
        for room in self.rooms.values():
            room.changed.set()

    async def _stay_connected(self) -> None:
        failures = 0
        while True:
            if not self.is_open:
                self._again.clear()
                await self._again.wait()
            try:
                await self._connect()
                failures = 0
                assert self.link
                await self.link.ended.wait()
            except Refused as refused:
                if refused.code == "token_expired":
                    await self._renew(self.person.token)
            except Unanswered:
                pass
            failures += 1
            delay = min(FIRST_DELAY_S * 2 ** (failures - 1), LONGEST_DELAY_S)
            await asyncio.sleep(delay * self.random.uniform(0.5, 1.5))

    async def _connect(self) -> None:
        link = Link(next(self.numbers), self)
        await link.open(self._address, self.person.token)
        self.history.note(self.name, "open", link.number, port=link.port)
        if not self.is_open:
            link.close()
        if link.ended.is_set():
            raise Unanswered
        self.link = link
        for room in self.rooms.values():
            room.changed.set()

    async def _ask_once(self, link: Link, event: str, fields: dict[str, Any]) -> dict[str, Any]:
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                return await self.call(link, event, **fields)
        except TimeoutError:
            # A connection that swallows calls is not one.
            link.close()
            raise Unanswered("no answer in time") from None

    async def _reauth(self, link: Link) -> None:
        with contextlib.suppress(Unanswered):
            await self._renew(self.person.token)
            await self.ask(link, "reauth")

    async def _renew(self, used: str) -> None:
        try:
            await self.person.renew(used)
        except OSError:
            await asyncio.sleep(self.random.uniform(0.5, 1.5))

    def _forget(self, why: str) -> None:
        for room in self.rooms.values():
            room.forget(why)

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
