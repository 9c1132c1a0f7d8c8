"""The few lines of a history that show what went wrong."""

import math
from collections.abc import Iterable, Iterator

from verify.history import Event, History, InjectedFault, Message, Published, Snapshot

#: Lines of an excerpt, and the ms around the moment in question that it looks at.
MAX_LINES, AROUND_MS = 18, 20_000.0


def excerpt(
    history: History,
    at: float,
    room: str = "",
    seqs: Iterable[int] = (),
    person: str = "",
    client: str = "",
    client_id: str = "",
    links: Iterable[int] = (),
) -> list[str]:
    """The lines about any of these, nearest to that moment, in the order of time."""
    wanted, joined = set(seqs), set(links)

    def concerns(event: Event) -> bool:
        if event.kind in ("open", "end"):
            return event.link in joined or bool(person and history.people[event.client] == person)
        if event.room != room:
            return False
        what, answer = event.what, event.what.get("answer") or {}
        if client_id and what.get("clientId") == client_id:
            return True
        if client and event.client != client:
            return False
        moves = what.get("event") in ("join", "leave")
        if moves and (event.link in joined or history.people[event.client] == person):
            return True
        if client and event.kind == "fresh":
            return True
        return event.kind in ("received", "shown", "answer", "conflict") and bool(
            {what.get("seq"), answer.get("seq")} & wanted
        )

    lines = [(event.at, _of_event(event)) for event in history.events if concerns(event)]
    for published in history.channel_log:
        if published.room == room and _is_about(published, wanted, person, client_id):
            lines.append((published.at, _of_channel_log(published)))
    lines += [line for line in _of_changes(history, person) if line[0] < math.inf]
    lines += [
        (fault.began, _of_fault(fault))
        for fault in history.faults
        if fault.began < at + 1000 and fault.ended > at - AROUND_MS / 2
    ]
    near = sorted(lines, key=lambda line: abs(line[0] - at))
    near = sorted(line for line in near[:MAX_LINES] if abs(line[0] - at) < 3 * AROUND_MS)
    start = history.events[0].at if history.events else at
    return [f"{(when - start) / 1000:9.3f}  {line}" for when, line in near]


def _of_changes(history: History, person: str) -> Iterator[tuple[float, str]]:
    """What others have decided about a person, and what it is called."""
    for removal in history.removals:
        if removal.person == person:
            yield removal.called, f"{'this person':17} is {removal.how} from {removal.room}: asked"
            yield removal.answered, f"{'this person':17} is {removal.how}: answered"
            yield removal.back_called, f"{'this person':17} is let in again: asked"
            yield removal.back_answered, f"{'this person':17} is let in again: answered"
    for change in history.role_changes:
        if change.person == person:
            yield change.called, f"{'this person':17} becomes {change.role} of {change.room}: asked"
            yield change.answered, f"{'this person':17} becomes {change.role}: answered"
    for renaming in history.renamings:
        if renaming.person == person:
            yield renaming.called, f"{'this person':17} is to be called {renaming.name}: asked"
            yield renaming.answered, f"{'this person':17} is called {renaming.name}: answered"


def _is_about(
    published: Published | Snapshot, wanted: set[int], person: str, client_id: str
) -> bool:
    if isinstance(published, Snapshot):
        return bool(person)
    message = published.message
    return (
        message.get("seq") in wanted
        or (bool(person) and "seq" not in message and message["senderId"] == person)
        or (bool(client_id) and message.get("clientId") == client_id)
    )


def _of_event(event: Event) -> str:
    who = f"{event.client:10} #{event.link:<5} {event.kind:8}"
    what = event.what
    if event.kind == "call":
        since = f" since {what['since']}" if "since" in what else ""
        return f"{who} {what['event']}{since} {what.get('clientId', '')[:8]}"
    if event.kind == "answer":
        return f"{who} {what['event']} {what.get('clientId', '')[:8]} {_of_answer(what['answer'])}"
    if "type" in what:
        return f"{who} {_of_message(dict(what))}"
    return f"{who} {' '.join(str(value) for value in what.values())}"


def _of_answer(answer: Message) -> str:
    if not answer["ok"]:
        return f"refused: {answer['error']['code']}"
    numbers = [message["seq"] for message in answer.get("messages", ())]
    span = f" messages {numbers[0]}..{numbers[-1]} ({len(numbers)})" if numbers else ""
    rest = [f"{key} {answer[key]}" for key in ("seq", "userCount", "recovered") if key in answer]
    return f"ok {' '.join(rest)}{span}"


def _of_message(message: Message) -> str:
    number = f"{message['seq']} " if "seq" in message else ""
    more = " ".join(
        str(message[field])[:24] for field in ("reason", "ref", "clientId") if field in message
    )
    count = f"count {message['userCount']}" if "userCount" in message else ""
    # What a client shows of its own words before it receives them has no name.
    sender = message.get("sender", message["senderId"])
    return f"{number}{message['type']} of {sender} {count} {more}"


def _of_channel_log(published: Published | Snapshot) -> str:
    if isinstance(published, Snapshot):
        return f"{'the store':17} holds   {len(published.people)} people"
    return f"{'the store':17} tells   {_of_message(published.message)}"


def _of_fault(fault: InjectedFault) -> str:
    whom = f" of {', '.join(map(str, sorted(fault.workers)))}" if fault.workers else ""
    return f"{'a fault':17} {fault.kind}{whom} for {(fault.ended - fault.began) / 1000:.1f} s"
