"""A room as one client shows it: stored messages in order, once, without a gap.

The twin of ``static/js/sequence.js``: it must make of the wire what the page makes of it.
"""

import time
from collections.abc import Callable, Sequence

from verify.history import Message

#: Seconds that a message may be overtaken by, before the gap is asked for.
GAP_S = 0.25


class View:
    def __init__(
        self, show: Callable[[Message], None], conflict: Callable[[Message], None]
    ) -> None:
        self.epoch = ""
        self.top = 0
        self.known: dict[int, Message] = {}
        self.began = False
        self._show = show
        self._conflict = conflict
        self._waiting: dict[int, Message] = {}
        self._gap_since = 0.0

    def begin(self, messages: Sequence[Message], seq: int, epoch: str) -> None:
        """Start with a fresh page of what was said, instead of all that is shown."""
        self.began, self.epoch = True, epoch
        self.known.clear()
        self._waiting = {n: m for n, m in self._waiting.items() if n > seq}
        for message in messages:
            self._deliver(message)
        self.top = seq
        self._drain()

    def resume(self, messages: Sequence[Message], seq: int) -> None:
        """All that was missed, up to this number."""
        for message in messages:
            self.receive(message)
        # Of what is not among them, nothing is stored any more.
        self._skip_to(seq)

    def receive(self, message: Message) -> None:
        seq = message["seq"]
        if seq > self.top:
            self._waiting.setdefault(seq, message)
            self._drain()
        elif seq in self.known and self.known[seq]["sentAt"] != message["sentAt"]:
            self._conflict(message)

    def has_gap(self) -> bool:
        """For long enough to ask?"""
        return bool(self._waiting) and time.monotonic() - self._gap_since > GAP_S

    def is_whole(self) -> bool:
        return not self._waiting

    def since(self) -> dict[str, object]:
        """What a join has to say to go on from here."""
        if not self.began:
            return {}
        last = self.known.get(self.top)
        seen: dict[str, object] = {"since": self.top, "epoch": self.epoch}
        return {**seen, "sinceAt": last["sentAt"]} if last else seen

    def _skip_to(self, seq: int) -> None:
        for passed in sorted(n for n in self._waiting if n <= seq):
            self._deliver(self._waiting.pop(passed))
        self.top = max(self.top, seq)
        self._drain()

    def _drain(self) -> None:
        while self.top + 1 in self._waiting:
            self._deliver(self._waiting.pop(self.top + 1))
        self._gap_since = time.monotonic()

    def _deliver(self, message: Message) -> None:
        self.known[message["seq"]] = message
        self.top = max(self.top, message["seq"])
        self._show(message)
