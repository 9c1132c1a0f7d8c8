"""A worker that is killed in the middle of a call."""

from collections.abc import Callable, Sequence

import pytest
from redis.exceptions import NoScriptError

from chat.store.question import Command
from chat.store.scripts import SCRIPTS
from chat.store.store import Store


class Killed(BaseException):
    """The worker is no more."""


def after(store: Store, script: str, call: Callable[[], object]) -> None:
    """The call, of which nothing is written after that script."""
    send_commands = store.send_commands
    called = ("EVALSHA", SCRIPTS[script].sha)

    def send(commands: Sequence[Command]) -> list[object]:
        found = [i for i, command in enumerate(commands) if command[:2] == called]
        answers = send_commands(commands[: found[0] + 1] if found else commands)
        # Where the store has to be given the scripts first, it is called a second time.
        if found and not isinstance(answers[-1], NoScriptError):
            raise Killed
        return answers

    store.send_commands = send
    try:
        with pytest.raises(Killed):
            call()
    finally:
        store.send_commands = send_commands
