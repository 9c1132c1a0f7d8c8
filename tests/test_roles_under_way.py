"""Whatever was under way: who is a guest, deactivated or no admin any more counts in the scripts.

Each test stops a call after its access was checked, changes the account, and lets it go on.
"""

import pytest

from chat import account_state, keys, memberships, presence, room_members
from chat.errors import Forbidden, NotJoined
from tests.calls_under_way import OF_WHO_IS_HERE, named

#: A time in ms far ahead.
LATER = 4_000_000_000_000


def become_guest(store, name):
    account_state.set_role(store, name, "guest")


WAYS_OUT = {
    "guest": become_guest,
    "deactivated": account_state.deactivate,
    "deleted": account_state.delete,
}


#: Scripts that change what the owner of a room alone may.
OF_OWNERS = ("set_member", "remove", "unban", "change_room", "close")


class Place:
    """An open room of ``ann``'s, in which ``ben`` is, and of which the admin ``root`` is no member.

    ``max`` owns a private room, of which ``root`` is a plain member. ``ben`` and
    ``cho`` have a direct room, which ``ben`` has left.
    """

    def __init__(self, room_management, conversation, store, made):
        self.store, self.room_management, self.conversation = store, room_management, conversation
        made("eve", "admin")
        self.root, self.ann = made("root", "admin"), made("ann")
        self.ben, self.max, self.cho = map(made, ("ben", "max", "cho"))
        self.hall = room_management.create(self.ann, "Hall", False, None).room_id
        self.room_id = self.hall
        self.attic = room_management.create(self.max, "Attic", True, None).room_id
        self.pair = room_management.direct(self.ben, ["cho"])[0].room_id
        room_management.remove(self.ben, self.pair, "ben")
        for name in ("root", "ann"):
            room_management.set_member(self.max, self.attic, name)
        room_management.ban(self.ann, self.hall, "cho")
        conversation.join(self.ben, self.hall, "s1")
        self.seq = conversation.talk(self.ben, self.hall, "hi", sid="s1")["seq"]
        self.attic_seq = conversation.talk(self.max, self.attic, "ho")["seq"]

    def rooms(self):
        """What nobody may have changed in rooms; with those that were made meanwhile."""
        redis, found = self.store.redis, {}
        for room_id in sorted({keys.room_of_channel(key.decode())[0] for key in self._keys()}):
            found[room_id] = [
                redis.hmget(keys.room(room_id), "name", "ownerId", "seq", "archived"),
                redis.hgetall(keys.members(room_id)),
                sorted(redis.hkeys(keys.banned(room_id))),
            ]
        return found

    def accounts(self):
        """The roles of all accounts but that of ``root``, and which of them are deactivated."""
        people = (self.ann, self.ben, self.max, self.cho)
        return [account_of(self.store, person, "role", "deactivatedAt") for person in people]

    def _keys(self):
        return self.store.redis.scan_iter("maru:room:*")


def account_of(store, person, *fields):
    return store.redis.hmget(keys.account(person.user_id), *fields)


@pytest.fixture
def place(room_management, conversation, store, made):
    return Place(room_management, conversation, store, made)


@pytest.mark.parametrize(
    ("script", "call"),
    [
        ("set_member", lambda p: p.room_management.set_member(p.root, p.hall, "max")),
        ("set_member", lambda p: p.room_management.set_member(p.root, p.hall, "ben", "moderator")),
        ("set_member", lambda p: p.room_management.set_member(p.root, p.hall, "root", "owner")),
        ("set_member", lambda p: p.room_management.set_member(
            p.root, p.attic, "ann", muted_until=LATER)),
        ("remove", lambda p: p.room_management.remove(p.root, p.hall, "ben")),
        ("remove", lambda p: p.room_management.ban(p.root, p.attic, "ann")),
        ("unban", lambda p: p.room_management.unban(p.root, p.hall, "cho")),
        ("change_room", lambda p: p.room_management.change(p.root, p.hall, name="Mine")),
        ("change_room", lambda p: p.room_management.change(p.root, p.attic, archived=True)),
        ("close", lambda p: p.room_management.close(p.root, p.hall)),
        ("close", lambda p: p.room_management.close(p.root, p.attic)),
        ("alter", lambda p: p.conversation.delete(p.root, p.hall, p.seq)),
        ("alter", lambda p: p.conversation.delete(p.root, p.attic, p.attic_seq)),
        ("set_role", lambda p: account_state.set_role(p.store, "ben", "admin", by=p.root)),
        ("set_active", lambda p: account_state.deactivate(p.store, "ann", by=p.root)),
        ("delete_person", lambda p: account_state.delete(p.store, "ann", by=p.root)),
    ],
    ids=["add", "give a role", "take the room", "mute", "remove", "ban", "unban", "rename",
         "archive", "delete an open room", "delete a private room", "delete a message",
         "delete a message in a private room", "make an admin", "deactivate", "delete an account"],
)  # fmt: skip
def test_who_is_no_admin_any_more_does_nothing_of_what_was_under_way(
    place, store, beside, script, call
):
    before = place.rooms(), place.accounts()
    happened = beside(script, lambda: account_state.set_role(store, "root", "user"))
    with pytest.raises(Forbidden):
        call(place)
    assert happened() and (place.rooms(), place.accounts()) == before


def test_who_is_no_admin_any_more_does_not_make_an_account_active_again(place, store, beside):
    account_state.deactivate(store, "ann")
    happened = beside("set_active", lambda: account_state.set_role(store, "root", "user"))
    with pytest.raises(Forbidden):
        account_state.reactivate(store, "ann", by=place.root)
    assert happened() and account_of(store, place.ann, "deactivatedAt") != [None]


def test_who_is_no_admin_any_more_does_what_everybody_may(place, store, beside):
    happened = beside("set_member", lambda: account_state.set_role(store, "root", "user"))
    place.room_management.set_member(place.root, place.hall, "root")
    assert happened()
    assert store.ask(memberships.one(place.root.user_id, place.hall)).role == "member"


@pytest.mark.parametrize("way_out", WAYS_OUT)
@pytest.mark.parametrize(
    ("script", "call"),
    **named(
        {
            **OF_WHO_IS_HERE,
            "add": ("set_member", lambda p: p.room_management.set_member(p.max, p.attic, "cho")),
            "give a role": (
                "set_member",
                lambda p: p.room_management.set_member(p.max, p.attic, "ann", "moderator"),
            ),
            "remove": ("remove", lambda p: p.room_management.remove(p.max, p.attic, "ann")),
            "unban": ("unban", lambda p: p.room_management.unban(p.max, p.attic, "cho")),
            "rename": (
                "change_room",
                lambda p: p.room_management.change(p.max, p.attic, name="Mine"),
            ),
            "delete a room": ("close", lambda p: p.room_management.close(p.max, p.attic)),
            "make a room": (
                "create_room",
                lambda p: p.room_management.create(p.ben, "Mine", None, None),
            ),
            "make a direct room": (
                "create_direct",
                lambda p: p.room_management.direct(p.ben, ["max"]),
            ),
            "come back to a direct room": (
                "rejoin_direct",
                lambda p: p.room_management.direct(p.ben, ["cho"]),
            ),
        }
    ),
)
def test_who_may_not_chat_any_more_does_nothing_of_what_was_under_way(
    place, store, beside, way_out, script, call
):
    doer, before = "max" if script in OF_OWNERS else "ben", []

    def go_out():
        WAYS_OUT[way_out](store, doer)
        # Of who is deleted somebody else has the rooms by now.
        before.append(place.rooms())

    happened = beside(script, go_out)
    with pytest.raises((Forbidden, NotJoined)):
        call(place)
    assert happened() and [place.rooms()] == before
    assert store.redis.zcard(keys.conns(place.hall)) == (1 if doer == "max" else 0)


@pytest.mark.parametrize("way_out", WAYS_OUT)
def test_who_may_not_chat_any_more_is_gone_from_all_rooms_at_once(
    place, store, conversation, told, way_out
):
    """Whatever the workers receive, and the others are told once."""
    channel = store.redis.pubsub(ignore_subscribe_messages=True)
    channel.subscribe(keys.room(place.hall))
    channel.get_message(timeout=30)
    conversation.join(place.ben, place.hall, "s2")
    conversation.join(place.ann, place.hall, "s3")
    WAYS_OUT[way_out](store, "ben")
    assert [each.name for each in store.ask(presence.present(place.hall))] == ["ann"]
    assert store.redis.zrange(keys.conns(place.hall), 0, -1) == [f"s3:{place.ann.user_id}".encode()]
    heard = []
    store.redis.publish(keys.room(place.hall), b"end")
    while not heard or heard[-1] != b"end":
        heard += [m["data"] for m in [channel.get_message(timeout=30)] if m]
    channel.close()
    assert [b'"QUIT"' in each for each in heard[:-1]] == [False, True]
    assert b'"reason":"left"' in heard[1] and b'"userCount":1' in heard[1]
    # The membership stays, for when the person may chat again.
    listed = store.ask(room_members.of(place.hall, [place.ben.user_id]))
    assert [member.name for member in listed] == ["ben"]


@pytest.mark.parametrize("way_out", WAYS_OUT)
def test_no_worker_that_is_deaf_lets_back_in_who_may_not_chat_any_more(place, store, way_out):
    epoch = store.redis.hget(keys.room(place.hall), "epoch").decode()
    WAYS_OUT[way_out](store, "ben")
    lease_id = presence.lease_id_of("s1", place.ben.user_id)
    held = {place.hall: (epoch, [presence.Lease(lease_id, "ben")])}
    timing = place.conversation.limits.timing
    presence.renew(store, held, timing, "en")
    presence.restore(store, place.hall, [presence.Lease(lease_id, "ben")], timing, epoch)
    assert store.redis.zcard(keys.conns(place.hall)) == 0
    with pytest.raises(NotJoined):
        place.conversation.talk(place.ben, place.hall, "still here", sid="s1")


@pytest.mark.parametrize("way_out", WAYS_OUT)
def test_who_may_not_chat_any_more_reads_nothing_of_what_was_under_way(place, store, way_out):
    """The person was read before, as a worker that heard nothing has it."""
    WAYS_OUT[way_out](store, "ben")
    for read in (
        lambda: place.conversation.page(place.ben, place.hall),
        lambda: place.room_management.banned(place.ben, place.hall),
        lambda: place.conversation.read_marks.mark(place.ben, place.hall, 1),
    ):
        with pytest.raises(Forbidden):
            read()


def test_who_is_no_admin_any_more_reads_as_everybody(place, store):
    place.room_management.ban(place.ann, place.hall, "root")
    place.room_management.banned(place.root, place.hall)
    account_state.set_role(store, "root", "user")
    for room_id in (place.hall, place.attic):
        with pytest.raises(Forbidden):
            place.room_management.banned(place.root, room_id)


def test_who_may_chat_again_is_where_he_or_she_was(place, store):
    become_guest(store, "ben")
    account_state.set_role(store, "ben", "user")
    assert place.conversation.join(place.ben, place.hall, "s1").user_count == 1
    own = [room.room_id for room, _ in memberships.of_person(store, place.ben)]
    assert own == [place.hall]
