"""What people change besides what they say: who is in a room, roles, names, direct rooms."""

import asyncio
import itertools
from collections.abc import Mapping, Sequence

from verify.api import Person
from verify.client import Client
from verify.history import History, Renaming, RoleChange, now
from verify.pending import Pending
from verify.plan import Step
from verify.removals import Removals

MEMBER, MODERATOR = "member", "moderator"


class Changes:
    """``groups`` are the people of each direct room, ``others`` groups that have none yet."""

    def __init__(
        self,
        owner: Person,
        groups: Mapping[str, Sequence[Person]],
        others: Sequence[Sequence[Person]],
        clients: Sequence[Client],
        history: History,
    ) -> None:
        self._owner = owner
        self._groups = groups
        self._others = others
        self._clients = clients
        self._history = history
        self._pending = Pending()
        self._removals = Removals(owner, groups, clients, history, self._pending)
        self._moderators: dict[str, dict[str, Person]] = {}
        self._numbers = itertools.count(1)

    def act(self, client: Client, step: Step) -> None:
        """Begin what the step says; it goes on by itself."""
        if step.action == "remove":
            moderators = {room: list(each.values()) for room, each in self._moderators.items()}
            self._removals.act(step, moderators)
        elif step.action == "give role":
            self._give_role(step)
        elif step.action == "rename":
            person = client.person
            self._pending.begin(("name", person.user_id), self._rename(person))
        elif self._others:
            group = self._others[int(step.pick * len(self._others))]
            self._pending.begin(("direct", group[0].user_id), self._ask_twice(group, step))

    async def finish(self) -> None:
        """Wait until everything is answered. Raises ``OSError``."""
        await self._pending.finish()

    def _give_role(self, step: Step) -> None:
        there = [
            (client.person, room.id)
            for client in self._clients
            for room in client.rooms.values()
            if room.is_joined() and room.id not in self._groups
        ]
        if there:
            person, room = there[int(step.pick * len(there))]
            if not self._removals.is_out(person, room):
                self._pending.begin((person.user_id, room), self._change_role(person, room))

    async def _change_role(self, person: Person, room: str) -> None:
        moderators = self._moderators.setdefault(room, {})
        role = MEMBER if self._role(person, room) == MODERATOR else MODERATOR
        moderators.pop(person.user_id, None)
        change = RoleChange(room, person.user_id, role, now())
        self._history.role_changes.append(change)
        path = f"/api/rooms/{room}/members/{person.user_id}"
        await self._owner.call_until_answered("PUT", path, role=role)
        change.answered = now()
        if role == MODERATOR:
            moderators[person.user_id] = person

    def _role(self, person: Person, room: str) -> str:
        """What the person is there now; whoever is taken out is a member again at first."""
        key = room, person.user_id
        changes = [c for c in self._history.role_changes if (c.room, c.person) == key]
        removals = [r for r in self._history.removals if (r.room, r.person) == key]
        if not changes or (removals and removals[-1].called > changes[-1].called):
            return MEMBER
        return changes[-1].role

    async def _rename(self, person: Person) -> None:
        name = f"{person.label}.{next(self._numbers)}"
        renaming = Renaming(person.user_id, name, now())
        self._history.renamings.append(renaming)
        await person.call_until_answered("PATCH", "/api/me", name=name)
        renaming.answered, person.name = now(), name

    async def _ask_twice(self, group: Sequence[Person], step: Step) -> None:
        """Two of them ask for the direct room of their group at the same time."""
        first = step.choose(range(len(group)))
        two = group[first], group[first - 1]
        await asyncio.gather(*(self._removals.ask_for_direct(each, group) for each in two))
