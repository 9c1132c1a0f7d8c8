"""A snapshot of the store: each key of Maru, with what it holds, as of one moment."""

import os
import secrets
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.store import rdb
from chat.store.rdb import UnknownFormat, restorable
from chat.store.snapshot import snapshot
from chat.store.store import connect
from tests.live import stores

LONG = os.urandom(70).hex()


def fill(redis):
    """One of each kind of value, in each way in which the store keeps it."""
    redis.set("text", "안녕 " * 100)
    redis.set("number", 12345)
    redis.set("smaller", -7)
    redis.set("bytes", os.urandom(20_000))
    redis.set("empty", "")
    redis.set("a" * 300, "a long name of one letter, which is packed")
    redis.set("passes", "soon", px=60_000)
    redis.set("passed", "gone", px=1)
    redis.rpush("list", *range(10), LONG)
    redis.rpush("long list", *(f"{i} {LONG}" for i in range(3000)))
    redis.sadd("numbers", 1, 2, 70_000)
    redis.sadd("words", "a", "b")
    redis.sadd("many words", *(f"{i} {LONG}" for i in range(600)))
    redis.zadd("scores", {"a": 1, "b": 2.5})
    redis.zadd("many scores", {f"{i} {LONG}": i / 3 for i in range(600)})
    redis.zadd("ends", {"least": float("-inf"), "most": float("inf")})
    redis.hset("fields", mapping={"name": "Ann", "seq": 12})
    redis.hset("many fields", mapping={f"{i}": f"{i} {LONG}" for i in range(600)})
    for number in range(1, 400):
        redis.xadd("stream", {"m": f"{number} {LONG}"}, id=f"0-{number}")
    redis.xdel("stream", "0-7")
    redis.xadd("read by groups", {"m": "x"})
    redis.xgroup_create("read by groups", "group", id="0")
    redis.xreadgroup("group", "reader", {"read by groups": ">"})
    redis.xgroup_create("no stream yet", "group", mkstream=True)
    redis.function_load("#!lua name=mine\nredis.register_function('f', function() end)")


def dumped(redis):
    return {key: redis.dump(key) for key in redis.scan_iter(count=1000)}


def saved(store):
    with snapshot(store, is_embedded=True) as (taken, database):
        return taken.version, list(taken.keys(database))


def test_each_kind_of_value_is_restored_as_it_was(store):
    fill(store.redis)
    before = dumped(store.redis)
    version, found = saved(store)
    assert len(found) == len({each.key for each in found}) == len(before)
    expiring = {each.key: each.expires_at for each in found if each.expires_at}
    assert expiring == {b"passes": store.redis.pexpiretime("passes")}
    store.redis.flushall()
    for each in found:
        value = restorable(each.value, version)
        store.redis.restore(each.key, each.expires_at, value, absttl=True)
    assert dumped(store.redis) == before


def test_it_is_of_one_moment(store):
    """Somebody writes all the time: first one key, then another."""
    store.redis.set("filling", os.urandom(3_000_000))
    ended = threading.Event()
    client = store.redis

    def write():
        number = 0
        while not ended.is_set():
            number += 1
            client.set("first", number)
            client.set("then", number)

    writing = threading.Thread(target=write)
    writing.start()
    try:
        for _ in range(5):
            values = {each.key: each.value for each in saved(store)[1]}
            if b"then" in values:
                # The type and the number; the first one may be ahead by one.
                first, then = (int.from_bytes(values[k][2:], "little") for k in (b"first", b"then"))
                assert first - then in (0, 1)
    finally:
        ended.set()
        writing.join()


@pytest.mark.parametrize("diskless", ["yes", "no"])
def test_of_a_store_elsewhere_the_database_of_its_address(tmp_path, diskless):
    options = {"repl_diskless_sync": diskless, "repl_diskless_sync_delay": "0"}
    with stores.started(tmp_path / "store", **options) as client:
        client.config_set("requirepass", "secret")
        port = client.connection_pool.connection_kwargs["port"]
        for database in (0, 2):
            url = f"redis://:secret@127.0.0.1:{port}/{database}"
            opened = connect(url)
            opened.redis.set(f"in {database}", "x" * 100_000)
        with snapshot(opened, is_embedded=False) as (taken, database):
            assert [each.key for each in taken.keys(database)] == [b"in 2"]
        client.execute_command("CONFIG", "SET", "requirepass", "")


def test_a_user_who_may_not_have_it_is_told_so(store, store_url):
    password = secrets.token_hex(8)
    store.redis.acl_setuser("maru", enabled=True, passwords=[f"+{password}"], categories=["-@all"])
    other = connect(store_url)
    other.redis.connection_pool.connection_kwargs |= {"username": "maru", "password": password}
    with pytest.raises(Exception, match="permission") as refused, snapshot(other, False):
        pass
    assert "maru" in str(refused.value)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "it ends too early"),
        (b"HTTP/1.1 4", "it does not begin"),
        (b"REDIS0011\xfe\x00\x00\x01k\x05ab", "it ends too early"),
        (b"REDIS0011\xfe\x00\x07\x01k", "a key has the type 7"),
        (b"REDIS0011\xf7\x01", "something of the kind 247"),
    ],
)
def test_what_it_does_not_know_is_refused(data, says):
    parts = iter([data])
    with pytest.raises(UnknownFormat, match=says):
        list(rdb.Snapshot(lambda: next(parts, b"")).keys(0))


@given(st.binary(max_size=3000))
def test_the_checksum_of_long_data_is_that_of_all_bytes(data):
    crc, table = 0, rdb._crc_table()
    for byte in data:
        crc = table[(crc ^ byte) & 255] ^ crc >> 8
    assert rdb._crc64(data) == crc
    assert rdb._crc64(b"123456789") == 0xE9C6D914C4B8D9CA
