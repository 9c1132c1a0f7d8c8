"""After the store has lost data, workers notice it, agree on a new epoch, and continue."""

import redis

from tests.live.client import settle
from tests.waiting import eventually


def in_one_room(own_maru):
    """``maru, store, room, clients``: two people on two workers who have talked a little."""
    maru = own_maru()
    store = redis.Redis.from_url(maru.store_url)
    ann, ben = maru.register("ann"), maru.register("ben")
    room = ann.create_room("Plans")
    clients = [api.connect(worker=w) for api, w in zip((ann, ben), maru.workers(), strict=True)]
    for client in clients:
        client.join(room)
    for i in range(1, 6):
        clients[i % 2].say(room, f"word {i}")
    settle(room, *clients)
    for client in clients:
        client.forget()
    return maru, store, room, clients


def key(room, *part):
    return ":".join((f"maru:room:{{{room}}}", *part))


def take_back(store, room, seq):
    """The room's last writes are lost, as in a failover: nothing after ``seq`` has ever been."""
    kept = store.xrange(key(room, "stream"), "-", f"0-{seq}")
    with store.pipeline() as lost:
        lost.delete(key(room, "stream"))
        for entry_id, fields in kept:
            lost.xadd(key(room, "stream"), fields, entry_id)
        lost.hset(key(room), "seq", seq)
        lost.execute()


def test_a_lost_tail_begins_a_new_epoch_for_all(own_maru):
    _, store, room, clients = in_one_room(own_maru)
    old = store.hget(key(room), "epoch").decode()
    take_back(store, room, 3)
    for client in clients:
        assert client.wait_for_event("notice", code="reset", roomId=room)
    answers = [client.join(room, since=6, epoch=old) for client in clients]
    assert {answer["recovered"] for answer in answers} == {False}
    assert {answer["epoch"] for answer in answers} == {store.hget(key(room), "epoch").decode()}
    assert answers[0]["epoch"] != old
    assert [m["message"] for m in answers[0]["messages"]] == ["word 1", "word 2", "word 3"]
    for client in clients:
        client.say(room, f"{client.name} goes on")
    settle(room, *clients)
    heard = [[(m["seq"], m["message"]) for m in c.messages("TALK")] for c in clients]
    first = heard[0][0][0]
    assert heard[0] == heard[1] == [(first, "ann goes on"), (first + 1, "ben goes on")]
    assert first > 6, "the numbers of what was lost are not given again"


def test_a_lost_tail_that_was_written_over_is_noticed_too(own_maru):
    _, store, room, clients = in_one_room(own_maru)
    take_back(store, room, 3)
    with store.pipeline() as writing:
        # As if another worker had gone on before anybody looked: the top is where it was.
        for seq in (4, 5, 6):
            said = f'{{"type":"TALK","userCount":0,"sentAt":{seq},"roomId":"{room}","sender":"x"}}'
            writing.xadd(key(room, "stream"), {"m": said}, f"0-{seq}")
        writing.hset(key(room), "seq", 6)
        writing.execute()
    store.client_kill_filter(_type="pubsub")
    for client in clients:
        assert client.wait_for_event("notice", code="reset", roomId=room)


def test_a_lost_room_is_made_anew_with_who_is_in_it(own_maru):
    maru, store, room, clients = in_one_room(own_maru)
    store.delete(*store.keys(key(room) + "*"), "maru:rooms")
    for client in clients:
        assert client.wait_for_event("notice", code="reset", roomId=room)
    eventually(lambda: maru.admin.present(room) == {"ann": 1, "ben": 1})
    listed = maru.admin.request("GET", "/api/rooms").json()["rooms"]
    assert [(r["name"], r["owner"], r["userCount"]) for r in listed] == [("Plans", "ann", 2)]
    assert clients[0].say(room, "once more")["seq"] > 6
    settle(room, *clients)
    assert clients[1].messages("ENTER", "QUIT") == []
    assert [m["message"] for m in clients[1].messages("TALK")] == ["once more"]


def test_a_store_that_was_emptied_knows_who_is_present_again(own_maru):
    _, store, room, clients = in_one_room(own_maru)
    store.flushall()
    for client in clients:
        assert client.wait_for_event("notice", code="reset", roomId=room)
    eventually(lambda: store.hget(key(room), "userCount") == b"2")
    assert sorted(store.hvals(key(room, "people"))) == [b"1 ann", b"1 ben"]
    # The accounts are lost as well: whoever was in has to register again.
    assert clients[0].refusal("message", roomId=room, message="hi") == "unauthorized"


def test_a_deleted_room_is_not_made_anew_by_who_missed_its_end(own_maru):
    maru, store, room, clients = in_one_room(own_maru)
    channels = {c["id"] for c in store.client_list(_type="pubsub")}
    assert channels
    # The worker's ears are closed while the room ends.
    store.client_kill_filter(_type="pubsub")
    maru.admin.delete_room(room)
    for client in clients:
        client.wait_for_message(type="CLOSE")
    assert not store.exists(key(room))
    assert clients[0].refusal("join", roomId=room) == "not_found"


def test_lost_presence_is_restored_without_a_word(own_maru):
    maru, store, room, clients = in_one_room(own_maru)
    store.delete(key(room, "conns"), key(room, "people"))
    eventually(lambda: maru.admin.present(room) == {"ann": 1, "ben": 1})
    settle(room, *clients)
