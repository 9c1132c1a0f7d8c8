"""Waits for an event in another process or greenlet, with a deadline."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(predicate: Callable[[], T], seconds: float = 30) -> T:
    """The first true value of ``predicate()``; an ``AssertionError`` if there is none in time."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not (value := predicate()):
        assert time.monotonic() < deadline, f"not within {seconds} seconds: {predicate}"
        pause.wait(0.02)
    return value
