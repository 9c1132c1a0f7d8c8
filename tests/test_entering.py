"""Entering and membership: who enters an open room belongs to it, and nobody does so unmeant."""

import pytest

from chat import keys, presence, room_members
from chat.presence import Lease, lease_id_of
from tests.conftest import somebody
from tests.test_presence import TIMING, RoomUnderTest, of


@pytest.fixture
def room(store):
    return RoomUnderTest(store)


def members(room):
    return {m.name: m.role for m in room.store.ask(room_members.listed(room.room_id))}


def test_whoever_enters_an_open_room_becomes_a_member(room):
    connection = of("ben1")
    assert members(room) == {"Ann": "owner"}
    entering = presence.enter_question(room.room_id, connection, TIMING, "ko", str(room.clock))
    assert room.store.ask(entering).is_new_member
    assert not room.store.ask(entering).is_new_member
    assert members(room) == {"Ann": "owner", "ben": "member"}
    own = room.store.redis.zrange(keys.rooms_of(somebody("ben").user_id), 0, -1)
    assert own == [room.room_id.encode()]


def test_a_worker_that_has_missed_it_lets_nobody_back_in_who_is_no_member_any_more(room):
    epoch = room.store.redis.hget(keys.room(room.room_id), "epoch").decode()
    room.enter("ben1")
    room.enter("cho1")
    ben, cho = somebody("ben").user_id, somebody("cho").user_id
    # As one who leaves the room for good does it; that worker receives nothing of it.
    room.leave("ben1")
    room.store.redis.hdel(keys.members(room.room_id), ben)
    room.heard()
    assert room.renew("ben1", "cho1", epoch=epoch) == [(room.room_id, of("ben1")[0])]
    assert (room.heard(), room.here()) == ([], [("cho", 1)])
    # Nor where the lease had ended before, and membership ends before the connection enters again.
    room.leave("cho1")
    room.heard()

    def is_in(room_id, connection):
        if asked:
            room.store.redis.hdel(keys.members(room.room_id), cho)
        asked.append(connection)
        return True

    asked = []
    room.renew("cho1", epoch=epoch, is_in=is_in)
    assert len(asked) == 2
    assert (room.heard(), room.here(), members(room)) == ([], [], {"Ann": "owner"})


def test_people_of_a_store_that_lost_its_members_are_members_again(room):
    room.enter("ben1")
    room.heard()
    room.store.redis.delete(
        *(keys.conns(room.room_id), keys.present(room.room_id), keys.members(room.room_id))
    )
    assert room.renew("ben1", epoch="one before") == []
    assert (room.heard(), members(room)) == ([], {"ben": "member"})


def test_a_new_name_is_written_where_the_person_enters_next(room):
    room.enter("ann1")
    lease = Lease(lease_id_of("ann2", somebody("ann").user_id), "Anna")
    renamed = presence.enter_question(room.room_id, lease, TIMING, "ko", str(room.clock))
    room.store.ask(renamed)
    assert members(room) == {"Anna": "owner"}
    assert room.store.redis.hget(keys.room(room.room_id), "owner") == b"Anna"
