"""What tests look at of a running Maru's archive."""

import contextlib
import threading
from collections import Counter
from pathlib import Path

import psutil
import requests
from sqlalchemy import select

from chat.archive import tables
from chat.archive.database import Database
from tests.live.cluster import Api, Maru
from tests.waiting import eventually


def database(maru: Maru) -> Database:
    return Database(maru.environ.get("DATABASE_URL", ""), Path(maru.data))


def texts(maru: Maru, room_id: str) -> list[str]:
    """What the archive has of a room, in order of the numbers."""
    return list(messages(maru, room_id).values())


def messages(maru: Maru, room_id: str) -> dict[int, str]:
    """Number -> text of what the archive has of a room, in order."""
    c = tables.messages.c
    opened = database(maru)
    try:
        with opened.begin() as connection:
            query = select(c.seq, c.text).where(c.room_id == room_id).order_by(c.seq)
            return {row.seq: row.text for row in connection.execute(query)}
    finally:
        opened.close()


def follower(maru: Maru) -> psutil.Process:
    """The process of the follower, once it runs."""

    def found() -> psutil.Process | None:
        for process in maru.processes():
            with contextlib.suppress(psutil.Error):
                is_one = "chat.archive.process" in process.cmdline()
                if is_one and process.status() != psutil.STATUS_ZOMBIE:
                    return process
        return None

    return eventually(found)


def state(maru: Maru) -> dict[str, object]:
    """What a worker says of the archive; the worker is ready."""
    answer = requests.get(maru.url + "/readyz", timeout=30)
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["archive"])


def is_caught_up(maru: Maru) -> bool:
    with contextlib.suppress(requests.RequestException):
        answer = requests.get(maru.url + "/readyz", timeout=30)
        if answer.status_code == 200:
            told = answer.json()["archive"]
            return (told["status"], told["rooms"]) == ("ok", 0)
    return False


class Talk:
    """People who speak all the time, in rooms of their own; notes what is acknowledged."""

    def __init__(self, people: list[Api]) -> None:
        self.people = people
        self.rooms = [person.create_room("Talk") for person in people]
        self.acknowledged: list[list[str]] = [[] for _ in people]
        self.tried = Counter[int]()
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._speak, args=(number,)) for number in range(len(people))
        ]

    def __enter__(self) -> "Talk":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def wait_for(self, more: int) -> None:
        """Until each of them has said so much more."""
        goals = [len(said) + more for said in self.acknowledged]
        eventually(
            lambda: all(
                len(said) >= goal for said, goal in zip(self.acknowledged, goals, strict=True)
            ),
            120,
        )

    def _speak(self, number: int) -> None:
        person, room_id = self.people[number], self.rooms[number]
        path = f"/api/rooms/{room_id}/messages"
        client_id = 0
        while not self._stop.is_set():
            client_id += 1
            text = f"{number}: {client_id}"
            body = {"message": text, "clientId": f"c{client_id}"}
            # The same message again, until it is acknowledged.
            while True:
                with contextlib.suppress(requests.RequestException):
                    if person.request("POST", path, json=body).status_code == 201:
                        self.acknowledged[number].append(text)
                        break
                self._stop.wait(0.05)

    def assert_archived(self, maru: Maru) -> None:
        """Each message is in the archive exactly once, in the order in which it was said."""
        eventually(lambda: is_caught_up(maru), 60)
        for room_id, said in zip(self.rooms, self.acknowledged, strict=True):
            found = texts(maru, room_id)
            assert found == said, (len(found), len(said))
