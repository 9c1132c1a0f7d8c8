"""Taking people out of private rooms and letting them in again, as the owner of the rooms does."""

import asyncio
import contextlib
from collections.abc import Sequence

from verify.api import Person
from verify.client import Client
from verify.history import History, Removal, now
from verify.plan import Step
from verify.room import new_id

#: Seconds of a step up to which the person is let in again after them; else with the next step.
SOON = 3.0
#: Under which the history has what the owner says.
NAME = "owner/http"
#: Seconds that what has been begun may take to be answered at the end of a round.
LAST_ANSWERS = 60.0


class Removals:
    """``owner`` has made the ``private`` rooms; ``clients`` are everybody's.

    What has begun goes on until it is answered: so it is always known who may be where.
    """

    def __init__(
        self, owner: Person, private: Sequence[str], clients: Sequence[Client], history: History
    ) -> None:
        self._owner = owner
        self._private = private
        self._clients = clients
        self._history = history
        self._out: dict[tuple[str, str], Removal] = {}
        history.people[NAME] = owner.name
        self._busy: dict[tuple[str, str], asyncio.Task[None]] = {}

    def act(self, step: Step) -> None:
        """Take somebody out who is in a private room, or let somebody in who is out."""
        there = [
            (client.person.name, room.id)
            for client in self._clients
            for room in client.rooms.values()
            if room.id in self._private and (room.is_joined() or room.barred)
        ]
        if there and (chosen := there[int(step.pick * len(there))]) not in self._busy:
            task = asyncio.create_task(self._carry_out(*chosen, step.seconds))
            self._busy[chosen] = task

    async def finish(self) -> None:
        """Wait until everything is answered. Raises ``OSError``."""
        if self._busy:
            _, late = await asyncio.wait(self._busy.values(), timeout=LAST_ANSWERS)
            if late:
                raise OSError("a removal from a room is not answered")

    async def let_everybody_in(self) -> None:
        """All who have a private room open are members of it at first."""
        for client in self._clients:
            for room in client.rooms:
                if room in self._private:
                    await self._insist("PUT", client.person.name, room)

    async def _carry_out(self, person: str, room: str, seconds: float) -> None:
        try:
            removal = self._out.pop((person, room), None)
            if removal is None:
                removal = await self._take_out(person, room)
                if seconds > SOON:
                    self._out[person, room] = removal
                    return
                await asyncio.sleep(seconds)
            removal.back_called = now()
            await self._insist("PUT", person, room)
            removal.back_answered = now()
            self._bar(person, room, False)
        finally:
            del self._busy[person, room]

    async def _take_out(self, person: str, room: str) -> Removal:
        removal = Removal(room, person, now())
        self._history.removals.append(removal)
        self._bar(person, room, True)
        await self._insist("DELETE", person, room)
        removal.answered = now()
        await self._say_something(room)
        return removal

    async def _say_something(self, room: str) -> None:
        """That the person must not hear, once; it is stored or not."""
        note, client_id = self._history.note, new_id()
        said = {"message": "Between ourselves", "clientId": client_id}
        note(NAME, "call", 0, room, event="message", **said)
        with contextlib.suppress(OSError):
            path = f"/api/rooms/{room}/messages"
            answer = await self._owner.api.request("POST", path, self._owner.token, json=said)
            told = {"ok": answer.status_code == 201, **answer.json()}
            note(NAME, "answer", 0, room, event="message", **said, answer=told)

    def _bar(self, person: str, room: str, barred: bool) -> None:
        for client in self._clients:
            if client.person.name == person and room in client.rooms:
                client.rooms[room].barred = barred

    async def _insist(self, method: str, person: str, room: str) -> None:
        """Again and again until it is answered."""
        while True:
            token = self._owner.token
            with contextlib.suppress(OSError):
                path = f"/api/rooms/{room}/members/{person}"
                answer = await self._owner.api.request(method, path, token)
                # One that was not answered may have been carried out: then that is no member.
                if answer.status_code == 204 or (method, answer.status_code) == ("DELETE", 404):
                    return
                if answer.status_code == 401:
                    await self._owner.renew(token)
            await asyncio.sleep(0.3)
