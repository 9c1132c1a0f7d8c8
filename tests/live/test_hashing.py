"""Many log-ins at once: passwords are hashed in a thread, so that messages do not wait."""

import contextlib
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from chat.live.hashing import NICE, WAITING
from tests.live.cluster import PASSWORD


@pytest.fixture
def maru(own_maru):
    return own_maru(workers=1, TRUSTED_PROXIES="1")


def log_in(maru, name, address):
    body, headers = {"name": name, "password": PASSWORD}, {"X-Forwarded-For": address}
    return requests.post(maru.url + "/api/token", json=body, headers=headers, timeout=60)


def niceness_of_threads(pid):
    """Of all threads of a process: the 19th field of its line in /proc."""
    lines = []
    for path in Path(f"/proc/{pid}/task").glob("*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it may have ended by now
            lines.append(path.read_text())
    return [int(line.rpartition(")")[2].split()[16]) for line in lines]


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority of their own")
def test_passwords_are_hashed_at_a_lower_priority_than_all_else(maru):
    assert log_in(maru, "admin", "192.0.2.1").status_code == 200
    (worker,) = maru.workers()
    assert [nice for nice in niceness_of_threads(worker) if nice >= NICE] == [NICE]


def test_of_very_many_who_log_in_at_once_some_are_told_to_come_back(maru):
    count = 3 * WAITING
    with ThreadPoolExecutor(count) as pool:
        crowd = list(pool.map(lambda i: log_in(maru, "nobody", f"192.0.2.{i}"), range(count)))
    statuses = [answer.status_code for answer in crowd]
    assert set(statuses) == {401, 429}
    refused = crowd[statuses.index(429)]
    assert refused.json()["error"]["code"] == "rate_limited"
    assert refused.json()["error"]["retryAfter"] >= 1
    assert int(refused.headers["Retry-After"]) >= 1
    assert log_in(maru, "admin", "192.0.2.1").status_code == 200


def in_a_worker(script):
    """What a script prints that runs as a worker does, with greenlets for threads."""
    before = """
        import chat.transport.monkey_patch
        import os, socket, threading
        from chat.live.hashing import HashingQueue
        from chat.passwords import Asker
        queue, done, (wait, go) = HashingQueue(), [], os.pipe()
        def attempt(came, asker, function, *args):
            came.set()  # nothing else runs until it waits in the queue
            try:
                queue.run(asker, function, *args)
            except Exception as error:
                done.append(type(error).__name__)
        def start(asker, function, *args):
            came = threading.Event()
            thread = threading.Thread(target=attempt, args=(came, asker, function, *args))
            thread.start()
            came.wait()
            return thread
        # Until all have come, the one that hashes is busy.
        first = start(Asker("first"), os.read, wait, 1)
    """
    after = """
        os.write(go, b"x")
        for job in (first, *jobs):
            job.join()
        print(*done)
    """
    source = "".join(map(textwrap.dedent, (before, script, after)))
    done = subprocess.run(
        [sys.executable, "-u", "-W", "ignore", "-c", source],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_nothing_is_hashed_for_somebody_who_has_hung_up():
    done = in_a_worker("""
        pairs = [socket.socketpair() for _ in range(3)]
        jobs = [
            start(Asker("a", client=ours), done.append, i) for i, (ours, _) in enumerate(pairs)
        ]
        pairs[0][1].close()
    """)
    assert sorted(done) == ["1", "2", "Unavailable"]


def test_each_address_has_its_turn_and_first_those_who_have_been_there_before():
    assert in_a_worker("""
        askers = [Asker("a"), Asker("a"), Asker("a"), Asker("b"), Asker("c", known=True)]
        jobs = [start(asker, done.append, f"{asker.network}{i}") for i, asker in enumerate(askers)]
    """) == ["c4", "a0", "b3", "a1", "a2"]


def test_those_who_are_known_do_not_keep_the_others_from_their_turns():
    assert in_a_worker("""
        askers = [Asker("k", known=True)] * 6 + [Asker("s")] * 2
        jobs = [start(asker, done.append, asker.network) for asker in askers]
    """) == [*"kkskkskk"]


def test_who_has_hung_up_takes_no_turn_from_strangers():
    done = in_a_worker("""
        ours, theirs = socket.socketpair()
        askers = [Asker("k", known=True)] * 4 + [Asker("a", client=ours), Asker("s")]
        jobs = [start(asker, done.append, asker.network) for asker in askers]
        theirs.close()
    """)
    assert [each for each in done if each != "Unavailable"] == [*"kkskk"]


def test_what_goes_wrong_is_told_to_who_waited():
    done = in_a_worker("""
        jobs = [start(Asker(), int, "x"), start(Asker(), done.append, "next")]
    """)
    assert sorted(done) == ["ValueError", "next"]
