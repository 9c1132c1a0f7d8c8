"""A worker that cannot open more files logs that once, and once when it can again."""

import contextlib
import resource
import socket
import time

import psutil

from tests.waiting import eventually


def test_a_worker_out_of_files_says_it_once_and_goes_on_afterwards(own_maru):
    maru = own_maru(workers=1)
    (pid,) = maru.workers()
    worker = psutil.Process(pid)
    allowed = worker.rlimit(resource.RLIMIT_NOFILE)

    def told(words):
        return maru.log.read_text().count(words)

    with contextlib.ExitStack() as connections:
        # None at all: how many it has, and which have closed meanwhile, does not matter.
        worker.rlimit(resource.RLIMIT_NOFILE, (1, allowed[1]))
        try:
            address = ("127.0.0.1", int(maru.url.rpartition(":")[2]))
            connections.enter_context(socket.create_connection(address, timeout=30))
            eventually(lambda: told("Connections cannot be accepted"), 30)
            # It is tried each second; one line would come for each.
            begun = time.monotonic()
            eventually(lambda: time.monotonic() > begun + 4)
        finally:
            worker.rlimit(resource.RLIMIT_NOFILE, allowed)
        # The next one that comes shows it.
        eventually(lambda: maru.is_ready() and told("Connections are accepted again"), 30)
    assert told("Connections cannot be accepted") == 1
