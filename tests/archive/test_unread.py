"""What is unread is exact however much of it is in the archive alone."""

import random

import pytest

from chat import keys, memberships
from chat.errors import Unavailable
from tests.archive.conftest import catch_up
from tests.reading_room import ReadingRoom

pytestmark = pytest.mark.usefixtures("small_blocks")


@pytest.fixture
def people(made):
    return [made(name) for name in ("ann", "ben", "cho")]


@pytest.mark.parametrize("seed", range(3))
def test_what_is_unread_is_exact_at_any_depth(deep, people, follow, store, seed):
    place, chance = ReadingRoom(deep, people), random.Random(seed)
    follower = follow(recent=8)
    for _ in range(120):
        what = chance.random()
        if what < 0.6:
            place.talk(chance.choice(people))
        elif what < 0.7 and place.said:
            place.delete(chance.randrange(len(place.said)))
        elif what < 0.8 and place.said:
            place.react(chance.choice(people), chance.randrange(len(place.said)))
        elif what < 0.9:
            catch_up(follower)
        else:
            # Else it is refused where a deletion is not archived, to be tried again.
            catch_up(follower)
            place.mark(chance.choice(people), chance.randint(0, place.top))
        place.check()
    assert store.redis.xlen(keys.stream(place.room_id)) < 40


def test_where_the_archive_would_be_needed_and_is_away_nothing_is_marked(
    deep, conversation, people, follow
):
    place = ReadingRoom(deep, people)
    for _ in range(40):
        place.talk(people[0])
    follow(recent=8)
    with pytest.raises(Unavailable):
        conversation.read_marks.mark(people[1], place.room_id, 3)
    place.check()
    conversation.read_marks.mark(people[1], place.room_id, 39)
    place.read[people[1].user_id] = 39
    place.check()


def test_an_edit_of_an_archived_message_forgets_whom_it_mentioned(deep, people, follow, store):
    ann, ben, cho = people
    place = ReadingRoom(deep, people)
    seq = place.talk(ann, "@ben")
    edit = deep.edit(ann, place.room_id, seq, "@ben, hello")
    for _ in range(40):
        place.talk(ann, "@cho")
    follow(recent=8)
    assert not store.redis.xrange(keys.stream(place.room_id), f"0-{edit}", f"0-{edit}")
    # Where very many were changed, a note of a change may stay after it is trimmed.
    store.redis.zadd(keys.edited(place.room_id), {str(edit): seq})
    deep.edit(ann, place.room_id, seq, "nobody")
    assert store.ask(memberships.one(ben.user_id, place.room_id)).mentions == 0
    assert store.ask(memberships.one(cho.user_id, place.room_id)).mentions == 40
