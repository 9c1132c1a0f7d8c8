"""Notices whether this worker receives what workers publish, up to now.

Each worker publishes a canary every few seconds, and must receive it itself. It arrives behind all
that was published before it. After a time in which the worker did not run (it was stopped, or its
machine was busy) calls and publications of that time wait side by side in its sockets: then it
counts as one that has not received everything, until a canary arrives that it has published since.
"""

import secrets
import time

import eventlet

from chat import control_messages
from chat.store.question import Command

#: Seconds without a canary after which the worker counts as one that receives nothing.
TIMEOUT_S = 8.0
#: Seconds without running after which it may have missed something.
STALL_S = 1.0
#: Seconds between two looks at the clock.
WATCH_S = 0.25


class Canary:
    """One for each worker. ``received_at`` is when the newest came (monotonic), 0 before that."""

    def __init__(self) -> None:
        self.received_at = 0.0
        self._id = secrets.token_hex(8)
        self._ran_at = time.monotonic()
        #: Whether no canary has arrived that was published since the worker did not run.
        self._is_behind = False

    def watch(self) -> None:
        """Look at the clock again and again, for ever, to notice when the worker does not run."""
        while True:
            self._notice_stall(time.monotonic())
            eventlet.sleep(WATCH_S)

    def publish_command(self) -> Command:
        """The command that publishes a canary now."""
        self._notice_stall(time.monotonic())
        return control_messages.publish_command({control_messages.CANARY: self._id})

    def receive(self, canary: str) -> bool:
        """Note a canary that has arrived. False if it is another worker's, or an earlier one."""
        if canary != self._id:
            return False
        self.received_at = time.monotonic()
        self._is_behind = False
        return True

    def check_receiving(self) -> bool:
        """Look at the clock: has the worker received what was published until a moment ago?"""
        now = time.monotonic()
        self._notice_stall(now)
        return not self._is_behind and now - self.received_at < TIMEOUT_S

    def _notice_stall(self, now: float) -> None:
        if now - self._ran_at > STALL_S:
            # One that is under way was published before.
            self._id = secrets.token_hex(8)
            self._is_behind = True
            # Nothing could be received in that time.
            self.received_at = self.received_at and now
        self._ran_at = now
