"""Greenlets are used again, and only a limited number of idle ones is kept."""

import gc
import weakref

import eventlet
import greenlet
import pytest
from eventlet import hubs

from chat.transport.greenlet_pool import IDLE, GreenletPool
from tests.live import loop
from tests.live.loop import logged


@pytest.fixture
def start():
    """Start work in a greenlet of the pool, from the event loop."""
    pool = GreenletPool()
    return lambda work: hubs.get_hub().schedule_call_global(0, pool.start, work)


def test_greenlets_are_used_again_and_only_so_many_are_kept(start):
    done, used = set(), weakref.WeakSet()

    def work(number):
        used.add(greenlet.getcurrent())
        done.add(number)

    def work_that_waits(number):
        loop.tick()
        work(number)

    for number in range(3 * IDLE):
        start(lambda number=number: work(number))
    loop.until(lambda: len(done) == 3 * IDLE)
    assert len(used) == 1
    for number in range(3 * IDLE, 6 * IDLE):
        start(lambda number=number: work_that_waits(number))
    loop.until(lambda: len(done) == 6 * IDLE)
    gc.collect()
    assert len(used) == IDLE


@pytest.mark.parametrize("error", [RuntimeError("a mistake"), eventlet.Timeout(),
                                   greenlet.GreenletExit()], ids=str)  # fmt: skip
def test_a_greenlet_whose_work_fails_is_used_again(start, error, caplog):
    used = []

    def work():
        used.append(greenlet.getcurrent())
        raise error

    start(work)
    start(lambda: used.append(greenlet.getcurrent()))
    loop.until(lambda: len(used) == 2)
    assert used[0] is used[1]
    assert [each.exc_info[1] for each in logged(caplog, "chat.transport.greenlet_pool")] == [error]
