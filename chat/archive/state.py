"""How the archive is, as its follower says it in the store, for operators and monitoring."""

from dataclasses import dataclass
from typing import Any

from chat import keys
from chat.store.question import Question, fields, snapshot

#: Ms without a word of a follower after which none is at work.
SILENT_MS = 15_000


@dataclass(frozen=True)
class State:
    """``trouble`` is a sentence, '' while the archive is written to.

    ``rooms`` is how many rooms have entries that are not archived, and ``behind`` how many seconds
    the first of these has waited.
    """

    trouble: str
    rooms: int
    behind: float

    def wire(self) -> dict[str, object]:
        status = {"status": "trouble", "reason": self.trouble} if self.trouble else {"status": "ok"}
        return {**status, "rooms": self.rooms, "behindSeconds": round(self.behind, 1)}


def state_question() -> Question[State]:
    def read(answers: list[Any]) -> State:
        told, rooms, first, (seconds, micros) = answers
        now = int(seconds) * 1000 + int(micros) // 1000
        said = fields(told)
        waits = max(0.0, (now - float(first[1])) / 1000) if first and float(first[1]) else 0.0
        return State(_trouble(said, now), int(rooms), waits)

    return snapshot(
        [
            ("HGETALL", keys.ARCHIVE),
            ("ZCARD", keys.UNARCHIVED),
            ("ZRANGE", keys.UNARCHIVED, 0, 0, "WITHSCORES"),
            ("TIME",),
        ],
        read,
    )


def _trouble(said: dict[bytes, bytes], now: int) -> str:
    # Nobody has said anything in the first moments of a new store.
    if said and now - int(said.get(b"at", b"0")) > SILENT_MS:
        return "No follower is at work."
    if said.get(b"state") == b"away":
        return f"The archive cannot be written to: {said.get(b'reason', b'').decode()}."
    return ""
