"""Direct rooms: two to nine people, the same people always in the same room, and nobody else."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from chat import (
    account_state,
    keys,
    memberships,
    room_directory,
    room_lifecycle,
    room_members,
    rooms,
)
from chat.errors import Conflict, Forbidden, Invalid, MaruError, NotFound, RateLimited
from chat.limits import Limits
from chat.room_management import RoomManagement


@pytest.fixture
def people(made):
    return [made(name) for name in ("ann", "ben", "cho", "dan")]


def listed(store, room):
    return {m.name: m.role for m in store.ask(room_members.listed(room.room_id))}


def own(store, person):
    return [room.room_id for room, _ in memberships.of_person(store, person)]


def test_the_same_people_have_the_same_room_however_they_are_named(room_management, store, people):
    ann, ben, cho, _dan = people
    room, is_new = room_management.direct(ann, ["BEN", cho.user_id, "ben", "ann"])
    assert is_new and (room.kind, room.private) == ("direct", True)
    assert listed(store, room) == {"ann": "member", "ben": "member", "cho": "member"}
    for asking, others in ((ann, ["cho", "ben"]), (cho, ["ann", ben.user_id])):
        again, is_new = room_management.direct(asking, others)
        assert (again.room_id, is_new) == (room.room_id, False)
    assert own(store, ann) == own(store, ben) == own(store, cho) == [room.room_id]
    another, is_new = room_management.direct(ann, ["ben"])
    assert is_new and another.room_id != room.room_id


def test_it_is_one_room_also_where_all_ask_at_once(store, people):
    ann, ben, cho, _dan = people
    room_management = RoomManagement(store, Limits(room_rate=0), set())
    calls = [(ann, ["ben", "cho"]), (ben, ["cho", "ann"]), (cho, ["ann", "ben"])] * 4
    with ThreadPoolExecutor(len(calls)) as threads:
        made = list(threads.map(lambda call: room_management.direct(*call), calls))
    assert len({room.room_id for room, _ in made}) == 1
    assert [is_new for _, is_new in made].count(True) == 1
    # Nothing is left of those that came too late.
    room_id = made[0][0].room_id
    assert {key.decode() for key in store.redis.scan_iter("maru:room:*")} == {
        f"maru:room:{{{room_id}}}",
        f"maru:room:{{{room_id}}}:members",
    }
    for person in (ann, ben, cho):
        assert store.redis.zrange(keys.rooms_of(person.user_id), 0, -1) == [room_id.encode()]


def test_of_two_who_find_no_room_one_makes_it_and_the_other_gets_it(
    room_management, store, people, monkeypatch
):
    """The second one's whole call comes between the two halves of the first one's."""
    ann, ben, _cho, _dan = people
    ask, others = store.ask, []

    def ask_beside(asked):
        if getattr(asked, "script", "") == "create_direct" and not others:
            others.append(None)
            others[0] = room_management.direct(ben, ["ann"])
        return ask(asked)

    monkeypatch.setattr(store, "ask", ask_beside)
    room, is_new = room_management.direct(ann, ["ben"])
    [(first, was_new)] = others
    assert (room.room_id, is_new, was_new) == (first.room_id, False, True)
    assert own(store, ann) == own(store, ben) == [room.room_id]
    assert store.redis.zcard(keys.rooms_of(ann.user_id)) == 1


@pytest.mark.parametrize(
    "given",
    [[], ["ann"], None, "ben", {"ben": 1}, ["ben"] * 9, [None], [5], ["x"], [["ben"]]],
    ids=str,
)
def test_a_direct_room_is_for_one_to_eight_others(room_management, store, people, given):
    with pytest.raises(Invalid):
        room_management.direct(people[0], given)
    assert own(store, people[0]) == []


def test_nine_people_at_the_most(room_management, store, made, people):
    eight = [made(f"person{number}").name for number in range(8)]
    room, _ = room_management.direct(people[0], eight)
    assert len(listed(store, room)) == 9
    with pytest.raises(NotFound):
        room_management.direct(people[0], ["nobody"])


def test_neither_guests_nor_deactivated_people_have_direct_rooms(
    room_management, store, made, people
):
    ann, ben, _cho, _dan = people
    guest = made("gus", "guest")
    with pytest.raises(Forbidden):
        room_management.direct(guest, ["ann"])
    with pytest.raises(Conflict):
        room_management.direct(ann, ["gus"])
    account_state.deactivate(store, "ben")
    with pytest.raises(Conflict):
        room_management.direct(ann, ["ben", "cho"])
    with pytest.raises(Conflict):
        room = room_management.create(ann, "Plans", None, None)
        room_management.set_member(ann, room.room_id, ben.user_id)


def test_nobody_else_is_added_and_nobody_is_taken_out(room_management, people):
    ann, ben, _cho, _dan = people
    room, _ = room_management.direct(ann, ["ben"])
    for attempt in (
        lambda: room_management.set_member(ann, room.room_id, "cho"),
        lambda: room_management.set_member(ann, room.room_id, "ben", role="moderator"),
        lambda: room_management.set_member(ann, room.room_id, "ann", role="owner"),
        lambda: room_management.set_member(ann, room.room_id, "ben", muted_until=10**13),
        lambda: room_management.remove(ann, room.room_id, "ben"),
        lambda: room_management.ban(ann, room.room_id, "ben"),
        lambda: room_management.close(ann, room.room_id),
    ):
        with pytest.raises(Forbidden):
            attempt()
    # Its name and description are everybody's.
    assert room_management.change(ben, room.room_id, name="We two").name == "We two"


def test_an_admin_has_no_more_rights_in_it(room_management, made, people):
    ann = people[0]
    root = made("root", "admin")
    room, _ = room_management.direct(root, ["ann", "ben"])
    for attempt in (
        lambda: room_management.set_member(root, room.room_id, "cho"),
        lambda: room_management.remove(root, room.room_id, "ben"),
        lambda: room_management.ban(root, room.room_id, "ben"),
    ):
        with pytest.raises(Forbidden):
            attempt()
    room_management.remove(ann, room.room_id, "ann")


def test_it_is_for_its_people_only(room_management, conversation, store, made, people):
    ann, ben, cho, _dan = people
    room, _ = room_management.direct(ann, ["ben"])
    conversation.talk(ben, room.room_id, "hi")
    for stranger in (cho, made("root", "admin")):
        with pytest.raises(NotFound):
            conversation.page(stranger, room.room_id)
        with pytest.raises(NotFound):
            conversation.join(stranger, room.room_id, "s1")
        with pytest.raises(NotFound):
            room_management.set_member(stranger, room.room_id, stranger.name)
    # It is nobody's to be found, not even theirs: it is in their own lists.
    assert room_directory.page(store, ann)[0] == room_directory.page(store, cho)[0] == []


def test_who_has_left_comes_back_when_another_asks(room_management, conversation, store, people):
    ann, ben, _cho, _dan = people
    room, _ = room_management.direct(ann, ["ben"])
    conversation.talk(ann, room.room_id, "hi")
    room_management.remove(ben, room.room_id, "ben")
    with pytest.raises(NotFound):
        conversation.page(ben, room.room_id)
    assert own(store, ben) == []
    again, is_new = room_management.direct(ann, ["ben"])
    assert (again.room_id, is_new) == (room.room_id, False)
    assert len(conversation.page(ben, room.room_id).messages) == 1
    # Also by asking oneself, and where everybody has left.
    for name, person in (("ben", ben), ("ann", ann)):
        room_management.remove(person, room.room_id, name)
    assert room_management.direct(ben, ["ann"])[0].room_id == room.room_id
    assert listed(store, room) == {"ann": "member", "ben": "member"}


def test_who_refuses_invitations_stays_out_and_may_come_back(room_management, store, people):
    ann, ben, _cho, _dan = people
    room, _ = room_management.direct(ann, ["ben"])
    room_management.end_membership_and_block(ben, room.room_id)
    with pytest.raises(Forbidden):
        room_management.direct(ann, ["ben"])
    assert listed(store, room) == {"ann": "member"}
    with pytest.raises(Forbidden):
        room_management.direct(ann, ["ben", "cho"])
    # Ann does not refuse ben. Who is in the room already is not asked.
    assert room_management.direct(ben, ["ann"])[0].room_id == room.room_id
    assert room_management.direct(ann, ["ben"])[0].room_id == room.room_id


def test_people_are_told_by_whom_and_only_once(room_management, people, told):
    ann, ben, cho, _dan = people
    room_management.direct(ann, ["ben", "cho"])
    heard = {
        user_id: event.get("by")
        for message in told()
        for user_ids, event in message["me"]
        for user_id in user_ids
    }
    by_ann = {ben.user_id: ann.user_id, cho.user_id: ann.user_id}
    assert heard == {ann.user_id: None, **by_ann}
    room_management.direct(ben, ["ann", "cho"])
    assert told() == []


def test_nobody_deletes_a_direct_room_or_what_others_have_said_there(
    room_management, conversation, store, people, made
):
    """An admin neither: in a direct room everybody is a plain member."""
    ann = people[0]
    root = made("root", "admin")
    room, _ = room_management.direct(root, ["ann", "ben"])
    seq = conversation.talk(ann, room.room_id, "hi")["seq"]
    for person in (ann, root):
        with pytest.raises(Forbidden):
            room_management.close(person, room.room_id)
    with pytest.raises(Forbidden):
        conversation.delete(root, room.room_id, seq)
    with pytest.raises(Forbidden):
        room_management.banned(root, room.room_id)
    access = rooms.access(store, root, room.room_id)
    assert not access.is_admin and not access.may_manage and not access.may_moderate
    # What everybody there may, an admin may too.
    own = conversation.talk(root, room.room_id, "ho")["seq"]
    conversation.delete(root, room.room_id, own)
    assert room_management.change(root, room.room_id, description="Us").description == "Us"
    # Whoever goes leaves it to the others.
    room_management.remove(root, room.room_id, "root")
    assert listed(store, room) == {"ann": "member", "ben": "member"}
    [left] = conversation.page(ann, room.room_id).messages
    assert b'"hi"' in left


def test_a_direct_room_that_the_store_has_lost_is_made_anew(room_management, store, people):
    room, _ = room_management.direct(people[0], ["ben"])
    store.redis.delete(keys.room(room.room_id), keys.members(room.room_id))
    anew, is_new = room_management.direct(people[0], ["ben"])
    assert is_new and anew.room_id != room.room_id


def test_a_direct_room_that_the_store_lost_comes_back_as_one(room_management, store, people):
    ann, ben, _cho, _dan = people
    room, _ = room_management.direct(ann, ["ben"])
    store.redis.delete(keys.room(room.room_id), keys.members(room.room_id))
    here = {(ann.user_id, "ann"), (ben.user_id, "ben")}
    assert room_lifecycle.revive(store, room, here)
    [found] = rooms.find(store, [room.room_id])
    assert (found.kind, listed(store, room)) == ("direct", {"ann": "member", "ben": "member"})
    assert room_directory.page(store, ann) == ([], None)


def test_making_them_is_limited_and_using_them_is_not(store, made):
    room_management = RoomManagement(store, Limits(room_rate=1), set())
    ann = made("ann")
    others = [made(f"person{number}") for number in range(4)]
    for other in others[:3]:
        room_management.direct(ann, [other.name])
    with pytest.raises(RateLimited):
        room_management.direct(ann, [others[3].name])
    for _ in range(20):
        room_management.direct(ann, [others[0].name])


def test_a_message_counts_as_in_any_room(room_management, conversation, store, people):
    ann, ben, _cho, _dan = people
    room, _ = room_management.direct(ann, ["ben"])
    conversation.join(ben, room.room_id, "s1")
    conversation.talk(ben, room.room_id, "hi", sid="s1")
    assert rooms.find(store, [room.room_id])[0].said == 1
    with pytest.raises(MaruError):
        conversation.talk(people[2], room.room_id, "hi")
