"""What the store is asked: commands, script calls, and questions, which parse their answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Argument = str | bytes | int
Command = tuple[Argument, ...]

T = TypeVar("T")


@dataclass(slots=True)
class ScriptCall:
    """A call of one script. Not frozen, as each message makes one: that takes longer."""

    script: str
    keys: Sequence[str]
    args: Sequence[Argument] = ()


@dataclass(slots=True)
class Question(Generic[T]):
    """Commands and script calls that belong together; ``read`` parses their answers."""

    commands: Sequence[ScriptCall | Command]
    read: Callable[[list[Any]], T]


def together(*asked: Question[Any] | ScriptCall | Command) -> Question[list[Any]]:
    """One question for the answers to several."""
    commands: list[ScriptCall | Command] = []
    for each in asked:
        if isinstance(each, Question):
            commands.extend(each.commands)
        else:
            commands.append(each)

    def read(answers: list[Any]) -> list[Any]:
        rest = iter(answers)
        return [
            each.read([next(rest) for _ in each.commands])
            if isinstance(each, Question)
            else next(rest)
            for each in asked
        ]

    return Question(commands, read)


def with_others(main: Question[T], *others: Question[Any]) -> Question[T]:
    """All these as one question, whose answer is that to ``main``."""
    asked = together(main, *others)

    def read(answers: list[Any]) -> T:
        answer: T = asked.read(answers)[0]
        return answer

    return Question(asked.commands, read)


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
