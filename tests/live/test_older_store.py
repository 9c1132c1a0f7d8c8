"""Data that an older version of Maru has stored is carried over by the new one."""

import redis

from tests.waiting import eventually


def test_rooms_made_before_they_were_counted_count_after_a_start(own_maru):
    maru = own_maru(ROOMS_PER_PERSON="3")
    ann = maru.register("ann")
    made = {ann.create_room() for _ in range(3)}
    store = redis.Redis.from_url(maru.store_url)
    store.delete("maru:owned", "maru:user:ann:owned")
    maru.restart()
    store = redis.Redis.from_url(maru.store_url)
    eventually(lambda: store.exists("maru:owned"), 30)
    assert {room.decode() for room in store.smembers("maru:user:ann:owned")} == made
    answer = ann.request("POST", "/api/rooms", json={"name": "One too many"})
    assert answer.status_code == 409, answer.text
