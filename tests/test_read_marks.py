"""How far people have read, and what is unread: exact after whatever people do, in any order."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat import keys, memberships
from chat.errors import Invalid
from tests.reading_room import ReadingRoom


@pytest.fixture
def crowd(made):
    return [made(name) for name in ("ann", "ben", "cho")]


@pytest.fixture
def place(conversation, crowd):
    return ReadingRoom(conversation, crowd)


def unread(store, person, room_id):
    own = store.ask(memberships.one(person.user_id, room_id))
    return own.read, own.unread, own.mentions


def test_the_mark_goes_forth_and_back_within_the_room(place, crowd):
    for _ in range(5):
        place.talk(crowd[0])
    for seq in (3, 5, 1, 99, 0, 2):
        place.mark(crowd[1], seq)
        place.check()
    for seq in (-1, "3", None, 1.5, True, 2**60):
        with pytest.raises(Invalid):
            place.conversation.read_marks.mark(crowd[1], place.room_id, seq)
    place.check()


def test_own_messages_are_never_unread_nor_do_they_read_those_of_others(place, crowd):
    ann, ben, _cho = crowd
    place.talk(ann)
    place.talk(ben)
    place.talk(ann)
    assert place.expected(ben) == (0, 2)
    place.check()
    place.mark(ben, 2)
    place.mark(ann, 1)
    place.mark(ann, 3)
    place.mark(ann, 1)
    place.check()


def test_reactions_and_edits_are_not_unread_and_deletions_are_no_more(place, crowd):
    ann, ben, cho = crowd
    for person in (ann, ben, ann, cho):
        place.talk(person)
    place.react(ben, 0)
    place.top = place.conversation.edit(ann, place.room_id, 1, "otherwise")
    place.check()
    place.delete(0)
    place.delete(1)
    place.check()
    place.mark(cho, 3)
    place.delete(2)
    place.delete(3)
    place.check()
    assert place.expected(ben) == (0, 0)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("talk"), st.integers(0, 2)),
        st.tuples(st.just("talk"), st.integers(0, 2)),
        st.tuples(st.just("delete"), st.integers(0, 30)),
        st.tuples(st.just("react"), st.integers(0, 2), st.integers(0, 30)),
        st.tuples(st.just("mark"), st.integers(0, 2), st.integers(0, 40)),
        st.tuples(st.just("come_back"), st.integers(1, 2)),
    ),
    max_size=40,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_what_is_unread_is_exact(conversation, crowd, steps):
    place = ReadingRoom(conversation, crowd)
    for step, *args in steps:
        if step in ("talk", "come_back"):
            getattr(place, step)(crowd[args[0]])
        elif step == "mark":
            place.mark(crowd[args[0]], args[1])
        elif place.said and step == "delete":
            place.delete(args[0] % len(place.said))
        elif place.said:
            place.react(crowd[args[0]], args[1] % len(place.said))
        place.check()


def test_who_joins_an_open_room_has_read_what_was_said_before(
    conversation, room_management, store, crowd
):
    ann, ben, cho = crowd
    room_id = room_management.create(ann, "Plans", None, None).room_id
    for _ in range(3):
        conversation.talk(ann, room_id, "hi")
    conversation.join(ben, room_id, "s1")
    room_management.set_member(cho, room_id, "cho")
    assert unread(store, ben, room_id) == unread(store, cho, room_id) == (3, 0, 0)
    conversation.talk(ann, room_id, "and you")
    assert unread(store, ben, room_id) == (3, 1, 0)
    # Joining again reads nothing.
    conversation.join(ben, room_id, "s2")
    room_management.set_member(cho, room_id, "cho")
    assert unread(store, ben, room_id) == unread(store, cho, room_id) == (3, 1, 0)


def test_all_is_unread_to_who_was_added_by_somebody_else(place, crowd, made):
    place.talk(crowd[0])
    dan = made("dan")
    place.room_management.set_member(crowd[0], place.room_id, "dan")
    assert unread(place.store, dan, place.room_id) == (0, 1, 0)


def test_all_in_a_direct_room_mentions_one(conversation, room_management, store, crowd):
    ann, ben, _cho = crowd
    room, _ = room_management.direct(ann, ["ben"])
    conversation.talk(ann, room.room_id, "hi")
    conversation.talk(ann, room.room_id, "are you there?")
    conversation.talk(ben, room.room_id, "yes")
    assert unread(store, ben, room.room_id) == (0, 2, 2)
    assert unread(store, ann, room.room_id) == (0, 1, 1)
    # Who has left it has read what was said until it is asked for again.
    room_management.remove(ben, room.room_id, ben.user_id)
    conversation.talk(ann, room.room_id, "gone?")
    room_management.direct(ann, ["ben"])
    assert unread(store, ben, room.room_id)[1:] == (0, 0)
    conversation.talk(ann, room.room_id, "back?")
    assert unread(store, ben, room.room_id)[1:] == (1, 1)


def test_a_new_epoch_changes_nothing_of_what_was_read(place, crowd, store):
    ann, ben, _cho = crowd
    for _ in range(5):
        place.talk(ann)
    place.mark(ben, 3)
    store.life = "another-life"
    place.talk(ann)
    assert place.top > 1_000_000
    place.check()
    place.mark(ben, 4)
    place.mark(ben, place.top)
    place.mark(ben, 99)
    place.check()


def test_a_message_costs_the_store_the_same_however_many_belong_to_the_room(
    conversation, room_management, store, crowd, made
):
    """The room's hash, stream and channel are all that it touches, and its sender's count."""
    ann = crowd[0]
    costs = []
    for members in (10, 1000):
        room_id = room_management.create(ann, "Plans", True, None).room_id
        records = {f"u{number:015}": f"member 0 p{number}" for number in range(members)}
        store.redis.hset(keys.members(room_id), mapping=records)
        store.redis.hset(keys.marks(room_id), mapping=dict.fromkeys(records, "0 0 0"))
        conversation.talk(ann, room_id, "first")
        before = store.redis.info("commandstats")
        conversation.talk(ann, room_id, "second")
        after = store.redis.info("commandstats")
        calls = {name: told["calls"] for name, told in after.items() if name != "cmdstat_info"}
        costs.append(
            sum(number - before.get(name, {"calls": 0})["calls"] for name, number in calls.items())
        )
    assert costs[1] <= costs[0] * 1.2
