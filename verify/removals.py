"""Taking people out of rooms and letting them in again, as owners, moderators and they do."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence

from verify.api import Person
from verify.client import Client
from verify.history import DirectCall, History, Removal, now
from verify.pending import Pending
from verify.plan import Step
from verify.room import Room, new_id

#: Seconds of a step up to which the person is let in again after them; else with the next step.
BACK_AFTER_S = 3.0


class Removals:
    """``owner`` has made all rooms but the direct ones; those are of the people in ``groups``."""

    def __init__(
        self,
        owner: Person,
        groups: Mapping[str, Sequence[Person]],
        clients: Sequence[Client],
        history: History,
        pending: Pending,
    ) -> None:
        self._owner = owner
        self._groups = groups
        self._clients = clients
        self._history = history
        self._pending = pending
        self._out: dict[tuple[str, str], Removal] = {}

    def is_out(self, person: Person, room: str) -> bool:
        return (person.user_id, room) in self._out

    def act(self, step: Step, moderators: Mapping[str, Sequence[Person]]) -> None:
        """Take somebody out, or let somebody in who is out; ``moderators`` are those by room."""
        there = [
            (client.person, room.id)
            for client in self._clients
            for room in client.rooms.values()
            if room.is_joined() or room.barred
        ]
        if there:
            person, room = there[int(step.pick * len(there))]
            # Letting one into a direct room lets in all of its people: so only one of them is out.
            out = [who for who in self._groups.get(room, ()) if self.is_out(who, room)]
            chosen = out[0] if out else person
            able = [mod for mod in moderators.get(room, ()) if mod is not chosen]
            key = (room,) if room in self._groups else (chosen.user_id, room)
            self._pending.begin(key, self._carry_out(chosen, room, step, able))

    async def _carry_out(
        self, person: Person, room: str, step: Step, moderators: Sequence[Person]
    ) -> None:
        removal = self._out.pop((person.user_id, room), None)
        if removal is None:
            removal = await self._take_out(person, room, step, moderators)
            if step.seconds > BACK_AFTER_S and not self._lapses(removal):
                self._out[person.user_id, room] = removal
                return
            await asyncio.sleep(min(step.seconds, BACK_AFTER_S))
        await self._let_in(person, room, removal, step)

    async def _take_out(
        self, person: Person, room: str, step: Step, moderators: Sequence[Person]
    ) -> Removal:
        how = "banned" if step.coin(1) or not self._was_added(person, room) else "removed"
        removal = Removal(room, person.user_id, now())
        removal.how = "left" if room in self._groups else how
        if self._lapses(removal):
            removal.lapses = removal.called + 2 * self._history.lease
        self._history.removals.append(removal)
        self._bar(person, room, True)
        if removal.how == "left":
            await person.call_until_answered("DELETE", _member(room, person), (204, 404))
            others = [other for other in self._groups[room] if other is not person]
            speaker = step.choose(others)
        else:
            speaker = self._owner
            method, path = "DELETE", _member(room, person)
            if removal.how == "banned":
                method, path = "PUT", _ban(room, person)
            by = moderators[:1] if step.coin(2) else []
            if not (by and await _once(by[0], method, path)):
                # One that was not answered may have been carried out: then that is no member.
                await self._owner.call_until_answered(method, path, (204, 404))
        removal.answered = now()
        await self._say_something(speaker, room)
        return removal

    async def _let_in(self, person: Person, room: str, removal: Removal, step: Step) -> None:
        removal.back_called = now()
        if removal.how == "left":
            others = [other for other in self._groups[room] if other is not person]
            await self.ask_for_direct(others[int(step.pick * 10) % len(others)], self._groups[room])
        elif self._history.kinds[room] == "open" and removal.how == "banned" and step.coin(4):
            removal.is_member_again = False
            await self._owner.call_until_answered("DELETE", _ban(room, person))
        else:
            await self._owner.call_until_answered("PUT", _member(room, person))
        removal.back_answered = now()
        self._bar(person, room, False)

    async def ask_for_direct(self, person: Person, group: Sequence[Person]) -> str:
        """Ask for the direct room of a group that the person belongs to. Gives its id."""
        call = DirectCall(frozenset(each.user_id for each in group), now())
        self._history.direct_calls.append(call)
        others = [each.user_id for each in group if each is not person]
        answer = await person.call_until_answered("POST", "/api/direct", people=others)
        call.room = str(answer["roomId"])
        call.answered = now()
        return call.room

    async def _say_something(self, speaker: Person, room: str) -> None:
        """What the person must not receive, once; it is stored or not."""
        name, note, client_id = f"{speaker.label}/aside", self._history.note, new_id()
        self._history.people[name] = speaker.user_id
        said = {"message": "Between ourselves", "clientId": client_id}
        note(name, "call", 0, room, event="message", **said)
        with contextlib.suppress(OSError):
            path = f"/api/rooms/{room}/messages"
            answer = await speaker.api.request("POST", path, speaker.token, json=said)
            told = {"ok": answer.status_code == 201, **answer.json()}
            note(name, "answer", 0, room, event="message", **said, answer=told)

    def _was_added(self, person: Person, room: str) -> bool:
        """Whether the person is surely a member: not if only a ban was lifted. To remove somebody
        who is no member changes nothing, and to ban somebody always does."""
        them = person.user_id, room
        earlier = [r for r in self._history.removals if (r.person, r.room) == them]
        return not earlier or earlier[-1].is_member_again

    def _lapses(self, removal: Removal) -> bool:
        """Whether the person may join again after a while: see chat/lua/remove.lua."""
        return removal.how == "removed" and self._history.kinds[removal.room] == "open"

    def _bar(self, person: Person, room: str, barred: bool) -> None:
        for client in self._clients:
            if client.person is person and room in client.rooms:
                _set_barred(client.rooms[room], barred)


def _set_barred(room: Room, barred: bool) -> None:
    room.barred = barred
    room.changed.set()


def _member(room: str, person: Person) -> str:
    return f"/api/rooms/{room}/members/{person.user_id}"


def _ban(room: str, person: Person) -> str:
    return f"/api/rooms/{room}/bans/{person.user_id}"


async def _once(person: Person, method: str, path: str) -> bool:
    """Whether a call was answered well. A moderator may be none any more."""
    with contextlib.suppress(OSError):
        return (await person.api.request(method, path, person.token)).status_code == 204
    return False
