"""Requests that arrive together leave time of the event loop to all other work."""

import time

import eventlet
import greenlet
import pytest
from eventlet import hubs

from chat.transport.http_queue import MOST_S, RequestQueue
from tests.live.loop import until


def work(seconds):
    """Keep the processor busy for so long, as a page does."""
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        pass


@pytest.fixture
def turns():
    """A list that has one more item after each tick of the event loop."""
    counted = []
    timer = None

    def tick():
        nonlocal timer
        counted.append(None)
        timer = hubs.get_hub().schedule_call_global(0, tick)

    tick()
    yield counted
    timer.cancel()


def test_long_requests_begin_one_in_a_turn_and_in_order(turns):
    queue, begun = RequestQueue(), []

    def request(number):
        queue.wait()
        begun.append((number, len(turns)))
        work(2 * MOST_S)

    for each in [eventlet.spawn(request, number) for number in range(10)]:
        each.wait()
    assert [number for number, _ in begun] == list(range(10))
    assert len({tick for _, tick in begun}) == 10


def test_a_request_that_waits_for_something_lets_the_next_one_begin():
    queue, begun, go_on = RequestQueue(), [], eventlet.event.Event()

    def request(number):
        queue.wait()
        begun.append(number)
        go_on.wait()

    requests = [eventlet.spawn(request, number) for number in range(100)]
    until(lambda: len(begun) == 100)
    go_on.send()
    for each in requests:
        each.wait()


def test_a_request_that_fails_or_is_given_up_keeps_no_other_from_beginning():
    queue, begun = RequestQueue(), []

    def request(number):
        queue.wait()
        begun.append(number)
        if number == 1:
            raise greenlet.GreenletExit

    requests = [eventlet.spawn(request, number) for number in range(4)]
    # All of them have come by then, and this one is given up while it waits.
    eventlet.spawn(requests[2].kill)
    requests[3].wait()
    assert begun[:2] == [0, 1] and begun[-1] == 3
    eventlet.spawn(request, 4).wait()
    assert begun[-1] == 4


def test_a_request_that_breaks_does_not_leave_those_behind_it_waiting():
    queue, begun = RequestQueue(), []

    def request(number):
        queue.wait()
        begun.append(number)
        work(2 * MOST_S)
        if number == 1:
            raise ValueError("not caught")

    requests = [eventlet.spawn(request, number) for number in range(4)]
    with eventlet.Timeout(20):
        requests[3].wait()
    assert begun == [0, 1, 2, 3]
