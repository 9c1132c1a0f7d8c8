"""Calls blocking functions in one thread of the operating system, beside the event loop."""

import os
from collections.abc import Callable
from typing import Any

import eventlet
from eventlet import patcher
from eventlet.event import Event
from eventlet.green import socket

_threading: Any = patcher.original("threading")
_queue: Any = patcher.original("queue")


class NativeThread:
    """One function at a time, in the order of the calls; the thread starts with the first call.

    So it is in the worker also if this was made before the fork.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._inbox: Any = None

    def run(self, function: Callable[..., Any], *args: object) -> Any:
        """Call the function in the thread; give or raise what it does.

        In a process without greenlets, such as a command, it is called at once.
        """
        if not patcher.is_monkey_patched("thread"):
            return function(*args)
        self._start()
        done = Event()
        self._inbox.put((function, args, done))
        answer, error = done.wait()
        if error is not None:
            raise error
        return answer

    def _start(self) -> None:
        if self._inbox is None:
            self._inbox, finished = _queue.SimpleQueue(), _queue.SimpleQueue()
            heard, bell = socket.socketpair()
            eventlet.spawn_n(self._collect, finished, heard)
            thread = _threading.Thread(
                target=_work, args=(self._inbox, finished, bell), name=self._name, daemon=True
            )
            thread.start()

    def _collect(self, finished: Any, heard: Any) -> None:
        while heard.recv(1):
            done, answer, error = finished.get()
            done.send((answer, error))


def _work(inbox: Any, finished: Any, bell: Any) -> None:
    """Runs in the thread: nothing here may use the event loop."""
    while True:
        function, args, done = inbox.get()
        answer, failure = None, None
        try:
            answer = function(*args)
        except BaseException as error:
            failure = error
        finished.put((done, answer, failure))
        os.write(bell.fileno(), b"\0")
        # What it refers to is not kept until the next call.
        del function, args, done, answer, failure
