"""Checks of what is stored: once, in one order, under one number each."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from verify.checks import expected_pages
from verify.checks.excerpt import excerpt
from verify.checks.index import Index, is_ok, known, sayings
from verify.history import Event, Message, Stored, Violation


def acknowledged_is_stored(index: Index) -> Iterator[Violation]:
    """What was acknowledged stands in the stream under the number that was told."""
    stored = {room: known(stream) for room, stream in index.history.stored.items()}
    for event, kind, client_id in sayings(index.answers):
        if not is_ok(event) or event.room not in stored:
            continue
        answer = event.what["answer"]
        seq = answer["seq"]
        found = stored[event.room].get(seq) or index.seen[event.room].get(seq)
        gone = seq not in stored[event.room] and not index.is_erased(event.room, seq)
        person = index.history.people[event.client]
        if gone or found is None or not _is(found, kind, person, client_id, event):
            text = f"{kind} {seq} of {person} was acknowledged, and "
            text += "is not stored" if gone or found is None else f"{seq} is another: {found}"
            lines = excerpt(index.history, event.at, event.room, [seq], client_id=client_id)
            yield Violation(text, lines)


def _is(found: Message, kind: str, person: str, client_id: str, event: Event) -> bool:
    answer, said = event.what["answer"], event.what
    same = (found["type"], found["senderId"], found.get("clientId")) == (kind, person, client_id)
    if kind == "TALK":
        times = (found["sentAt"], found["userCount"]) == (answer["sentAt"], answer["userCount"])
        return same and times and found["message"] == said["message"]
    return same and found["ref"] == said["seq"]


def nothing_is_doubled(index: Index) -> Iterator[Violation]:
    """One clientId of one person is one message, acknowledged or not, and gets one answer."""
    numbers: dict[tuple[str, str, str], set[int]] = defaultdict(set)
    for room, messages in index.seen.items():
        for seq, message in messages.items():
            if "clientId" in message:
                numbers[room, message["senderId"], message["clientId"]].add(seq)
    for event, _, client_id in sayings(index.answers):
        if is_ok(event):
            person = index.history.people[event.client]
            numbers[event.room, person, client_id].add(event.what["answer"]["seq"])
    for (room, person, client_id), found in numbers.items():
        if len(found) > 1:
            said = (event.at for event, _, name in sayings(index.calls) if name == client_id)
            at = next(said, 0.0)
            lines = excerpt(index.history, at, room, client_id=client_id)
            text = f"what {person} said once stands under {sorted(found)}"
            yield Violation(text, lines)


def nothing_is_invented(index: Index) -> Iterator[Violation]:
    """Whatever is stored, the person said, in these words."""
    said = {
        (event.room, index.history.people[event.client], kind, client_id): event.what.get("message")
        for event, kind, client_id in sayings(index.calls)
    }
    for room, messages in index.seen.items():
        for seq, message in messages.items():
            key = (room, message["senderId"], message["type"], message.get("clientId", ""))
            if key not in said or (said[key] is not None and said[key] != message["message"]):
                lines = excerpt(index.history, message["sentAt"], room, [seq])
                yield Violation(f"nobody said {seq} of {room}: {message}", lines)


def numbers_are_dense(index: Index) -> Iterator[Violation]:
    """1, 2, 3 and so on; what is missing was deleted. The API tells the same as the store."""
    for room, stored in index.history.stored.items():
        seqs = [message["seq"] for message in stored.messages]
        problem = _gap(index, stored, [0, *seqs, stored.top + 1])
        if stored.erased - index.erased_by.get(room, {}).keys() and not index.history.gaps[1:]:
            problem = "there is no DELETE for what was erased"
        if [expected_pages.comparable(m) for m in stored.served] != expected_pages.talks(
            stored.messages
        ):
            problem = "the API gives another history than the store holds"
        if problem:
            at = stored.messages[-1]["sentAt"] if stored.messages else 0
            lines = excerpt(index.history, at, room, seqs[-3:])
            yield Violation(f"room {room}: {problem}", lines)


def the_archive_is_the_stream(index: Index) -> Iterator[Violation]:
    """The archive has each message of the stream once, as it reads now, and none that was deleted.

    It may have more: messages that the store has lost.
    """
    for room, stored in index.history.stored.items():
        expected = {talk["seq"]: talk for talk in expected_pages.talks(stored.messages)}
        archived = {m["seq"]: expected_pages.comparable(m) for m in stored.archived}
        wrong = [seq for seq, talk in expected.items() if archived.get(seq) != talk]
        wrong += sorted(archived.keys() & stored.erased)
        if wrong:
            told = archived.get(wrong[0]), expected.get(wrong[0])
            lines = excerpt(index.history, 0, room, wrong[:3])
            text = f"the archive has {told[0]} and the stream {told[1]} of {room}: {wrong[:5]}"
            yield Violation(text, lines)


def _gap(index: Index, stored: Stored, seqs: list[int]) -> str:
    for before, after in pairwise(seqs):
        if after <= before:
            return f"{after} comes after {before}"
        hole = index.hole(stored.room, before, after)
        if hole:
            return f"{hole} is missing"
    return ""


def a_number_is_one_message(index: Index) -> Iterator[Violation]:
    """Whoever sees a number sees the same message under it, wherever and whenever."""
    for event in index.history.events:
        if event.kind in ("received", "shown") and "seq" in event.what:
            yield from _compare(index, event, dict(event.what))
        elif event.kind == "conflict":
            yield from _compare(index, event, {**event.what, "conflict": True})
        elif event.kind == "answer" and is_ok(event):
            for message in event.what["answer"].get("messages", ()):
                yield from _compare(index, event, message)


def _compare(index: Index, event: Event, message: Message) -> Iterator[Violation]:
    seq = message["seq"]
    real = index.seen.get(event.room, {}).get(seq)
    # A page knows of its own words what it sent, and what the acknowledgement said.
    told = {name: value for name, value in message.items() if name != "epoch"}
    if "editedAt" in told and _was_edited(index, event.room, told):
        told["message"] = real and real["message"]
    told = {name: told[name] for name in told.keys() - expected_pages.OF_PAGES}
    if real is not None and not told.items() <= real.items():
        text = f"{event.client} was given another {seq} than others: {message} and {real}"
        lines = excerpt(index.history, event.at, event.room, [seq])
        yield Violation(text, lines)


def _was_edited(index: Index, room: str, told: Message) -> bool:
    """Does this message read as one of its edits says? Where none is known, nobody can say."""
    seen = index.seen.get(room, {}).values()
    edits = [m for m in seen if m["type"] == "EDIT" and m["ref"] == told["seq"]]
    words = told["editedAt"], told["message"]
    return not edits or words in [(edit["sentAt"], edit["message"]) for edit in edits]


def order_is_that_of_time(index: Index) -> Iterator[Violation]:
    """What was acknowledged before something else was first said has the smaller number."""
    first_called: dict[tuple[str, str], float] = {}
    for event, _, client_id in sayings(index.calls):
        first_called.setdefault((event.client, client_id), event.at)
    steps: dict[str, list[tuple[float, int, Event]]] = defaultdict(list)
    for event, _, client_id in sayings(index.answers):
        if is_ok(event):
            steps[event.room].append((event.at, 1, event))
            steps[event.room].append((first_called[event.client, client_id], 0, event))
    for room, timeline in steps.items():
        newest: Event | None = None
        for _, is_answer, event in sorted(timeline, key=lambda step: step[:2]):
            seq = event.what["answer"]["seq"]
            top = newest.what["answer"]["seq"] if newest else 0
            if is_answer:
                newest = event if seq > top else newest
            elif newest and seq < top:
                text = f"{seq} was said after {top} had been acknowledged"
                lines = excerpt(index.history, event.at, room, [seq, top])
                yield Violation(text, lines)


def calls_keep_their_order(index: Index) -> Iterator[Violation]:
    """What is first said over one connection is stored in the order in which it was sent."""
    seqs: dict[tuple[int, str], int] = {}
    for event, _, client_id in sayings(index.answers):
        # By its first answer: what was refused is said again later than what came after it.
        seqs.setdefault((event.link, client_id), event.what["answer"].get("seq", 0))
    said: set[tuple[str, str]] = set()
    tops: dict[tuple[int, str], int] = defaultdict(int)
    for event, _, client_id in sayings(index.calls):
        if (event.client, client_id) not in said and event.link:
            said.add((event.client, client_id))
            seq = seqs.get((event.link, client_id), 0)
            top = tops[event.link, event.room]
            if 0 < seq < top:
                lines = excerpt(index.history, event.at, event.room, [seq, top])
                yield Violation(f"{event.client} said {seq} after {top}", lines)
            tops[event.link, event.room] = max(seq, top)


CHECKS = (
    acknowledged_is_stored,
    nothing_is_doubled,
    nothing_is_invented,
    numbers_are_dense,
    the_archive_is_the_stream,
    a_number_is_one_message,
    order_is_that_of_time,
    calls_keep_their_order,
)
