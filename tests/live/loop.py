"""The event loop of a test's own process: lets greenlets run until a condition holds."""

import logging
from collections.abc import Callable

import eventlet
import pytest


def tick() -> None:
    """Let every greenlet run that can."""
    eventlet.sleep(0)


def until(is_so: Callable[[], object], seconds: float = 30) -> None:
    """Let the loop go on until this is so; ``eventlet.Timeout`` if it is not in time."""
    with eventlet.Timeout(seconds):
        while not is_so():
            tick()


def logged(caplog: pytest.LogCaptureFixture, name: str) -> list[logging.LogRecord]:
    """What one logger has logged. Clients of other tests, in threads of this process, log too."""
    return [record for record in caplog.records if record.name == name]
