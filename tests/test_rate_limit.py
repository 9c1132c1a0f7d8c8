"""Limits need no round trip to the store, and hold over all workers."""

import pytest

from chat.errors import RateLimited
from chat.rate_limit import Limiter, Rate


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def let_through(store, limiter, most=1_000):
    for number in range(most):
        try:
            store.ask_all(limiter.count("message", "ann"))
        except RateLimited as refusal:
            assert 0 < refusal.retry_after <= 3
            return number
    return most


@pytest.fixture
def clock():
    return Clock()


def test_a_burst_and_then_the_average(store, clock):
    limiter = Limiter({"message": Rate(10, 30)}, clock)
    assert let_through(store, limiter) == 30
    clock.now += 1
    assert let_through(store, limiter) <= 10


def test_a_second_worker_learns_what_the_first_let_through(store, clock):
    first, second = (Limiter({"message": Rate(10, 30)}, clock) for _ in range(2))
    assert let_through(store, first) == 30
    assert let_through(store, second) <= 6


def test_no_limit_is_none(store, clock):
    limiter = Limiter({"message": Rate(0, 0)}, clock)
    assert let_through(store, limiter) == 1_000


def test_hardly_any_event_asks_the_store(clock):
    limiter = Limiter({"message": Rate(10, 30)}, clock)
    assert sum(len(limiter.count("message", "ann")) for _ in range(30)) == 6
