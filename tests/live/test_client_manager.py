"""Socket.IO's rooms: the cost of a disconnect depends on the rooms of that connection alone."""

import pytest

from chat.live.client_manager import ClientManager


class Server:
    """What a client manager needs of its server: sids."""

    def __init__(self):
        self.eio = self
        self.made = 0
        self.packet_class = type("Packet", (), {"json": None})

    def generate_id(self):
        self.made += 1
        return f"s{self.made}"


@pytest.fixture
def manager():
    made = ClientManager("redis://nowhere", write_only=True)
    made.set_server(Server())
    return made


def connected(manager, eio_sid, namespace="/"):
    sid = manager.pre_connect(eio_sid, namespace)
    manager.connect(sid, namespace)
    return sid


def test_a_connection_is_connected_between_its_introduction_and_its_end(manager):
    sid = manager.pre_connect("e1", "/")
    assert manager.is_pre_connected(sid, "/") and not manager.is_connected(sid, "/")
    assert manager.connect(sid, "/") == sid
    assert manager.is_connected(sid, "/")
    assert manager.sid_from_eio_sid("e1", "/") == sid
    assert manager.eio_sid_from_sid(sid, "/") == "e1"
    assert manager.pre_disconnect(sid, "/") == "e1"
    assert not manager.is_connected(sid, "/")
    manager.basic_disconnect(sid, "/")
    assert manager.sid_from_eio_sid("e1", "/") is None
    assert list(manager.get_participants("/", None)) == []


def test_one_session_has_one_connection_in_a_namespace(manager):
    connected(manager, "e1")
    assert manager.pre_connect("e1", "/") is None
    assert connected(manager, "e1", "/other")
    assert manager.get_namespaces() == ["/", "/other"]


def test_a_session_is_a_room_of_its_own(manager):
    sid = connected(manager, "e1")
    assert list(manager.get_participants("/", sid)) == [(sid, "e1")]
    assert manager.get_rooms(sid, "/") == [sid]
    with pytest.raises(ValueError):
        manager.basic_enter_room(connected(manager, "e2"), "/", sid)


def test_rooms_know_who_is_in_them_until_they_leave_or_go(manager):
    one, two, three = (connected(manager, f"e{i}") for i in range(3))
    for sid in (one, two):
        manager.basic_enter_room(sid, "/", "kitchen")
    manager.basic_enter_room(three, "/", "garden")
    assert dict(manager.get_participants("/", "kitchen")) == {one: "e0", two: "e1"}
    both = dict(manager.get_participants("/", ["kitchen", "garden"]))
    assert both == {one: "e0", two: "e1", three: "e2"}
    assert set(manager.get_rooms(one, "/")) == {one, "kitchen"}
    manager.basic_leave_room(one, "/", "kitchen")
    manager.basic_disconnect(two, "/")
    assert list(manager.get_participants("/", "kitchen")) == []
    assert manager.rooms["/"].keys() == {"garden"}


def test_nobody_enters_who_is_not_connected(manager):
    with pytest.raises(ValueError):
        manager.basic_enter_room("nobody", "/", "kitchen")
    manager.basic_leave_room("nobody", "/", "kitchen")
    manager.basic_disconnect("nobody", "/")


def test_what_a_disconnect_costs_does_not_grow_with_the_rooms_of_others(manager):
    """Counted in steps, not in time: the rooms of others are not even looked at."""
    mine = connected(manager, "mine")
    manager.basic_enter_room(mine, "/", "kitchen")
    for i in range(100):
        manager.basic_enter_room(connected(manager, f"e{i}"), "/", f"room {i}")
    looked_at = []

    class Watched(dict):
        def __getitem__(self, room):
            looked_at.append(room)
            return super().__getitem__(room)

    manager.rooms["/"] = Watched(manager.rooms["/"])
    manager.basic_disconnect(mine, "/")
    assert set(looked_at) == {"kitchen"}
