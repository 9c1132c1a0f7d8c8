"""Stores that an earlier Maru has left."""

import pytest

from chat.migrations.start import carry_over
from tests.migrated import FIXTURES, Stored


@pytest.fixture(params=FIXTURES, ids=lambda path: path.name.split(".")[0])
def older(request, store):
    """The store as an earlier Maru has left it, at its end."""
    stored = Stored(request.param)
    store.redis.flushall()
    stored.restore(store.redis)
    return stored


@pytest.fixture
def carried(older, store):
    """The same, carried over."""
    carry_over(store, lambda line: None)
    return older
