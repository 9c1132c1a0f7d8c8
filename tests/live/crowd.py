"""Clients that join, talk and leave at random, and record what each of them must receive."""

import contextlib
import itertools
import operator
import random
import threading
import time
import uuid
from collections import defaultdict

from tests.live.client import Client, Refused
from tests.live.cluster import Api


class Person(threading.Thread):
    """One person with one or two tabs; ``restless`` ones also reload their pages.

    ``comings`` tells by room, as ENTER and QUIT, how the person's presence changed. Whoever is
    away for more than ``patience`` seconds may have been missed.
    """

    def __init__(
        self, api: Api, rooms: list[str], seed: int, tabs: int, restless: bool, patience: float
    ):
        super().__init__(name=api.name, daemon=True)
        self.api = api
        self.clients = [api.connect() for _ in range(tabs)]
        self.inside: list[set[str]] = [set() for _ in range(tabs)]
        self.comings: dict[str, list[str]] = defaultdict(list)
        self.said: dict[str, dict[int, str]] = defaultdict(dict)
        #: Some old connection of theirs lived on for a while, so that others may have noticed less.
        self.blurred = False
        #: They did not come back in time, on a busy machine, so that others noticed more.
        self.late = False
        self.failure: BaseException | None = None
        self._rooms = rooms
        self._dice = random.Random(seed)
        self._restless = restless
        self._patience = patience
        self._enough = threading.Event()

    def rooms(self) -> set[str]:
        return set().union(*self.inside)

    def stop(self) -> None:
        self._enough.set()

    def run(self) -> None:
        try:
            while not self._enough.wait(self._dice.random() * 0.3):
                self._do_something()
        except BaseException as failure:
            self.failure = failure

    def leave_all(self) -> None:
        """Half of the tabs say goodbye, the others are just gone."""
        for tab, client in enumerate(self.clients):
            if self._dice.random() < 0.5:
                for room in self.inside[tab]:
                    client.leave(room)
            client.close()

    def _do_something(self) -> None:
        for tab, client in enumerate(self.clients):
            if client.ended.is_set():
                self._come_back(tab)
        tab, room = self._dice.randrange(len(self.clients)), self._dice.choice(self._rooms)
        choice = self._dice.random()
        try:
            if room not in self.inside[tab]:
                self._join(tab, room)
            elif choice < 0.4:
                self._leave(tab, room)
            elif choice < 0.5 and self._restless:
                self.clients[tab].close()
                self._come_back(tab)
            else:
                self._say(tab, room)
        except ConnectionError:
            self._come_back(tab)

    def _join(self, tab: int, room: str) -> None:
        self._note(tab, room, present=True)
        # If that is cut off, coming back repeats it.
        self.clients[tab].join(room)

    def _leave(self, tab: int, room: str) -> None:
        self._note(tab, room, present=False)
        self.clients[tab].leave(room)

    def _say(self, tab: int, room: str) -> None:
        name = str(uuid.uuid4())
        while True:
            try:
                answer = self.clients[tab].say(room, f"{self.name} {name}", clientId=name)
            except ConnectionError:
                self._come_back(tab)
            else:
                self.said[room][answer["seq"]] = name
                return

    def _come_back(self, tab: int) -> None:
        """Connect again, and be again where this tab was."""
        self.blurred = True
        self.clients[tab].close()
        deadline = time.monotonic() + 60
        while True:
            try:
                client = self.api.connect()
                for room in self.inside[tab]:
                    client.join(room)
                break
            except (Refused, ConnectionError):
                assert time.monotonic() < deadline
        away = time.monotonic() - self.clients[tab].ended_at
        self.late = self.late or away > self._patience
        self.clients[tab] = client

    def _note(self, tab: int, room: str, present: bool) -> None:
        before = room in self.rooms()
        (self.inside[tab].add if present else self.inside[tab].remove)(room)
        after = room in self.rooms()
        if before != after:
            self.comings[room].append("ENTER" if after else "QUIT")


class Observer:
    """Somebody who stays in every room, and checks what is heard there."""

    def __init__(self, client: Client, rooms: list[str]):
        self.client = client
        for room in rooms:
            client.join(room)
        threading.Thread(target=self._keep_talking, daemon=True).start()

    def _keep_talking(self) -> None:
        """This library gives up a connection over which it has long had nothing to send."""
        while not self.client.ended.wait(4):
            with contextlib.suppress(ConnectionError):
                self.client.call("reauth")

    def heard(self, room: str) -> list[dict]:
        return self.client.messages(roomId=room)

    def comings(self, room: str) -> dict[str, list[str]]:
        """ENTER and QUIT by person, as heard. Every count on the way must be right."""
        comings: dict[str, list[str]] = defaultdict(list)
        present: set[str] = set()
        # Those whose leases end at the same time go in one step, and the count is that after it.
        step = operator.itemgetter("type", "sentAt", "userCount")
        for (kind, _, count), messages in itertools.groupby(self.heard(room), step):
            for message in messages:
                name = message["sender"]
                if kind == "ENTER":
                    assert name not in present, f"{name} entered twice"
                    present.add(name)
                elif kind == "QUIT":
                    assert name in present, f"{name} quit without having entered"
                    present.remove(name)
                if kind in ("ENTER", "QUIT") and name != self.client.name:
                    comings[name].append(kind)
            assert count == len(present)
        return comings
