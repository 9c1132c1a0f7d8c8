"""The subscriber on a real store, in a process of its own in which greenlets are patched.

A SUBSCRIBE of very many channels does not fit into what the system holds for a socket, so that it
is written in several pieces.
"""

import json
import subprocess
import sys

import pytest
import redis

import config

#: What each program begins with; it prints what it found as JSON.
PRELUDE = """
import chat.transport.monkey_patch
import json, logging, sys
import eventlet, psutil, redis
from chat.store import store
from chat.store.subscriber import Subscriber
from tests.live.loop import tick, until
logging.basicConfig(level=logging.ERROR)
opened = store.connect(sys.argv[1])
direct = redis.Redis.from_url(sys.argv[1])
MANY = tuple(f"{i:0100}" for i in range(10_000))
connected, heard = [], []
def start(*always):
    subscriber = Subscriber(
        opened, lambda channel, _: heard.append(channel), lambda: connected.append(1), always
    )
    eventlet.spawn(subscriber.run)
    return subscriber
def not_subscribed(channels):
    return [name.decode() for name, count in direct.pubsub_numsub(*channels) if count != 1]
def listeners(): return [each["id"] for each in direct.client_list(_type="pubsub")]
def tell(found): print(json.dumps(found))
"""


@pytest.fixture
def told(store_url):
    """What a program tells."""

    def run(program: str) -> object:
        done = subprocess.run(
            [sys.executable, "-c", PRELUDE + program, store_url],
            cwd=config.ROOT, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0 and not done.stderr, done.stderr
        return json.loads(done.stdout)

    yield run
    # The programs' keys are not for the next test with this store.
    with redis.Redis.from_url(store_url) as opened:
        opened.flushall()


def test_who_subscribes_while_it_connects_is_heard_and_disturbs_nothing(told):
    found = told("""
subscriber = start(*MANY)
calls = []
while not subscriber.is_caught_up and len(calls) < 2_000:
    # One in each tick of the event loop, so that some fall between two pieces.
    calls.append(eventlet.spawn(subscriber.subscribe, f"late {len(calls)}"))
    tick()
until(lambda: subscriber.is_caught_up)
for call in calls: call.wait()
late = [f"late {i}" for i in range(len(calls))]
direct.publish(late[-1], "")
until(lambda: heard)
tell([len(calls) > 1, not_subscribed((*MANY, *late)), len(connected), len(listeners())])
""")
    assert found == [True, [], 1, 1]


def test_who_subscribes_while_the_connection_is_lost_is_heard_on_the_next_one(told):
    found = told("""
subscriber = start("always")
until(lambda: subscriber.is_caught_up)
[first] = listeners()
# A store that reads nothing for a while.
server = psutil.Process(direct.info()["process_id"])
server.suspend()
try:
    until(lambda: server.status() == psutil.STATUS_STOPPED)
    calls = [eventlet.spawn(subscriber.subscribe, *MANY)]
    calls += [eventlet.spawn(subscriber.subscribe, f"late {i}") for i in range(20)]
    tick()
    subscriber.reconnect()
finally:
    server.resume()
for call in calls: call.wait()
until(lambda: subscriber.is_caught_up)
late = [f"late {i}" for i in range(20)]
direct.publish(late[-1], "")
until(lambda: heard)
lost = not_subscribed(("always", *MANY, *late))
tell([lost, len(connected), len(listeners()), listeners() != [first]])
""")
    assert found == [[], 2, 1, True]


def test_a_channel_given_up_while_it_connects_is_not_subscribed_in_the_end(told):
    found = told("""
subscriber = start(*MANY)
given_up = []
while not subscriber.is_caught_up and len(given_up) < 2_000:
    given_up.append(MANY[len(given_up)])
    eventlet.spawn(subscriber.unsubscribe, given_up[-1])
    tick()
until(lambda: subscriber.is_caught_up)
direct.publish(MANY[-1], "")
until(lambda: heard)
kept = MANY[len(given_up):]
until(lambda: not_subscribed(given_up) == given_up)
tell([len(given_up) > 1, not_subscribed(kept), len(connected)])
""")
    assert found == [True, [], 1]


def test_of_a_store_that_takes_connections_and_is_silent_the_log_says_it_once(told):
    """As one does that loads its data."""
    assert told("""
import chat.store.subscriber as module
said = []
module.log.warning = lambda line, *_: said.append(line.split(" (")[0])
module.SILENCE_S = 0.1
subscriber = start("control")
until(lambda: len(connected) > 3)
before = list(said)
while "The worker receives from the store again." not in said:
    direct.publish("control", "{}")
    tick()
tell([before, said[:2]])
""") == [
        ["The worker receives nothing from the store"],
        ["The worker receives nothing from the store", "The worker receives from the store again."],
    ]


@pytest.mark.parametrize("error", ["TimeoutError", "ConnectionError", "BusyLoadingError"])
def test_what_was_told_while_the_worker_caught_up_is_heard_though_that_failed(told, error):
    found = told(
        f"from redis.exceptions import {error} as Failure"
        + """
tries = []
def catch_up():
    tries.append(1)
    if len(tries) < 3:
        direct.publish("always", "not stored")
        raise Failure("no answer")
def hear(channel, text): heard.append(text.decode())
subscriber = Subscriber(opened, hear, catch_up, ("always",))
eventlet.spawn(subscriber.run)
until(lambda: subscriber.is_caught_up)
direct.publish("always", "the last")
until(lambda: "the last" in heard)
tell([len(tries), heard])
"""
    )
    assert found == [3, ["not stored", "not stored", "the last"]]
