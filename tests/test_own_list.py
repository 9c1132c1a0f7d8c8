"""The list of a person's rooms and the records beside the rooms change in one step.

A worker may be killed after any write: the tests let no write through after the one script.
"""

import functools

import pytest

from chat import keys, memberships, people, room_members
from chat.errors import Forbidden, NotFound
from tests import killed


@pytest.fixture
def killed_after(store):
    """``killed_after(script, call)``: the call, of which nothing is written after that script."""
    return functools.partial(killed.after, store)


@pytest.fixture
def crowd(made):
    return [made(name) for name in ("ann", "ben", "cho")]


def check(store, crowd):
    """Of every room, those in whose list it is are those with a record, and nobody else."""
    found = {keys.room_of_channel(k.decode())[0] for k in store.redis.scan_iter("maru:room:*")}
    for person in crowd:
        records = {i for i in found if store.redis.hexists(keys.members(i), person.user_id)}
        assert {*room_members.room_ids_of(store, person.user_id)} == records
        marked = {i for i in found if store.redis.hexists(keys.marks(i), person.user_id)}
        assert marked <= records
        for key in (keys.levels, keys.inviters):
            left = store.redis.hkeys(key(person.user_id))
            assert {room_id.decode() for room_id in left} <= records
        starred = store.redis.smembers(keys.starred(person.user_id))
        assert {room_id.decode() for room_id in starred} <= records


@pytest.mark.parametrize("private", [False, True], ids=["open", "private"])
def test_a_worker_that_is_killed_leaves_no_half_membership(
    room_management, conversation, store, crowd, killed_after, private
):
    ann, ben, cho = crowd
    room_id = room_management.create(ann, "Plans", private, None).room_id
    killed_after("create_room", lambda: room_management.create(ann, "Other", private, None))
    check(store, crowd)
    killed_after("set_member", lambda: room_management.set_member(ann, room_id, "ben"))
    check(store, crowd)
    assert [own.room_id for own, _ in memberships.of_person(store, ben)] == [room_id]
    room_management.change_own(ben, room_id, "none", True)
    conversation.read_marks.mark(ben, room_id, 0)
    killed_after("remove", lambda: room_management.remove(ann, room_id, "ben"))
    check(store, crowd)
    assert memberships.of_person(store, ben) == []
    killed_after("create_direct", lambda: room_management.direct(ann, ["ben", "cho"]))
    check(store, crowd)
    pair, _ = room_management.direct(ann, ["cho"])
    killed_after("remove", lambda: room_management.remove(cho, pair.room_id, "cho"))
    check(store, crowd)
    killed_after("rejoin_direct", lambda: room_management.direct(ann, ["cho"]))
    check(store, crowd)
    if not private:
        killed_after("enter", lambda: conversation.join(cho, room_id, "s1"))
        check(store, crowd)
        assert room_id in room_members.room_ids_of(store, cho.user_id)


def test_a_room_is_in_the_list_of_who_comes_back_while_it_is_forgotten(
    room_management, conversation, store, crowd, beside
):
    """As where a page of the own rooms is read just while somebody joins."""
    ann, ben, _cho = crowd
    room_id = room_management.create(ann, "Plans", False, None).room_id
    store.redis.zadd(keys.rooms_of(ben.user_id), {room_id: 1})
    happened = beside("delete_membership", lambda: conversation.join(ben, room_id, "s1"))
    memberships.of_person(store, ben)
    assert happened()
    check(store, crowd)
    assert room_members.room_ids_of(store, ben.user_id) == [room_id]


def test_a_refused_call_leaves_nothing_in_anybodys_list(room_management, store, crowd):
    ann, ben, cho = crowd
    room_id = room_management.create(ann, "Plans", False, None).room_id
    room_management.ban(ann, room_id, "ben")
    for by, name in ((ben, "ben"), (cho, "ben"), (ben, "cho")):
        with pytest.raises(Forbidden):
            room_management.set_member(by, room_id, name)
    check(store, crowd)


def test_what_an_earlier_worker_has_left_out_of_a_list_is_in_it_after_the_next_call(
    room_management, conversation, store, crowd
):
    ann, ben, _cho = crowd
    room_id = room_management.create(ann, "Plans", True, None).room_id
    room_management.set_member(ann, room_id, "ben")
    for call in (
        lambda: room_management.set_member(ann, room_id, "ben"),
        lambda: conversation.join(ben, room_id, "s1"),
    ):
        store.redis.delete(keys.rooms_of(ben.user_id))
        call()
        check(store, crowd)


@pytest.fixture
def meanwhile(store):
    """``meanwhile(is_it, happen)``: ``happen()`` once, before the first command that it is.

    The store carries out the commands of one write in order, and others' between them.
    """
    answers_to = store._answers

    def stop(is_it, happen):
        waiting = [happen]

        def answers_beside(calls):
            for i, call in enumerate(calls):
                if waiting and is_it(call):
                    before = answers_to(calls[:i])
                    waiting.pop()()
                    return [*before, *answers_to(calls[i:])]
            return answers_to(calls)

        store._answers = answers_beside
        return lambda: not waiting

    yield stop
    store._answers = answers_to


def test_the_list_of_own_rooms_says_nothing_of_a_direct_room_after_one_has_left_it(
    app, bot, room_management, store, made
):
    ben, cho = bot("ben"), made("cho")
    me = store.redis.hget(keys.NAMES, "ben").decode()
    room_id = ben.post("/api/direct", json={"people": ["cho"]}).json["roomId"]
    here = app.extensions["maru"].store
    answers_to, waiting = here._answers, [True]

    def answers_beside(calls):
        if waiting and ("HGETALL", keys.members(room_id)) in calls:
            waiting.pop()
            room_management.remove(people.get_by_id(store, me), room_id, "ben")
            room_management.change(cho, room_id, description="Without ben")
        return answers_to(calls)

    here._answers = answers_beside
    assert ben.get("/api/me/rooms").json["rooms"] == [] and not waiting


@pytest.mark.parametrize("private", [False, True], ids=["open", "private"])
@pytest.mark.parametrize("since", [None, 0, 7], ids=["fresh", "on", "beyond"])
def test_a_join_gives_nothing_that_is_said_after_a_removal(
    room_management, conversation, store, crowd, meanwhile, private, since
):
    ann, ben, _cho = crowd
    room = room_management.create(ann, "Plans", private, None)
    room_management.set_member(ann, room.room_id, "ben")

    def remove():
        room_management.remove(ann, room.room_id, "ben")
        conversation.talk(ann, room.room_id, "without ben")

    def reads_messages(call):
        return getattr(call, "script", "") in ("page", "missed")

    happened = meanwhile(reads_messages, remove)
    with pytest.raises(NotFound if private else Forbidden):
        conversation.join(ben, room.room_id, "s1", since=since, epoch=room.epoch)
    assert happened() and store.redis.zcard(keys.conns(room.room_id)) == 0
