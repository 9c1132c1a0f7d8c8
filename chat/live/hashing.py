"""A queue for hashing passwords, which no member's message waits for.

Hashing takes a core for tens of milliseconds. One thread of the operating system does it, at a low
priority: while members talk, it gets what they leave. Who waits does so in a queue that is bounded
and fair: one address gets a turn as often as any other. Those go first who have logged in from
there before, but never so that the others get none: of three turns one is a stranger's who waits.
"""

import os
import sys
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import eventlet
from eventlet import patcher
from eventlet.event import Event
from eventlet.green import socket

from chat.errors import N_, RateLimited, Unavailable
from chat.passwords import Asker

#: How many wait at the most: so many of those who are known where they are, and of those who are
#: not. Together they wait for some seconds.
WAITING = 64
#: Turns in a row of those who are known, while others wait.
KNOWN_IN_A_ROW = 2
#: What is added to the niceness of the thread: it gets a tenth of a core that others want as well.
NICE = 10

_threading: Any = patcher.original("threading")
_queue: Any = patcher.original("queue")
_select: Any = patcher.original("select")


@dataclass(eq=False)
class _Job:
    asker: Asker
    function: Callable[..., Any]
    args: tuple[object, ...]
    done: Event = field(default_factory=Event)
    answer: Any = None
    error: BaseException | None = None


class _Lane:
    """Those who wait, by network: each network in turn, each one's own in the order they came."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, deque[_Job]] = OrderedDict()
        self.length = 0

    def add(self, job: _Job) -> _Job | None:
        """Give the one who has to go for it, if any: that may be the one who came."""
        own = self._waiting.setdefault(job.asker.network, deque())
        own.append(job)
        self.length += 1
        if self.length <= WAITING:
            return None
        longest = max(self._waiting.values(), key=len)
        crowd = longest if len(longest) > len(own) else own
        displaced = crowd.pop()
        self._left(displaced.asker.network)
        return displaced

    def take(self) -> _Job | None:
        """The next one."""
        if not self._waiting:
            return None
        network = next(iter(self._waiting))
        job = self._waiting[network].popleft()
        self._waiting.move_to_end(network)
        self._left(network)
        return job

    def _left(self, network: str) -> None:
        self.length -= 1
        if not self._waiting[network]:
            del self._waiting[network]


class HashingQueue:
    """One of each worker. ``run`` is what ``chat.passwords.Hasher`` takes.

    Its thread begins with the first password: a thread does not outlive the fork of a worker.
    """

    def __init__(self) -> None:
        self._known, self._strangers = _Lane(), _Lane()
        self._known_in_a_row = 0
        self._inbox: Any = None
        self._busy = False
        self._seconds = 0.05

    def run(self, asker: Asker, function: Callable[..., Any], *args: object) -> Any:
        """Wait for a turn, and for what the function gives. Raises ``RateLimited``, what it raises.

        Where nothing runs beside it, as in a command, it is called at once.
        """
        if not patcher.is_monkey_patched("thread"):
            return function(*args)
        job = _Job(asker, function, args)
        displaced = (self._known if asker.known else self._strangers).add(job)
        if displaced is not None:
            wait = max(1.0, (self._known.length + self._strangers.length) * self._seconds)
            problem = N_("Very many people are logging in. Wait a moment and try again.")
            displaced.done.send_exception(RateLimited(problem, wait))
        self._next()
        return job.done.wait()

    def _next(self) -> None:
        while not self._busy:
            job = self._take()
            if job is None:
                return
            if has_hung_up(job.asker.client):
                job.done.send_exception(Unavailable(N_("The client has hung up.")))
                continue
            self._known_in_a_row = self._known_in_a_row + 1 if job.asker.known else 0
            self._busy = True
            self._start()
            self._inbox.put(job)

    def _take(self) -> _Job | None:
        if self._known_in_a_row < KNOWN_IN_A_ROW:
            return self._known.take() or self._strangers.take()
        return self._strangers.take() or self._known.take()

    def _start(self) -> None:
        if self._inbox is None:
            self._inbox, done = _queue.SimpleQueue(), _queue.SimpleQueue()
            heard, bell = socket.socketpair()
            eventlet.spawn_n(self._collect, done, heard)
            thread = _threading.Thread(
                target=_work, args=(self._inbox, done, bell), name="hashing", daemon=True
            )
            thread.start()

    def _collect(self, done: Any, heard: Any) -> None:
        while heard.recv(1):
            job, seconds = done.get()
            self._seconds += (seconds - self._seconds) / 8
            self._busy = False
            if job.error is None:
                job.done.send(job.answer)
            else:
                job.done.send_exception(job.error)
            self._next()


def has_hung_up(client: Any) -> bool:
    """Whether nobody waits at the other end of this socket any more, as far as one can tell."""
    if client is None or client.fileno() < 0:
        return client is not None
    hung_up = getattr(_select, "POLLRDHUP", 0) | _select.POLLHUP | _select.POLLERR
    poll = _select.poll()
    poll.register(client.fileno(), hung_up)
    return any(event & hung_up for _, event in poll.poll(0))


def _work(inbox: Any, done: Any, bell: Any) -> None:
    """In the thread: nothing here may touch the event loop."""
    if sys.platform == "linux":
        # There a thread has a priority of its own; elsewhere this would be that of the process.
        os.setpriority(os.PRIO_PROCESS, _threading.get_native_id(), NICE)
    while True:
        job = inbox.get()
        began = time.monotonic()
        try:
            job.answer = job.function(*job.args)
        except BaseException as error:
            job.error = error
        done.put((job, time.monotonic() - began))
        os.write(bell.fileno(), b"\0")
