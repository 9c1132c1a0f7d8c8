"""A step of a tick that fails does not keep other steps from being done."""

import eventlet
import greenlet
import pytest

from chat.transport.tick import Tick
from tests.live import loop
from tests.live.loop import logged

KINDS = (
    *("in_this_tick", "start_greenlet", "at_end_of_tick", "flush"),
    *("in_next_tick", "within_100_ms"),
)
ERRORS = [RuntimeError("a mistake"), eventlet.Timeout(), greenlet.GreenletExit(), OSError("gone")]


class Gathered:
    """What is flushed at the end of a tick."""

    def __init__(self, flush):
        self.flush = flush


def ask(tick, kind, do):
    """Have ``tick`` do it, in this one of the ways that there are."""
    getattr(tick, kind)(Gathered(do) if kind == "flush" else do)


def failing(error):
    def fail():
        raise error

    return fail


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("kind", KINDS)
def test_whatever_fails_all_else_is_done_and_further_turns_come(kind, error, caplog):
    tick, done = Tick(), set()
    for each in KINDS:
        if each == kind:
            ask(tick, each, failing(error))
        ask(tick, each, lambda each=each: done.add(each))
    loop.until(lambda: done.issuperset([*KINDS]))
    ask(tick, "in_this_tick", lambda: done.add("another tick"))
    loop.until(lambda: done.issuperset(["another tick"]))
    # Told once, with the place where it happened.
    assert [each.exc_info[1] for each in logged(caplog, "chat.transport.greenlet_pool")] == [error]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_work_that_fails_after_it_has_waited_keeps_nothing_from_being_done(error, caplog):
    tick, done = Tick(), set()

    def wait_and_fail():
        loop.tick()
        done.add("waited")
        raise error

    tick.start_greenlet(wait_and_fail)
    tick.start_greenlet(lambda: done.add("work"))
    loop.until(lambda: done.issuperset(["waited", "work"]))
    tick.in_this_tick(lambda: done.add("another tick"))
    loop.until(lambda: done.issuperset(["another tick"]))
    assert [each.exc_info[1] for each in logged(caplog, "chat.transport.greenlet_pool")] == [error]


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()], ids=["exit", "interrupt"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_end_of_the_process_passes_and_what_is_left_is_done_while_it_ends(kind, error):
    tick, done = Tick(), set()
    ask(tick, kind, failing(error))
    for each in KINDS:
        ask(tick, each, lambda each=each: done.add(each))
    with pytest.raises(type(error)):
        loop.until(lambda: done.issuperset([*KINDS, "never"]))
    loop.until(lambda: done.issuperset([*KINDS]))


def test_what_a_part_asks_for_while_it_fails_is_done():
    tick, done = Tick(), set()

    def ask_and_fail():
        for each in KINDS:
            ask(tick, each, lambda each=each: done.add(each))
        raise RuntimeError("a mistake")

    for each in KINDS:
        ask(tick, each, ask_and_fail)
    loop.until(lambda: done.issuperset([*KINDS]))
