"""Who is muted, banned or in an archived room: for how long, and how it ends."""

import pytest

from chat import keys, memberships, room_directory, rooms
from chat.errors import Conflict, Forbidden, Invalid, NotFound

#: A time in ms far ahead.
LATER = 4_000_000_000_000


def test_a_muted_member_reads_and_says_nothing_until_that_is_over(crowd, store, conversation):
    seq = conversation.talk(crowd.ben, crowd.room_id, "hi")["seq"]
    conversation.join(crowd.ben, crowd.room_id, "s1")
    crowd.set(crowd.max, "ben", muted_until=LATER)
    attempts = [
        lambda: conversation.talk(crowd.ben, crowd.room_id, "hi"),
        lambda: conversation.edit(crowd.ben, crowd.room_id, seq, "ho"),
        lambda: conversation.react(crowd.ben, crowd.room_id, seq, "👍", True),
        lambda: conversation.type(crowd.ben, crowd.room_id, "s1"),
    ]
    for attempt in attempts:
        with pytest.raises(Forbidden, match="speak"):
            attempt()
    assert conversation.page(crowd.ben, crowd.room_id).messages
    own = store.ask(memberships.one(crowd.ben.user_id, crowd.room_id)).wire()
    assert own["mutedUntil"] == LATER
    # A time that is over, and none.
    for until in (1, 0):
        crowd.set(crowd.max, "ben", muted_until=until)
        conversation.talk(crowd.ben, crowd.room_id, "hi again")
        own = store.ask(memberships.one(crowd.ben.user_id, crowd.room_id)).wire()
        assert "mutedUntil" not in own
    for until in (-1, "soon", 1.5, 2**60):
        with pytest.raises(Invalid):
            crowd.set(crowd.max, "ben", muted_until=until)


def test_nobody_unmutes_himself(crowd, conversation):
    crowd.set(crowd.ann, "max", muted_until=LATER)
    for name in ("max", "mia"):
        with pytest.raises(Forbidden):
            crowd.set(crowd.max if name == "max" else crowd.mia, "max", muted_until=0)
    crowd.set(crowd.ann, "max", muted_until=0)
    conversation.talk(crowd.max, crowd.room_id, "hi")


def test_a_role_keeps_how_long_one_is_muted(crowd, conversation):
    crowd.set(crowd.ann, "ben", muted_until=LATER)
    crowd.set(crowd.ann, "ben", role="moderator")
    with pytest.raises(Forbidden):
        conversation.talk(crowd.ben, crowd.room_id, "hi")


@pytest.mark.parametrize("also", [{}, {"muted_until": LATER}], ids=["before", "with it"])
def test_who_is_made_the_owner_is_muted_no_more(crowd, conversation, also):
    crowd.set(crowd.max, "ben", muted_until=LATER)
    crowd.set(crowd.ann, "ben", role="owner", **also)
    conversation.talk(crowd.ben, crowd.room_id, "hi")


def test_who_is_banned_reads_nothing_and_comes_back_when_that_is_lifted(crowd, conversation):
    conversation.talk(crowd.ann, crowd.room_id, "hi")
    crowd.room_management.ban(crowd.max, crowd.room_id, "ben")
    attempts = [
        lambda: conversation.join(crowd.ben, crowd.room_id, "s1"),
        lambda: conversation.page(crowd.ben, crowd.room_id),
        lambda: conversation.talk(crowd.ben, crowd.room_id, "hi"),
        lambda: crowd.set(crowd.ben, "ben"),
        lambda: crowd.room_management.unban(crowd.ben, crowd.room_id, "ben"),
    ]
    for attempt in attempts:
        with pytest.raises((Forbidden, NotFound)):
            attempt()
    banned = crowd.room_management.banned(crowd.max, crowd.room_id)
    assert banned == {crowd.ben.user_id: 0}
    crowd.room_management.unban(crowd.max, crowd.room_id, "ben")
    assert crowd.room_management.banned(crowd.max, crowd.room_id) == {}
    crowd.set(crowd.max, "ben")
    conversation.join(crowd.ben, crowd.room_id, "s1")


def test_who_keeps_order_lets_a_banned_person_in_by_adding(crowd, conversation):
    crowd.room_management.ban(crowd.ann, crowd.room_id, "ben")
    crowd.set(crowd.max, "ben")
    assert crowd.room_management.banned(crowd.max, crowd.room_id) == {}
    conversation.join(crowd.ben, crowd.room_id, "s1")


def test_people_are_banned_who_never_were_members(crowd, conversation):
    crowd.room_management.ban(crowd.max, crowd.room_id, "eve", LATER)
    assert crowd.room_management.banned(crowd.ann, crowd.room_id) == {crowd.eve.user_id: LATER}
    with pytest.raises((Forbidden, NotFound)):
        conversation.join(crowd.eve, crowd.room_id, "s1")


def test_a_ban_ends_when_its_time_has_come(hall, store, conversation):
    hall.room_management.ban(hall.max, hall.room_id, "eve", LATER)
    store.redis.hset(keys.banned(hall.room_id), hall.eve.user_id, 1)
    assert hall.room_management.banned(hall.ann, hall.room_id) == {}
    conversation.join(hall.eve, hall.room_id, "s1")
    # And is forgotten.
    assert not store.redis.exists(keys.banned(hall.room_id))


def test_a_removal_from_an_open_room_holds_for_two_leases(hall, store, conversation):
    hall.remove(hall.max, "ben")
    now = store.redis.time()[0] * 1000
    ends = int(store.redis.hget(keys.banned(hall.room_id), hall.ben.user_id))
    lease = conversation.limits.timing.lease
    assert now + lease < ends <= now + 2 * lease + 1000
    with pytest.raises(Forbidden):
        conversation.join(hall.ben, hall.room_id, "s1")
    # A shorter ban does not let anybody in earlier.
    hall.room_management.ban(hall.max, hall.room_id, "cho", now + 1)
    assert int(store.redis.hget(keys.banned(hall.room_id), hall.cho.user_id)) >= ends
    store.redis.hset(keys.banned(hall.room_id), hall.ben.user_id, 1)
    conversation.join(hall.ben, hall.room_id, "s1")


def test_who_leaves_an_open_room_may_come_back_but_not_in_order_to_speak(hall, conversation):
    hall.remove(hall.ben, "ben")
    conversation.join(hall.ben, hall.room_id, "s1")
    hall.set(hall.max, "ben", muted_until=LATER)
    hall.remove(hall.ben, "ben")
    with pytest.raises(Forbidden):
        conversation.join(hall.ben, hall.room_id, "s1")
    assert hall.room_management.banned(hall.max, hall.room_id) == {hall.ben.user_id: LATER}


def test_an_admin_who_is_banned_lifts_it(hall, conversation):
    hall.room_management.ban(hall.max, hall.room_id, "root")
    with pytest.raises(Forbidden):
        conversation.join(hall.root, hall.room_id, "s1")
    hall.room_management.unban(hall.root, hall.room_id, "root")
    conversation.join(hall.root, hall.room_id, "s1")


def test_what_is_over_is_forgotten_at_the_next_ban(hall, store):
    store.redis.hset(keys.banned(hall.room_id), "u0over0000000000", 1)
    hall.room_management.ban(hall.max, hall.room_id, "ben", LATER)
    assert store.redis.hkeys(keys.banned(hall.room_id)) == [hall.ben.user_id.encode()]


def test_a_removal_does_not_look_at_all_bans_and_connections(hall, store, conversation):
    """Else it would keep the store from all others, in a room of thousands."""
    banned, conns = keys.banned(hall.room_id), keys.conns(hall.room_id)
    for sid in ("s1", "s2"):
        conversation.join(hall.ben, hall.room_id, sid)
    store.redis.hset(banned, mapping={f"u0over{number:010}": 1 for number in range(2000)})
    others = {f"sid{number}:u0other{number:010}": LATER for number in range(2000)}
    store.redis.zadd(conns, others)
    store.redis.config_resetstat()
    hall.room_management.ban(hall.max, hall.room_id, "ben")
    calls = {name: stats["calls"] for name, stats in store.redis.info("commandstats").items()}
    assert calls.get("cmdstat_hget", 0) < 100 and "cmdstat_zrange" not in calls
    assert store.redis.zcard(conns) == 2000
    # What is over is forgotten little by little.
    for _ in range(100):
        hall.room_management.ban(hall.max, hall.room_id, "ben")
    assert store.redis.hlen(banned) < 200


def test_an_archived_room_is_read_only(hall, conversation, store):
    seq = conversation.talk(hall.ben, hall.room_id, "hi")["seq"]
    hall.room_management.change(hall.max, hall.room_id, archived=True)
    assert rooms.find(store, [hall.room_id])[0].archived
    joined = conversation.join(hall.ben, hall.room_id, "s1")
    assert len(joined.page.messages) == 1
    for attempt in (
        lambda: conversation.talk(hall.ann, hall.room_id, "hi"),
        lambda: conversation.edit(hall.ben, hall.room_id, seq, "ho"),
        lambda: conversation.delete(hall.ann, hall.room_id, seq),
        lambda: conversation.react(hall.ben, hall.room_id, seq, "👍", True),
        lambda: conversation.type(hall.ben, hall.room_id, "s1"),
    ):
        with pytest.raises(Conflict, match="archived"):
            attempt()
    hall.room_management.change(hall.max, hall.room_id, archived=False)
    conversation.talk(hall.ben, hall.room_id, "hi again")


def test_a_room_is_in_no_list_of_who_is_banned_from_it(hall, room_management, store):
    other = room_management.create(hall.ann, "Hall", False, None)
    plans = store.ask(rooms.room_question(hall.room_id)).name

    def listed(person, **how):
        return {room.name for room in room_directory.page(store, person, **how)[0]}

    everything = {plans, "Hall"}
    assert listed(hall.ben) == listed(hall.eve) == everything
    for person in (hall.ben, hall.eve):
        room_management.ban(hall.max, hall.room_id, person.name)
        assert listed(person) == {"Hall"} and listed(person, q=plans) == set()
        both = [hall.room_id, other.room_id]
        assert room_directory.may_see(store, person, both) == [other.room_id]
        # Its place is no cursor either.
        page, cursor = room_directory.page(store, person, limit=1)
        assert [room.name for room in page] == ["Hall"] and cursor is None
    assert listed(hall.cho) == everything
    room_management.unban(hall.max, hall.room_id, "eve")
    store.redis.hset(keys.banned(hall.room_id), hall.ben.user_id, 1)
    assert listed(hall.ben) == listed(hall.eve) == everything


def test_an_admin_sees_a_room_in_the_list_from_which_he_is_banned(hall, store):
    hall.room_management.ban(hall.ann, hall.room_id, "root")
    assert [room.room_id for room in room_directory.page(store, hall.root)[0]] == [hall.room_id]
    assert room_directory.may_see(store, hall.root, [hall.room_id]) == [hall.room_id]
