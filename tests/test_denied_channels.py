"""If the store's user may not publish to rooms' channels, operations change nothing by halves."""

from contextlib import contextmanager

import pytest
from redis.exceptions import RedisError

from chat import presence, rooms
from chat.presence import Timing
from tests.conftest import entries, somebody

ANN = somebody("Ann")


@pytest.fixture
def denied(store):
    """``with denied():`` the store's user may publish nothing."""

    @contextmanager
    def deny():
        store.redis.execute_command("ACL", "SETUSER", "default", "resetchannels")
        try:
            yield
        finally:
            store.redis.execute_command("ACL", "SETUSER", "default", "allchannels")

    return deny


def test_a_message_that_could_not_be_told_is_not_stored_again(conversation, store, room_id, denied):
    with denied():
        for _ in range(3):
            try:
                conversation.talk(ANN, room_id, "hi", client_id="c-1")
            except RedisError:
                continue
    answer = conversation.talk(ANN, room_id, "hi", client_id="c-1")
    assert [(m["seq"], m["message"]) for m in entries(store, room_id)] == [(answer["seq"], "hi")]


def test_a_deletion_that_could_not_be_told_has_deleted(conversation, store, room_id, denied):
    conversation.talk(ANN, room_id, "hi")
    with denied(), pytest.raises(RedisError):
        conversation.delete(ANN, room_id, 1, client_id="c-2")
    conversation.delete(ANN, room_id, 1, client_id="c-2")
    assert [m["type"] for m in entries(store, room_id)] == ["DELETE"]


def test_a_room_whose_end_could_not_be_told_is_still_there(room_management, store, room_id, denied):
    with denied(), pytest.raises(RedisError):
        room_management.close(ANN, room_id)
    assert rooms.find(store, [room_id])[0]
    room_management.close(ANN, room_id)
    assert rooms.find(store, [room_id]) == [None]


def test_nobody_is_gone_whose_quit_could_not_be_told(conversation, store, room_id, denied):
    timing = Timing(lease=1000, grace=0)
    lease = presence.Lease(presence.lease_id_of("s1", ANN.user_id), "Ann")
    store.ask(presence.enter_question(room_id, lease, timing, "en", "1000"))
    with denied(), pytest.raises(RedisError):
        presence.reap(store, timing, "en", now="3000")
    assert len(store.ask(presence.present(room_id))) == 1
    # The claim of the first one has to end first.
    reaped = [presence.reap(store, timing, "en", now=str(now)) for now in range(3500, 60_000, 500)]
    assert [each for each in reaped if each] == [{room_id: [ANN.user_id]}]
