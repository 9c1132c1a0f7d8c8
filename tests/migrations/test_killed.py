"""Carrying over goes on wherever it was ended."""

import multiprocessing
import os
import re
import signal

import pytest

from chat import keys
from chat.migrations.lease import Lease
from chat.migrations.start import carry_over
from chat.store.store import connect
from tests.migrated import FIXTURES, Stored, everything, text_of

# The children of this test use no greenlets.
pytestmark = pytest.mark.filterwarnings("ignore:Using fork")

USER_ID = r"u[a-z0-9]{15}"


def comparable(store):
    """All that a store holds, with names in place of the random ids."""
    names = {i.decode(): f.decode() for f, i in store.redis.hgetall("maru:legacy").items()}
    found = {
        key: sorted(held, key=repr) if isinstance(held, list | set) else held
        for key, held in everything(store.redis).items()
        if not key.startswith("maru:rate:")
    }
    written = re.sub(USER_ID, lambda m: names.get(m[0], "stranger"), repr_of(found))
    return sorted(written.splitlines())


def repr_of(found):
    lines = []
    for key, held in found.items():
        if isinstance(held, dict):
            lines += [f"{key} {field} {value}" for field, value in text_of(held).items()]
        elif isinstance(held, list | tuple):
            lines += [f"{key} {each}" for each in map(str, held)]
        else:
            lines.append(f"{key} {held}")
    return "\n".join(lines)


def small(store, stored):
    """Put the fixture into the store, less its large room."""
    store.redis.flushall()
    stored.restore(store.redis)
    store.redis.delete(*store.redis.scan_iter(keys.room(stored.rooms["big"]) + "*"))
    store.redis.zrem("maru:rooms", stored.rooms["big"])


def carry_over_and_die(url, at, before):
    """Carry a store over, and be killed at one of the transactions, before it or behind it."""
    commit, done = Lease.commit, 0

    def die(self, *args, **options):
        nonlocal done
        done += 1
        if not before:
            commit(self, *args, **options)
        if done == at:
            os.kill(os.getpid(), signal.SIGKILL)
        if before:
            commit(self, *args, **options)

    Lease.commit = die
    carry_over(connect(url), lambda line: None)


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.name.split(".")[0])
@pytest.mark.parametrize("before", [True, False], ids=["before", "behind"])
def test_it_goes_on_wherever_it_was_killed(store, store_url, path, before):
    stored = Stored(path)
    small(store, stored)
    carry_over(store, lambda line: None)
    expected, at = comparable(store), 0
    while True:
        at += 1
        small(store, stored)
        child = multiprocessing.get_context("fork").Process(
            target=carry_over_and_die, args=(store_url, at, before)
        )
        child.start()
        child.join()
        ids = {name: store.redis.hgetall(f"maru:{name}") for name in ("legacy", "strangers")}
        store.redis.delete(keys.MIGRATING)
        carry_over(store, lambda line: None)
        assert comparable(store) == expected
        legacy = store.redis.hgetall("maru:legacy")
        assert ids["legacy"].items() <= legacy.items(), "somebody has got another id"
        if child.exitcode != -signal.SIGKILL:
            break
    assert child.exitcode == 0 and at > 25
