"""The pipeline to a real store, in a process of its own, where threads are greenlets."""

import json
import subprocess
import sys

import pytest
import redis

import config

#: What each program begins with; it prints what it found as JSON.
PRELUDE = """
import chat.transport.monkey_patch
import json, sys, threading, time
import redis
from chat.store import question, store
from chat.store.pipeline import Pipeline
from chat.transport.tick import Tick
opened = store.connect(sys.argv[1])
direct = redis.Redis.from_url(sys.argv[1])
pipeline = Pipeline(opened, Tick())
opened.send_commands = pipeline.send
def tell(found): print(json.dumps(found))
class Program(threading.Thread):
    def __init__(self, run, *args):
        super().__init__(target=lambda: setattr(self, "found", run(*args)))
        self.start()
    def wait(self):
        self.join()
        return self.found
def all_of(*programs): return [p.wait() for p in [Program(*p) for p in programs]]
def failure(run, *args):
    try: return run(*args)
    except redis.RedisError as error: return type(error).__name__
def cut():
    for client in direct.client_list():
        if client["id"] != str(direct.client_id()): direct.client_kill_filter(_id=client["id"])
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


def test_everybody_gets_their_own_answers(told):
    assert told("""
def person(i):
    opened.ask_all([("SET", f"key {i}", i), ("INCR", f"key {i}")])
    [number, word] = opened.ask_all([("GET", f"key {i}"), ("ECHO", b"x" * i)])
    return [int(number), word.decode()]
tell(all_of(*((person, i) for i in range(200))))
""") == [[i + 1, "x" * i] for i in range(200)]


def test_the_commands_of_one_turn_are_one_write(told):
    written, commands = told("""
opened.ask_all([("PING",)])
sent = []
write = pipeline._connection._sock.sendall
pipeline._connection._sock.sendall = lambda data: (sent.append(len(data)), write(data))
gate = threading.Event()
def person():
    gate.wait()
    opened.ask_all([("INCR", "n")])
programs = [Program(person) for _ in range(100)]
gate.set()
for program in programs: program.wait()
tell([len(sent), int(direct.get("n"))])
""")
    assert (written, commands) == (1, 100)


def test_an_error_is_that_of_its_own_command_alone(told):
    first, second, after = told("""
direct.set("text", "no number")
first, second = opened.ask_all([("INCR", "text"), ("INCR", "number")], keep_errors=True)
tell([type(first).__name__, second, opened.ask(("INCR", "number"))])
""")
    assert (first, second, after) == ("ResponseError", 1, 2)


def test_a_caller_that_fails_keeps_no_other_from_its_answer(told):
    assert told("""
import eventlet, logging
logging.disable()
found = []
def person(i):
    found.extend(opened.ask_all([("ECHO", str(i))]))
    if i == 1: raise ValueError("not caught")
people = [eventlet.spawn(person, i) for i in range(4)]
with eventlet.Timeout(30):
    people[3].wait()
tell(sorted(each if isinstance(each, str) else each.decode() for each in found))
""") == ["0", "1", "2", "3"]


def test_scripts_are_there_also_after_a_new_beginning(told):
    assert told("""
def wait(): return opened.ask(question.ScriptCall("throttle", ["rate"], ["1.000", 1000]))
answers = [wait()]
direct.script_flush()
answers.append(wait())
cut()
direct.script_flush()
answers.append(wait())
tell(answers)
""") == [0, 0, 0]


def test_order_survives_a_broken_connection_and_nothing_is_lost(told):
    """Commands may be carried out twice then: those that must not say so by themselves."""
    told_in_order = told("""
opened.ask_all([("PING",)])
def say(i): return failure(opened.ask_all, [("RPUSH", "said", i)])
for i in range(0, 500, 50):
    programs = [Program(say, i + j) for j in range(50)]
    if i % 100: cut()
    for program in programs: program.wait()
tell([int(i) for i in direct.lrange("said", 0, -1)])
""")
    first_times = list(dict.fromkeys(told_in_order))
    assert first_times == list(range(500))


def test_a_store_that_is_gone_is_told_and_used_again_when_it_is_back(told):
    failures, after = told("""
opened.ask_all([("PING",)])
address = pipeline._connection.path
pipeline._connection.path = "/nowhere"
cut()
failures = all_of(*((failure, opened.ask_all, [("PING",)]) for _ in range(20)))
pipeline._connection.path = address
tell([failures, opened.ask(("PING",)).decode()])
""")
    assert failures == ["ConnectionError"] * 20 and after == "PONG"


def test_a_silent_store_is_given_up_on_and_used_again_when_it_speaks(told):
    kind, is_still_silent = told("""
opened.ask_all([("PING",)])
direct.execute_command("CLIENT", "PAUSE", 30000, "ALL")
ends = time.monotonic() + 30
kind = failure(opened.ask_all, [("PING",)])
is_still_silent = time.monotonic() < ends
while failure(opened.ask_all, [("PING",)]) != [b"PONG"]: pass
tell([kind, is_still_silent])
""")
    assert kind == "TimeoutError" and is_still_silent
