"""Who is mentioned by a message, is told of it once, and finds it again."""

import json

import pytest

from chat import inbox, memberships, mentions
from chat.errors import Invalid
from tests.conftest import entries


@pytest.fixture
def crowd(made):
    return [made(name) for name in ("ann", "보라", "보라가", "dan.kim")]


@pytest.fixture
def room_id(room_management, crowd):
    room = room_management.create(crowd[0], "Plans", True, None).room_id
    for other in crowd[1:3]:
        room_management.set_member(crowd[0], room, other.name)
    return room


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("no name", []),
        ("@ann", [["ann"]]),
        ("(@Ann), hello", [["ann"]]),
        ("@ann.", [["ann.", "ann"]]),
        ("@보라님 봤어요?", [["보라님", "보라"]]),
        ("@보라가", [["보라가", "보라"]]),
        ("@보라에게도", [["보라에게도", "보라에게", "보라"]]),
        ("@김철수씨는", [["김철수씨는", "김철수씨", "김철수"]]),
        ("그리고@보라", [["보라"]]),
        ("@보라색", [["보라색"]]),
        ("@보라\u1102\u1175\u11b7", [["보라님", "보라"]]),
        ("@here and @ALL", [["*here"], ["*all"]]),
        ("write to ann@example.org", []),
        ("https://example.org/@ann", []),
        ("`@ann` and @bo", [["bo"]]),
        ("```\n@ann\n``` @bo", [["bo"]]),
        ("```@ann", [["ann"]]),
        ("`@ann", [["ann"]]),
        ("@a", []),
        ("@ann @ann", [["ann"]]),
        (" ".join(f"@p{n:02}" for n in range(60)), [[f"p{n:02}"] for n in range(50)]),
    ],
)
def test_what_may_mention_somebody(text, readings):
    found = mentions.readings(text)
    assert (json.loads(found) if found else []) == readings


def last(store, room_id):
    return entries(store, room_id)[-1]


def counts(store, room_id, *people):
    found = store.ask_all(memberships.one(person.user_id, room_id) for person in people)
    return [own.mentions for own in found]


def told_of(told):
    return [
        (sorted(user_ids), event["seq"], event["sender"])
        for message in told()
        for user_ids, event in message.get("me", [])
        if event["type"] == "mention"
    ]


def test_the_longest_name_of_a_member_that_fits_is_meant(conversation, store, room_id, crowd, told):
    ann, bora, boraga, _dan = crowd
    told()
    for text, expected in (
        ("@보라님", bora),
        ("@보라가", boraga),
        ("@보라는", bora),
        ("@보라가가", boraga),
    ):
        said = conversation.talk(ann, room_id, text)
        talk = last(store, room_id)
        assert talk["mentions"] == [expected.user_id]
        assert talk["mentionNames"] == {expected.name: expected.user_id}
        assert told_of(told) == [([expected.user_id], said["seq"], "ann")]
    assert counts(store, room_id, ann, bora, boraga) == [0, 2, 2]


def test_who_is_no_member_is_not_mentioned_and_nobody_mentions_by_field(
    conversation, store, room_id, crowd, told
):
    ann, _bora, _boraga, _dan = crowd
    told()
    conversation.talk(ann, room_id, "@dan.kim @nobody @보라색")
    assert "mentions" not in last(store, room_id) and told_of(told) == []


def test_oneself_is_not_told(conversation, store, room_id, crowd, told):
    ann, bora, _boraga, _dan = crowd
    told()
    conversation.talk(ann, room_id, "@ann @all")
    assert last(store, room_id)["mentions"] == [ann.user_id, "all"]
    [(user_ids, _, _)] = told_of(told)
    assert ann.user_id not in user_ids and len(user_ids) == 2
    assert counts(store, room_id, ann, bora) == [0, 1]
    assert inbox.mentions(conversation, ann) == ([], None)


def test_here_is_who_is_here(conversation, store, room_id, crowd, told):
    ann, bora, boraga, _dan = crowd
    conversation.join(bora, room_id, "s1")
    told()
    said = conversation.talk(ann, room_id, "@here")
    assert told_of(told) == [([bora.user_id], said["seq"], "ann")]
    assert counts(store, room_id, bora, boraga) == [1, 0]
    conversation.delete(ann, room_id, said["seq"])
    assert counts(store, room_id, bora, boraga) == [0, 0]


def test_a_message_that_is_sent_again_tells_nobody_again(conversation, room_id, crowd, told):
    ann = crowd[0]
    told()
    for _ in range(2):
        conversation.talk(ann, room_id, "@보라님", client_id="once")
    assert len(told_of(told)) == 1


def test_an_edit_tells_who_is_new_and_takes_away_the_others(
    conversation, store, room_id, crowd, told
):
    ann, bora, boraga, _dan = crowd
    seq = conversation.talk(ann, room_id, "@보라님")["seq"]
    told()
    conversation.edit(ann, room_id, seq, "@보라님 @보라가")
    assert told_of(told) == [([boraga.user_id], seq, "ann")]
    assert counts(store, room_id, bora, boraga) == [1, 1]
    conversation.edit(ann, room_id, seq, "@보라가")
    assert told_of(told) == [] and counts(store, room_id, bora, boraga) == [0, 1]
    [page] = map(json.loads, conversation.page(ann, room_id).messages)
    assert page["mentions"] == [boraga.user_id]
    conversation.edit(ann, room_id, seq, "nobody")
    assert counts(store, room_id, bora, boraga) == [0, 0]
    [page] = map(json.loads, conversation.page(ann, room_id).messages)
    assert "mentions" not in page and "mentionNames" not in page
    assert inbox.mentions(conversation, boraga) == ([], None)


def test_mentions_count_while_they_are_unread(conversation, store, room_id, crowd):
    ann, bora, boraga, _dan = crowd
    seqs = [conversation.talk(ann, room_id, text)["seq"] for text in ("@보라님", "@all", "hi")]
    assert counts(store, room_id, bora, boraga) == [2, 1]
    assert conversation.read_marks.mark(bora, room_id, seqs[0]).mentions == 1
    assert conversation.read_marks.mark(bora, room_id, seqs[1]).mentions == 0
    assert conversation.read_marks.mark(bora, room_id, 0).mentions == 2
    conversation.delete(ann, room_id, seqs[1])
    assert counts(store, room_id, bora, boraga) == [1, 0]


def test_ones_mentions_are_found_in_all_rooms_the_newest_first(
    conversation, room_management, room_id, crowd
):
    ann, bora, _boraga, _dan = crowd
    other = room_management.create(bora, "Other", None, None).room_id
    for number in range(5):
        conversation.talk(ann, room_id, f"@보라님 {number}")
        conversation.talk(ann, other, f"@all {number}")
    direct, _ = room_management.direct(ann, [bora.name])
    conversation.talk(ann, direct.room_id, "@보라님, to you alone")
    found, cursor = inbox.mentions(conversation, bora)
    read = [(each.room.room_id, json.loads(each.message)["message"]) for each in found]
    expected = [
        (i, f"{at} {n}") for n in range(5) for i, at in ((room_id, "@보라님"), (other, "@all"))
    ]
    assert sorted(read) == sorted(expected) and cursor is None
    paged, cursor = [], ""
    while cursor is not None:
        some, cursor = inbox.mentions(conversation, bora, cursor, 3)
        paged += some
    # Within one millisecond any order will do.
    assert sorted(each.message for each in paged) == sorted(each.message for each in found)
    times = [json.loads(each.message)["sentAt"] for each in paged]
    assert times == sorted(times, reverse=True)
    for cursor in ("x", "-1", "1" * 17):
        with pytest.raises(Invalid):
            inbox.mentions(conversation, bora, cursor)
    room_management.remove(ann, room_id, bora.user_id)
    found, _ = inbox.mentions(conversation, bora)
    assert {each.room.room_id for each in found} == {other}
