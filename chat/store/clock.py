"""The store's clock, in ms. It decides about times in the store: a worker's may be wrong."""

from typing import Any

from chat.store.question import Command, Question

#: Give its answer to ``ms``.
TIME: Command = ("TIME",)


def ms(answer: list[bytes]) -> int:
    """The answer to ``TIME``, which is seconds and microseconds, in ms."""
    seconds, microseconds = answer
    return int(seconds) * 1000 + int(microseconds) // 1000


def _read(answers: list[Any]) -> int:
    return ms(answers[0])


#: What time it is for the store.
NOW: Question[int] = Question([TIME], _read)
