"""Functions that block are called in a thread beside the event loop, one after the other."""

import subprocess
import sys

import config

#: A process of greenlets, as a worker is one.
PROGRAM = """
import chat.transport.monkey_patch
import eventlet, time
from eventlet import patcher
from chat.transport.native_thread import NativeThread

sleep = patcher.original("time").sleep
thread = NativeThread("blocking")
ticks = []

def tick():
    while True:
        ticks.append(time.monotonic())
        eventlet.sleep(0.01)

def block(number):
    order.append(number)
    sleep(0.3)
    if number == 2:
        raise KeyError(number)
    return number

order = []
eventlet.spawn(tick)
calls = [eventlet.spawn(thread.run, block, number) for number in range(4)]
answers = []
for call in calls:
    try:
        answers.append(call.wait())
    except KeyError as error:
        answers.append(repr(error))
longest = max(b - a for a, b in zip(ticks, ticks[1:]))
print(answers, order, len(ticks) > 20, longest < 0.3)
"""


def test_the_event_loop_goes_on_while_a_function_blocks():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=config.ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "[0, 1, 'KeyError(2)', 3] [0, 1, 2, 3] True True\n", done.stderr


def test_a_process_without_greenlets_calls_it_at_once():
    program = (
        "from chat.transport.native_thread import NativeThread\n"
        "import threading\n"
        "name = NativeThread('blocking').run(lambda: threading.current_thread().name)\n"
        "print(name)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=config.ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "MainThread\n", done.stderr
