"""Hashes passwords in one thread beside the event loop, behind a bounded and fair queue.

Hashing takes tens of milliseconds of a core. A thread of the operating system does it, at a low
priority, so that messages do not wait for it. Waiting jobs are grouped by network, and the networks
take turns, so that one client cannot fill the queue for all. There are two queues: jobs of people
who have logged in from their source before go first, and of three turns one goes to the others.
"""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import eventlet
from eventlet import patcher
from eventlet.event import Event
from eventlet.green import socket

from chat.errors import N_, RateLimited, Unavailable
from chat.passwords import Asker
from chat.transport.fair_queue import FairQueue
from chat.transport.peer import is_closed_by_peer

#: Jobs that may wait in each of the two queues. All together take some seconds.
WAITING = 64
#: Jobs of known people that go first in a row while others wait.
KNOWN_IN_A_ROW = 2
#: Added to the niceness of the thread: beside a busy event loop it gets about a tenth of a core.
NICE = 10

_threading: Any = patcher.original("threading")
_queue: Any = patcher.original("queue")


@dataclass(eq=False)
class _Job:
    asker: Asker
    function: Callable[..., Any]
    args: tuple[object, ...]
    done: Event = field(default_factory=Event)
    answer: Any = None
    error: BaseException | None = None


class HashingQueue:
    """One for each worker. ``run`` is what ``chat.passwords.Hasher`` takes.

    Its thread starts with the first job: a thread from before the fork would not be in the worker.
    """

    def __init__(self) -> None:
        self._known: FairQueue[_Job] = FairQueue()
        self._unknown: FairQueue[_Job] = FairQueue()
        self._known_in_a_row = 0
        self._inbox: Any = None
        self._busy = False
        self._seconds = 0.05

    def run(self, asker: Asker, function: Callable[..., Any], *args: object) -> Any:
        """Call the function in the thread, and return or raise what it does.

        Raises ``RateLimited`` if the job is dropped because the queue is full. In a process without
        greenlets, such as a command, the function is called at once.
        """
        if not patcher.is_monkey_patched("thread"):
            return function(*args)
        job = _Job(asker, function, args)
        queue = self._known if asker.known else self._unknown
        queue.add(asker.network, job)
        if len(queue) > WAITING:
            dropped = queue.drop(asker.network)
            wait = max(1.0, (len(self._known) + len(self._unknown)) * self._seconds)
            problem = N_("Very many people are logging in. Wait a moment and try again.")
            dropped.done.send_exception(RateLimited(problem, wait))
        self._next()
        return job.done.wait()

    def _next(self) -> None:
        while not self._busy:
            job = self._take()
            if job is None:
                return
            if is_closed_by_peer(job.asker.client):
                job.done.send_exception(Unavailable(N_("The client has hung up.")))
                continue
            self._known_in_a_row = self._known_in_a_row + 1 if job.asker.known else 0
            self._busy = True
            self._start()
            self._inbox.put(job)

    def _take(self) -> _Job | None:
        if self._known_in_a_row < KNOWN_IN_A_ROW:
            return self._known.take() or self._unknown.take()
        return self._unknown.take() or self._known.take()

    def _start(self) -> None:
        if self._inbox is None:
            self._inbox, done = _queue.SimpleQueue(), _queue.SimpleQueue()
            # A byte for each job that is done: the event loop can wait for a socket.
            wakeups, waker = socket.socketpair()
            eventlet.spawn_n(self._collect, done, wakeups)
            thread = _threading.Thread(
                target=_work, args=(self._inbox, done, waker), name="hashing", daemon=True
            )
            thread.start()

    def _collect(self, done: Any, wakeups: Any) -> None:
        while wakeups.recv(1):
            job, seconds = done.get()
            self._seconds += (seconds - self._seconds) / 8
            self._busy = False
            if job.error is None:
                job.done.send(job.answer)
            else:
                job.done.send_exception(job.error)
            self._next()


def _work(inbox: Any, done: Any, waker: Any) -> None:
    """Runs in the thread: nothing here may use the event loop."""
    if sys.platform == "linux":
        # On Linux each thread has its own priority; elsewhere this would slow the whole process.
        os.setpriority(os.PRIO_PROCESS, _threading.get_native_id(), NICE)
    while True:
        job = inbox.get()
        began = time.monotonic()
        try:
            job.answer = job.function(*job.args)
        except BaseException as error:
            job.error = error
        done.put((job, time.monotonic() - began))
        os.write(waker.fileno(), b"\0")
