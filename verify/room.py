"""One room of a client: being in it, what is shown of it, and what is still to be sent.

The twin of ``joining.js`` and ``outbox.js``: an entry of the outbox has its clientId from the
first moment and keeps it through every retry, and one is sent at a time.
"""

import asyncio
import contextlib
import uuid
from dataclasses import dataclass, field
from random import Random
from typing import Any, Protocol

from verify.api import Person
from verify.history import History, Message
from verify.link import Link, Unanswered
from verify.view import View

#: Seconds that a flood lasts at the most.
FLOOD_TIMEOUT_S = 15.0


@dataclass
class Saying:
    """Something to be sent: ``message``, ``edit``, ``delete`` or ``react``.

    ``times`` it is emitted at once, as an impatient client does that does not wait for the answer.
    """

    event: str
    client_id: str
    fields: dict[str, Any] = field(default_factory=dict)
    times: int = 1


def new_id() -> str:
    return uuid.uuid4().hex


class Owner(Protocol):
    """The client that has the room, as far as the room needs it."""

    name: str
    person: Person
    history: History
    random: Random
    link: Link | None

    async def ask(self, link: Link, event: str, **fields: Any) -> dict[str, Any]: ...
    def call(self, link: Link, event: str, **fields: Any) -> "asyncio.Future[dict[str, Any]]": ...


class Room:
    def __init__(self, client: Owner, room_id: str) -> None:
        self._client = client
        self.id = room_id
        self.wanted = True
        #: Whether the person was taken out of the room.
        self.barred = False
        self.joined: Link | None = None
        self.outbox: list[Saying] = []
        self.count: int | None = None
        self.newest: Message | None = None
        self.changed = asyncio.Event()
        self._early: list[Message] = []
        self._fresh = ""
        self._new_view()

    async def tend(self) -> None:
        """For ever: do what is next to be done."""
        while True:
            self.changed.clear()
            link = self._client.link
            try:
                if link is None or not await self._next(link):
                    # Also woken now and then, for a gap that has to be asked for.
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(0.3):
                            await self.changed.wait()
            except Unanswered:
                # Never without a pause: the call may have failed before it was made.
                await asyncio.sleep(0.05)

    def say(self, saying: Saying) -> None:
        self.outbox.append(saying)
        self.changed.set()

    def say_word(self, words: str, times: int = 1) -> None:
        self.say(Saying("message", new_id(), {"message": words}, times))

    async def flood(self, count: int) -> None:
        """Say much at once, and none of it again."""
        if link := self.joined:
            calls = [
                self._client.call(link, "message", roomId=self.id, message=text, clientId=new_id())
                for text in (f"{number} {'물' * 1300}" for number in range(count))
            ]
            await asyncio.wait(calls, timeout=FLOOD_TIMEOUT_S)

    async def join_again(self) -> int | None:
        """The userCount that the answer tells. Changes nothing. Raises ``Unanswered``."""
        if not self.joined:
            return None
        answer = await self._ask(self.joined, "join", **self.view.since())
        return answer["userCount"] if answer["ok"] else None

    async def look_back(self, after: int) -> None:
        """Ask for a page of what was said. Raises ``Unanswered``."""
        if self.joined:
            await self._ask(self.joined, "history", after=after, limit=200)

    def enter(self) -> None:
        self.wanted = True
        self.changed.set()

    def leave(self) -> None:
        """By the button: what is not sent yet is not sent any more, and the page is left."""
        self.wanted = False
        self.abandon()
        self.changed.set()

    def abandon(self) -> None:
        self.outbox.clear()

    def forget(self, why: str) -> None:
        """A new page begins with nothing."""
        self._fresh = why
        self._new_view()

    def begin_anew(self, why: str) -> None:
        self.forget(why)
        self.joined = None
        self.changed.set()

    def is_joined(self) -> bool:
        return self.joined is not None and self.joined is self._client.link

    def is_settled(self) -> bool:
        if self.barred:
            return not self.is_joined()
        if self.is_joined() != self.wanted:
            return False
        return not self.wanted or (not self.outbox and self.view.is_whole())

    def describe(self) -> str:
        if self.barred or self.is_joined() != self.wanted:
            return f"{'still in' if self.is_joined() else 'not in'} {self.id}"
        return f"{len(self.outbox)} unsent in {self.id}, top {self.view.top}"

    def receive(self, message: Message) -> None:
        if not self.is_joined():
            self._early.append(message)
            return
        self.newest, self.count = message, message["userCount"]
        if "seq" in message:
            self.view.receive(message)
            self.changed.set()

    def answered(self, link: Link, event: str, fields: dict, answer: dict) -> None:
        """In turn with what is received, so that nothing overtakes it."""
        if link is not self._client.link:
            return
        if event == "leave":
            if answer["ok"] or answer["error"]["code"] == "not_joined":
                self.joined = None
        elif not answer["ok"]:
            code = answer["error"]["code"]
            # The message may be gone, or the room is none of this person's business any more.
            if code == "not_joined" or (code in ("not_found", "forbidden") and self.barred):
                self.joined = None
        elif event == "join":
            self._enter_with(link, answer)
        elif event == "message":
            self.count = answer["userCount"]

    async def _next(self, link: Link) -> bool:
        if self.wanted and self.joined is not link:
            self._early = []
            if not (await self._ask(link, "join", **self.view.since()))["ok"]:
                await asyncio.sleep(self._client.random.uniform(0.5, 1.5))
        elif not self.wanted and self.joined is link:
            await self._ask(link, "leave")
            if self.joined is link:
                await asyncio.sleep(self._client.random.uniform(0.3, 0.8))
            else:
                self.forget("left")
        elif self.joined is link and self.view.has_gap():
            await self._fill(link)
        elif self.joined is link and self.outbox:
            await self._send(link, self.outbox[0])
        else:
            return False
        return True

    def _enter_with(self, link: Link, answer: dict[str, Any]) -> None:
        self.joined, self.count = link, answer["userCount"]
        if answer["recovered"]:
            self.view.resume(answer["messages"], answer["seq"])
        else:
            if not self._fresh:
                self._fresh = "not recovered"
            self._note("fresh", why=self._fresh, seq=answer["seq"])
            self._fresh = ""
            self.view.begin(answer["messages"], answer["seq"], answer["epoch"])
        early, self._early = self._early, []
        for message in early:
            self.receive(message)

    async def _fill(self, link: Link) -> None:
        # Not from a page of history: that has no edits, deletions and reactions of its own.
        if not (await self._ask(link, "join", **self.view.since()))["ok"]:
            await asyncio.sleep(1)

    async def _send(self, link: Link, saying: Saying) -> None:
        fields, view = {**saying.fields, "clientId": saying.client_id}, self.view
        answers = await asyncio.gather(
            *(self._ask(link, saying.event, **fields) for _ in range(saying.times))
        )
        answer = answers[0]
        error = answer.get("error", {})
        # A link whose token was refused ends, and the next one has another.
        if not (error.get("retry") or error.get("code") == "unauthorized"):
            with contextlib.suppress(ValueError):
                self.outbox.remove(saying)
        elif error["code"] != "not_joined":
            await asyncio.sleep(self._client.random.uniform(0.5, 1.5))
        # The answer to a page that has been reloaded meanwhile is shown by nobody.
        if answer["ok"] and saying.event == "message" and self.view is view:
            said = {
                "type": "TALK",
                "roomId": self.id,
                "senderId": self._client.person.user_id,
                "message": saying.fields["message"],
                "clientId": saying.client_id,
            }
            self.view.receive({**said, "seq": answer["seq"], "sentAt": answer["sentAt"]})

    async def _ask(self, link: Link, event: str, **fields: Any) -> dict[str, Any]:
        return await self._client.ask(link, event, roomId=self.id, **fields)

    def _new_view(self) -> None:
        self.view = View(
            lambda message: self._note("shown", **message),
            lambda message: self._note("conflict", **message),
        )

    def _note(self, kind: str, **what: Any) -> None:
        link = self._client.link
        self._client.history.note(
            self._client.name, kind, link.number if link else 0, self.id, **what
        )
