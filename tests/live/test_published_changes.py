"""What changes while a worker publishes earlier changes is published after them."""

import threading

import pytest

from chat import control_messages
from tests.live.stores import SECRETS, Address, started
from tests.waiting import eventually


class HoldingAddress(Address):
    """Holds one control message of a kind until ``released`` is set."""

    def __init__(self, store):
        self.kind = ""
        self.held, self.released = threading.Event(), threading.Event()
        super().__init__(store)

    def before_passing(self, data):
        if self.kind and b'{"%b":' % self.kind.encode() in data:
            self.kind = ""
            self.held.set()
            self.released.wait(60)


@pytest.fixture
def address(tmp_path):
    with started(tmp_path / "store") as store:
        made = HoldingAddress(store)
        yield made
        made.released.set()
        made.close()


@pytest.mark.parametrize("kind", [control_messages.JOINED, control_messages.ROOMS])
def test_a_room_joined_during_a_slow_publication_is_told_afterwards(
    kind, address, own_maru, connect
):
    maru = own_maru(workers=1, REDIS_URL=address.url, **SECRETS)
    ann, ben = maru.register_some("ann"), maru.register_some("ben")
    before, meanwhile = ann.create_room(), ann.create_room()
    tab, other = connect(ben), connect(ben)
    assert other.call("watch", rooms=[before, meanwhile])["ok"]
    # That the rooms are new has been published once this has arrived.
    ann.say(meanwhile, "hello")
    eventually(lambda: changes_of(meanwhile, other, said=1))
    address.kind = kind
    tab.join(before)
    assert address.held.wait(30)
    tab.join(meanwhile)
    address.released.set()
    eventually(lambda: meanwhile in rooms_of_memberships(other))
    eventually(lambda: changes_of(meanwhile, other, userCount=1))


def rooms_of_memberships(client):
    """The rooms that this client was told its person has become a member of."""
    told = [payload for event, payload in list(client.heard) if event == "me"]
    return {event["room"]["roomId"] for event in told if "room" in event}


def changes_of(room_id, client, **fields):
    """What this client was told of a room in the list of rooms, where it had these fields."""
    told = [payload for event, payload in list(client.heard) if event == "rooms"]
    listed = [room for each in told for room in each["rooms"] if room["roomId"] == room_id]
    return [room for room in listed if fields.items() <= room.items()]
