"""The event loop of a test's own process: lets greenlets run until a condition holds."""

from collections.abc import Callable

import eventlet


def tick() -> None:
    """Let every greenlet run that can."""
    eventlet.sleep(0)


def until(is_so: Callable[[], object], seconds: float = 30) -> None:
    """Let the loop go on until this is so; ``eventlet.Timeout`` if it is not in time."""
    with eventlet.Timeout(seconds):
        while not is_so():
            tick()
