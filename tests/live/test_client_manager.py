"""Socket.IO's rooms: the cost of a disconnect depends on the rooms of that connection alone."""

import pytest

from chat.live.client_manager import ClientManager


class Server:
    """What a client manager needs of its server: names for sessions."""

    def __init__(self):
        self.eio = self
        self.made = 0
        self.packet_class = type("Packet", (), {"json": None})

    def generate_id(self):
        self.made += 1
        return f"s{self.made}"


@pytest.fixture
def members():
    made = ClientManager("redis://nowhere", write_only=True)
    made.set_server(Server())
    return made


def connected(members, engine, namespace="/"):
    session = members.pre_connect(engine, namespace)
    members.connect(session, namespace)
    return session


def test_a_session_is_connected_between_its_introduction_and_its_end(members):
    session = members.pre_connect("e1", "/")
    assert members.is_pre_connected(session, "/") and not members.is_connected(session, "/")
    assert members.connect(session, "/") == session
    assert members.is_connected(session, "/")
    assert members.sid_from_eio_sid("e1", "/") == session
    assert members.eio_sid_from_sid(session, "/") == "e1"
    assert members.pre_disconnect(session, "/") == "e1"
    assert not members.is_connected(session, "/")
    members.basic_disconnect(session, "/")
    assert members.sid_from_eio_sid("e1", "/") is None
    assert list(members.get_participants("/", None)) == []


def test_one_transport_has_one_session_in_a_namespace(members):
    connected(members, "e1")
    assert members.pre_connect("e1", "/") is None
    assert connected(members, "e1", "/other")
    assert members.get_namespaces() == ["/", "/other"]


def test_a_session_is_a_room_of_its_own(members):
    session = connected(members, "e1")
    assert list(members.get_participants("/", session)) == [(session, "e1")]
    assert members.get_rooms(session, "/") == [session]
    with pytest.raises(ValueError):
        members.basic_enter_room(connected(members, "e2"), "/", session)


def test_rooms_know_who_is_in_them_until_they_leave_or_go(members):
    one, two, three = (connected(members, f"e{i}") for i in range(3))
    for session in (one, two):
        members.basic_enter_room(session, "/", "kitchen")
    members.basic_enter_room(three, "/", "garden")
    assert dict(members.get_participants("/", "kitchen")) == {one: "e0", two: "e1"}
    both = dict(members.get_participants("/", ["kitchen", "garden"]))
    assert both == {one: "e0", two: "e1", three: "e2"}
    assert set(members.get_rooms(one, "/")) == {one, "kitchen"}
    members.basic_leave_room(one, "/", "kitchen")
    members.basic_disconnect(two, "/")
    assert list(members.get_participants("/", "kitchen")) == []
    assert members.rooms["/"].keys() == {"garden"}


def test_nobody_enters_who_is_not_connected(members):
    with pytest.raises(ValueError):
        members.basic_enter_room("nobody", "/", "kitchen")
    members.basic_leave_room("nobody", "/", "kitchen")
    members.basic_disconnect("nobody", "/")


def test_what_a_disconnect_costs_does_not_grow_with_the_rooms_of_others(members):
    """Counted in steps, not in time: the rooms of others are not even looked at."""
    mine = connected(members, "mine")
    members.basic_enter_room(mine, "/", "kitchen")
    for i in range(100):
        members.basic_enter_room(connected(members, f"e{i}"), "/", f"room {i}")
    looked_at = []

    class Watched(dict):
        def __getitem__(self, room):
            looked_at.append(room)
            return super().__getitem__(room)

    members.rooms["/"] = Watched(members.rooms["/"])
    members.basic_disconnect(mine, "/")
    assert set(looked_at) == {"kitchen"}
