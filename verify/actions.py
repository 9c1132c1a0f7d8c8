"""What a step of the plan means for its client."""

import asyncio
import contextlib
from typing import Any

from verify.changes import Changes
from verify.client import Client
from verify.link import Unanswered
from verify.plan import Step
from verify.room import Room, Saying, new_id

EMOJI = ("👍", "🎉", "❤️", "😀", "🐢")
#: Times that a program tries to say something over HTTP.
MAX_ATTEMPTS = 6


async def act(client: Client, step: Step, changes: Changes) -> None:
    """Return when it is done; what is said goes on by itself."""
    kind = step.action
    if kind in ("reload", "vanish", "close", "open"):
        getattr(client, kind)()
    elif kind in ("away", "stall"):
        await getattr(client, kind)(step.seconds)
    elif kind in ("remove", "give role", "rename", "direct"):
        changes.act(client, step)
    elif rooms := _rooms_for(client, kind):
        room = rooms[int(step.pick * len(rooms))]
        if kind in ("leave", "enter"):
            getattr(room, kind)()
        elif kind in ("join again", "look back"):
            with contextlib.suppress(Unanswered):
                if kind == "join again":
                    await room.join_again()
                else:
                    await room.look_back(int(step.depth * room.view.top))
        elif kind == "read":
            await _read(client, room, int(step.depth * room.view.top))
        elif kind == "say over HTTP":
            await _say_over_http(client, room, step)
        else:
            _say(client, room, step)


def _rooms_for(client: Client, kind: str) -> list[Room]:
    if kind == "say over HTTP":
        return list(client.rooms.values())
    if not client.is_open:
        return []
    return [room for room in client.rooms.values() if room.wanted != (kind == "enter")]


def _say(client: Client, room: Room, step: Step) -> None:
    if step.action in ("say", "say twice"):
        times = 2 if step.action == "say twice" else 1
        room.say_word(f"{client.name} says {step.pick:.6f} 안녕", times)
        return
    me = client.person.user_id
    known = list(room.view.known.values())[-40:]
    talks = [message for message in known if message["type"] == "TALK"]
    if step.action == "moderate":
        targets = [talk["seq"] for talk in talks if talk["senderId"] != me]
    elif step.action == "react":
        targets = [talk["seq"] for talk in talks]
    else:
        targets = [talk["seq"] for talk in talks if talk["senderId"] == me]
    if targets:
        fields: dict[str, Any] = {"seq": targets[int(step.pick * len(targets))]}
        if step.action == "edit":
            fields["message"] = f"{client.name} corrects {step.pick:.6f}"
        elif step.action == "react":
            fields["emoji"] = step.choose(EMOJI)
            fields["on"] = step.is_on
        event = "delete" if step.action == "moderate" else step.action
        room.say(Saying(event, new_id(), fields, step.times))


async def _read(client: Client, room: Room, seq: int) -> None:
    """Read up to a number, or back to one; it does not matter if nobody answers."""
    with contextlib.suppress(OSError):
        path = f"/api/rooms/{room.id}/read"
        await client.person.api.request("PUT", path, client.person.token, json={"seq": seq})


async def _say_over_http(client: Client, room: Room, step: Step) -> None:
    """As a bot does: with a clientId, and again as long as nobody says that it is stored."""
    words = {"message": f"{client.name} posts {step.pick:.6f}", "clientId": new_id()}
    note = client.history.note
    for _ in range(MAX_ATTEMPTS):
        token = client.person.token
        name = f"{client.name}/http"
        note(name, "call", 0, room.id, event="message", **words)
        with contextlib.suppress(OSError):
            answer = await client.person.api.request(
                "POST", f"/api/rooms/{room.id}/messages", token, json=words
            )
            body = answer.json()
            told = {"ok": True, **body} if answer.status_code == 201 else {"ok": False, **body}
            note(name, "answer", 0, room.id, event="message", **words, answer=told)
            if answer.status_code == 201:
                return
            if answer.status_code == 401:
                await client.person.renew(token)
        await asyncio.sleep(client.random.uniform(0.3, 1.0))
