"""Whatever was under way: a removal, a ban or a demotion counts in the scripts.

Each test stops a call after its access was checked, changes the membership, and lets it go on.
"""

import contextlib

import pytest

from chat import history, keys, presence, profile, room_members
from chat.errors import MaruError, NotFound, NotJoined
from tests.calls_under_way import OF_WHO_IS_HERE, named

#: A time in ms far ahead.
LATER = 4_000_000_000_000


@pytest.fixture(params=[False, True], ids=["open", "private"])
def room(request, room_management, conversation, made):
    return Room(room_management, conversation, made, request.param)


class Room:
    """A room of ``ann``'s with ``ben``, who is here, and the moderator ``max``."""

    def __init__(self, room_management, conversation, made, private):
        self.room_management, self.conversation = room_management, conversation
        self.ann, self.ben, self.max, self.cho = map(made, ("ann", "ben", "max", "cho"))
        self.room_id = room_management.create(self.ann, "Plans", private, None).room_id
        for name in ("ben", "max"):
            room_management.set_member(self.ann, self.room_id, name)
        room_management.set_member(self.ann, self.room_id, "max", role="moderator")
        self.conversation.join(self.ben, self.room_id, "s1")
        self.seq = conversation.talk(self.ben, self.room_id, "hi", sid="s1")["seq"]

    def remove(self):
        self.room_management.remove(self.ann, self.room_id, "ben")

    def ban(self):
        self.room_management.ban(self.ann, self.room_id, "ben")

    def demote(self):
        self.room_management.set_member(self.ann, self.room_id, "max", role="member")


WAYS_OUT = ["remove", "ban"]


@pytest.mark.parametrize("way_out", WAYS_OUT)
@pytest.mark.parametrize(
    ("script", "call"),
    **named(
        {
            **OF_WHO_IS_HERE,
            "become a member": (
                "set_member",
                lambda r: r.room_management.set_member(r.ben, r.room_id, "ben"),
            ),
        }
    ),
)
def test_nobody_taken_out_does_what_was_under_way(room, store, beside, way_out, script, call):
    happened = beside(script, getattr(room, way_out))
    with pytest.raises(MaruError):
        call(room)
    assert happened()
    assert store.redis.hget(keys.members(room.room_id), room.ben.user_id) is None
    assert store.redis.zcard(keys.conns(room.room_id)) == 0
    [talk] = room.conversation.page(room.ann, room.room_id).messages
    assert b'"hi"' in talk and b"reactions" not in talk


@pytest.mark.parametrize("way_out", WAYS_OUT)
def test_no_lease_is_renewed_of_who_was_taken_out(room, store, way_out):
    """As on a worker that receives nothing: it still has the connection, and asks the store."""
    epoch = store.redis.hget(keys.room(room.room_id), "epoch").decode()
    getattr(room, way_out)()
    lease_id = presence.lease_id_of("s1", room.ben.user_id)
    held = {room.room_id: (epoch, [presence.Lease(lease_id, "ben")])}
    timing = room.conversation.limits.timing
    assert presence.renew(store, held, timing, "en") == [(room.room_id, lease_id)]
    assert store.redis.zcard(keys.conns(room.room_id)) == 0


@pytest.mark.parametrize("way_out", WAYS_OUT)
def test_nobody_taken_out_while_a_lost_lease_is_entered_again_is_back(room, store, way_out):
    epoch = store.redis.hget(keys.room(room.room_id), "epoch").decode()
    lease_id = presence.lease_id_of("s1", room.ben.user_id)
    store.redis.delete(keys.conns(room.room_id), keys.present(room.room_id))
    asked = []

    def is_in(room_id, held):
        if asked:
            getattr(room, way_out)()
        asked.append(held)
        return True

    held = {room.room_id: (epoch, [presence.Lease(lease_id, "ben")])}
    presence.renew(store, held, room.conversation.limits.timing, "en", is_in=is_in)
    assert len(asked) == 2 and store.redis.zcard(keys.conns(room.room_id)) == 0


def leave_for_good(room):
    room.room_management.remove(room.ben, room.room_id, "ben")


@pytest.mark.parametrize(
    "call",
    [
        lambda r, epoch: r.conversation.join_again(r.ben, r.room_id, "s1", epoch),
        lambda r, epoch: presence.restore(
            r.conversation.store,
            r.room_id,
            [presence.Lease(presence.lease_id_of("s1", r.ben.user_id), "ben")],
            r.conversation.limits.timing,
            epoch,
        ),
    ],
    ids=["message", "reset"],
)
def test_who_has_left_for_good_is_not_entered_again_by_a_worker_that_has_not_heard_of_it(
    room, store, call
):
    epoch = store.redis.hget(keys.room(room.room_id), "epoch").decode()
    leave_for_good(room)
    with contextlib.suppress(NotJoined, NotFound):
        call(room, epoch)
    assert store.redis.hget(keys.members(room.room_id), room.ben.user_id) is None
    assert store.redis.zcard(keys.conns(room.room_id)) == 0
    assert store.redis.hlen(keys.present(room.room_id)) == 0


def test_who_is_a_member_still_is_entered_again_after_the_lease(room, store):
    epoch = store.redis.hget(keys.room(room.room_id), "epoch").decode()
    store.redis.delete(keys.conns(room.room_id), keys.present(room.room_id))
    room.conversation.join_again(room.ben, room.room_id, "s1", epoch)
    assert store.redis.zcard(keys.conns(room.room_id)) == 1
    assert room.conversation.talk(room.ben, room.room_id, "back", sid="s1")["userCount"] == 1


@pytest.mark.parametrize(
    ("script", "call"),
    [
        ("set_member", lambda r: r.room_management.set_member(r.max, r.room_id, "cho")),
        ("set_member", lambda r: r.room_management.set_member(
            r.max, r.room_id, "ben", muted_until=LATER)),
        ("remove", lambda r: r.room_management.remove(r.max, r.room_id, "ben")),
        ("remove", lambda r: r.room_management.ban(r.max, r.room_id, "cho")),
        ("unban", lambda r: r.room_management.unban(r.max, r.room_id, "ben")),
        ("change_room", lambda r: r.room_management.change(r.max, r.room_id, name="Mine")),
        ("alter", lambda r: r.conversation.delete(r.max, r.room_id, r.seq)),
    ],
    ids=["add", "mute", "remove", "ban", "unban", "rename", "delete"],
)  # fmt: skip
def test_a_demotion_counts_at_once(room, store, beside, script, call):
    before = {m.name for m in store.ask(room_members.listed(room.room_id))}
    happened = beside(script, room.demote)
    with pytest.raises(MaruError):
        call(room)
    assert happened()
    listed = store.ask(room_members.listed(room.room_id))
    assert {m.name for m in listed} == before and not any(m.muted_until for m in listed)
    assert room.room_management.banned(room.ann, room.room_id) == {}
    assert store.redis.hget(keys.room(room.room_id), "name") == b"Plans"
    assert len(room.conversation.page(room.ann, room.room_id).messages) == 1


@pytest.mark.parametrize(
    ("script", "call"),
    [
        ("set_member", lambda r: r.room_management.set_member(r.ann, r.room_id, "cho")),
        ("create_direct", lambda r: r.room_management.direct(r.ann, ["cho"])),
        ("create_room", lambda r: r.room_management.create(r.cho, "Hers", False, False)),
        ("rejoin_direct", lambda r: r.room_management.direct(r.cho, ["ann", "ben"])),
    ],
    ids=["added", "direct", "made", "back"],
)
def test_who_is_renamed_while_being_added_has_the_new_name_there(room, store, beside, script, call):
    group, _ = room.room_management.direct(room.ann, ["ben", "cho"])
    room.room_management.remove(room.cho, group.room_id, "cho")
    happened = beside(script, lambda: profile.change(store, room.cho.user_id, {"name": "chloe"}))
    call(room)
    assert happened()
    own = room_members.room_ids_of(store, room.cho.user_id)
    [member] = [m for i in own for m in store.ask(room_members.of(i, [room.cho.user_id]))]
    assert member.name == "chloe"


@pytest.mark.parametrize(
    ("script", "call"),
    [
        ("set_member", lambda r, a: r.room_management.set_member(a, r.room_id, "cho")),
        ("set_member", lambda r, a: r.room_management.set_member(
            a, r.room_id, "root", role="moderator")),
        ("remove", lambda r, a: r.room_management.remove(a, r.room_id, "ben")),
        ("remove", lambda r, a: r.room_management.ban(a, r.room_id, "cho")),
        ("unban", lambda r, a: r.room_management.unban(a, r.room_id, "ben")),
        ("change_room", lambda r, a: r.room_management.change(a, r.room_id, name="Mine")),
        ("close", lambda r, a: r.room_management.close(a, r.room_id)),
    ],
    ids=["add", "come back", "remove", "ban", "unban", "rename", "close"],
)  # fmt: skip
def test_an_admin_does_nothing_in_a_private_room_after_being_taken_out(
    room_management, conversation, made, store, beside, script, call
):
    room, root = Room(room_management, conversation, made, True), made("root", "admin")
    before = {m.name for m in store.ask(room_members.listed(room.room_id))}
    room_management.set_member(room.ann, room.room_id, "root")
    happened = beside(script, lambda: room_management.remove(room.ann, room.room_id, "root"))
    with pytest.raises(NotFound):
        call(room, root)
    assert happened()
    assert {m.name for m in store.ask(room_members.listed(room.room_id))} == before
    assert store.redis.hget(keys.room(room.room_id), "name") == b"Plans"


def test_who_passes_a_room_on_does_not_delete_it(room, beside):
    def pass_on():
        room.room_management.set_member(room.ann, room.room_id, "ben", role="owner")

    happened = beside("close", pass_on)
    with pytest.raises(MaruError):
        room.room_management.close(room.ann, room.room_id)
    assert happened()
    room.room_management.close(room.ben, room.room_id)


@pytest.mark.parametrize(
    ("call", "left"),
    [
        (lambda r: r.room_management.change_own(r.ben, r.room_id, "none", True), "levels"),
        (lambda r: r.room_management.change_own(r.ben, r.room_id, None, True), "starred"),
    ],
    ids=["level", "star"],
)
def test_nothing_of_ones_own_is_left_of_a_room_that_one_is_taken_out_of(room, store, call, left):
    """The removal comes between the check and the change."""
    key = f"maru:person:{room.ben.user_id}:{left}"
    answers_to, changed = store._answers, []

    def answers_beside(calls):
        writes = [("HSET", key), ("SADD", key)]
        if not changed and any(isinstance(c, tuple) and c[:2] in writes for c in calls):
            changed.append(True)
            room.remove()
        return answers_to(calls)

    store._answers = answers_beside
    try:
        with pytest.raises(NotFound):
            call(room)
    finally:
        store._answers = answers_to
    assert changed and not store.redis.exists(key)


def test_no_mark_is_left_of_a_room_that_one_is_taken_out_of(room, conversation, store, beside):
    happened = beside("mark", room.remove)
    with pytest.raises(NotFound, match="no member"):
        conversation.read_marks.mark(room.ben, room.room_id, 1)
    assert happened() and not store.redis.exists(keys.marks(room.room_id))


def test_no_page_has_what_was_said_after_a_removal_though_the_store_has_lost_its_scripts(
    room_management, conversation, made, store, monkeypatch
):
    room = Room(room_management, conversation, made, True)
    send, sent = store.send_commands, []

    def removed_between(commands):
        sent.append(commands)
        if len(sent) == 2:
            monkeypatch.setattr(store, "send_commands", send)
            room.remove()
            conversation.talk(room.ann, room.room_id, "a secret")
        return send(commands)

    store.redis.script_flush()
    monkeypatch.setattr(store, "send_commands", removed_between)
    with pytest.raises(NotFound):
        conversation.page(room.ben, room.room_id)
    assert len(sent) == 2


def test_nothing_is_carried_out_twice_when_the_store_has_lost_its_scripts(store, room):
    store.redis.script_flush()
    counted = [("INCR", "maru:counted"), ("GET", "maru:counted")]
    *_, first, _, second, read = store.ask_all(
        [*history.newest(room.room_id).commands, *counted, *counted]
    )
    assert (first, second, read) == (1, 2, b"2")
    assert store.redis.get("maru:counted") == b"2"
