"""What the store is asked: commands, script calls, and questions, which parse their answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Argument = str | bytes | int
Command = tuple[Argument, ...]

T = TypeVar("T")


@dataclass(slots=True)
class Call:
    """A call of one script. Not frozen, as each message makes one: that takes longer."""

    script: str
    keys: Sequence[str]
    args: Sequence[Argument] = ()


@dataclass(slots=True)
class Question(Generic[T]):
    """Script calls and commands that belong together, and ``read``, which parses their answers."""

    calls: Sequence[Call | Command]
    read: Callable[[list[Any]], T]


def together(*asked: Question[Any] | Call | Command) -> Question[list[Any]]:
    """One question for the answers to several."""
    calls: list[Call | Command] = []
    for each in asked:
        if isinstance(each, Question):
            calls.extend(each.calls)
        else:
            calls.append(each)

    def read(answers: list[Any]) -> list[Any]:
        rest = iter(answers)
        return [
            each.read([next(rest) for _ in each.calls])
            if isinstance(each, Question)
            else next(rest)
            for each in asked
        ]

    return Question(calls, read)


def first_of(question: Question[T], *others: Question[Any]) -> Question[T]:
    """The answer to the first of several questions, all of which are asked."""
    asked = together(question, *others)

    def read(answers: list[Any]) -> T:
        first: T = asked.read(answers)[0]
        return first

    return Question(asked.calls, read)


def snapshot(commands: Sequence[Command], read: Callable[[list[Any]], T]) -> Question[T]:
    """The question of these commands, which only read; with no others between them."""

    def read_all(answers: list[Any]) -> T:
        return read(without_errors(answers[-1]))

    return Question([("MULTI",), *commands, ("EXEC",)], read_all)


def has_error(answers: list[Any]) -> bool:
    """Whether there is an error in place of one of these answers."""
    return any(isinstance(answer, Exception) for answer in answers)


def without_errors(answers: list[Any]) -> list[Any]:
    """The same answers. Raises the first error among them."""
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    return answers


def fields(answer: Sequence[bytes]) -> dict[bytes, bytes]:
    """A whole hash, from the answer to HGETALL."""
    return dict(zip(answer[::2], answer[1::2], strict=True))
