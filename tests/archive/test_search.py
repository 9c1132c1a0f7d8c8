"""The archive finds messages by their words, in both databases alike."""

import pytest
from sqlalchemy import insert, text

from chat.archive import positions, search, tables
from chat.archive.folding import fold, places
from chat.archive.search import TooSlow, Wanted
from chat.errors import Unavailable

ROOM, OPEN, OTHER = "r" * 16, "o" * 16, "x" * 16
ANN, BEN = "u0ann", "u0ben"
TEXTS = [
    "점심회의는 열두 시",
    "김밥 먹자",
    "바나나 주세요",
    "Straße nach CAFÉ",
    "100% sure_thing \\o/",
    'say "hi" AND (x OR y) NOT z*',
    "ㅋㅋㅋ 그래",
    "see https://example.org/a",
    "an emoji 👍🏽 here",
    "日本語の会議",
]


@pytest.fixture
def filled(database, archive):
    """These messages, one in a second each; in a room, in an open one, and in another one."""
    with database.begin() as connection:
        rows = [
            row(room_id, seq, said)
            for room_id in (ROOM, OPEN, OTHER)
            for seq, said in enumerate(TEXTS, 1)
        ]
        connection.execute(insert(tables.messages), rows)
        connection.execute(
            insert(tables.cursors),
            [
                {
                    "room_id": room_id, "epoch": "e", "seq": 10, "sent_at": 1, "highest": 12,
                    "is_open": room_id == OPEN,
                }
                for room_id in (ROOM, OPEN, OTHER)
            ],
        )  # fmt: skip
    return archive


def row(room_id, seq, said, **more):
    at = 1_000_000 + 1000 * seq
    return {
        "id": positions.of(at, room_id, seq), "room_id": room_id, "seq": seq, "n": seq,
        "sent_at": at, "sender_id": BEN if seq % 2 else ANN, "text": said, "edited_at": 0,
        "edits": 0, "newest_edit": 0, "rest": "{}", "folded": fold(said), **more,
    }  # fmt: skip


def wanted(*words, room_ids=(ROOM,), **more):
    return Wanted(tuple(map(fold, words)), room_ids, **more)


def seqs(archive, asked, before=positions.END, limit=50):
    return [said.seq for _, said in archive.find(asked, before, limit, []).messages]


@pytest.mark.parametrize(
    "words, found",
    [
        (["회의"], [1]),
        (["회의는"], [1]),
        (["심회"], [1]),
        (["밥"], [2]),
        (["바"], [3]),
        (["나나 주"], [3]),
        (["café"], [4]),
        (["CAFE\u0301"], [4]),
        (["cafe"], []),
        (["STRASSE"], [4]),
        (["straße", "nach"], [4]),
        (["straße", "hi"], []),
        (["0%"], [5]),
        (["%"], [5]),
        (["_"], [5]),
        (["_thing"], [5]),
        (["s_re"], []),
        (["su%e"], []),
        (["\\o/"], [5]),
        (['"hi"'], [6]),
        (["AND (x"], [6]),
        (["z*"], [6]),
        (["NEAR(a b)"], []),
        (["ㅋㅋ"], [7]),
        (["ㅋㅋㅋ"], [7]),
        (["://"], [8]),
        (["👍🏽"], [9]),
        (["会議"], [10]),
        ([], list(range(10, 0, -1))),
    ],
)
def test_words_are_found_as_they_are(filled, words, found):
    assert seqs(filled, wanted(*words)) == found


def test_only_in_the_rooms_that_are_given(filled):
    both = wanted("회의", room_ids=(ROOM, OTHER))
    assert {s.room_id for _, s in filled.find(both, positions.END, 9, []).messages} == {ROOM, OTHER}
    opened = wanted("밥", is_open_too=True)
    assert {s.room_id for _, s in filled.find(opened, positions.END, 9, []).messages} == {
        ROOM,
        OPEN,
    }
    assert seqs(filled, wanted("밥", room_ids=())) == []
    assert seqs(filled, wanted("ㅋㅋ", room_ids=())) == []


def test_by_sender_and_time(filled):
    assert seqs(filled, wanted(sender_ids=(ANN,))) == [10, 8, 6, 4, 2]
    assert seqs(filled, wanted("회의", sender_ids=(ANN,))) == []
    assert seqs(filled, wanted("회의", sender_ids=(BEN,))) == [1]
    assert seqs(filled, wanted(since=1_008_000)) == [10, 9, 8]
    assert seqs(filled, wanted(until=1_002_000)) == [1]
    assert seqs(filled, wanted("밥", since=1_002_000, until=1_002_001)) == [2]
    assert seqs(filled, wanted("밥", until=1_002_000)) == []
    assert seqs(filled, wanted(has_link=True)) == [8]


def test_page_after_page(filled):
    every = wanted("e", room_ids=(ROOM, OPEN, OTHER))
    whole = filled.find(every, positions.END, 50, []).messages
    assert len(whole) == 12 and sorted(whole, key=lambda each: -each[0]) == whole
    found, before, more = [], positions.END, True
    while more:
        page = filled.find(every, before, 5, [])
        found += page.messages
        before, more = page.messages[-1][0], page.more
    assert found == whole


def test_how_far_rooms_are_archived(filled):
    found = filled.find(wanted("밥", room_ids=(ROOM,)), positions.END, 9, [OTHER, "unknown"])
    assert {i: each.highest for i, each in found.reached.items()} == {ROOM: 12, OTHER: 12}


def test_the_index_follows_the_rows(filled, place, database):
    def change(statement):
        with database.begin() as connection:
            connection.execute(text(statement), {"room": ROOM, "new": fold("저녁 식사")})

    change(
        "UPDATE messages SET text = '저녁 식사', folded = :new WHERE room_id = :room AND seq = 1"
    )
    assert seqs(filled, wanted("회의")) == []
    assert seqs(filled, wanted("저녁")) == [1]
    change("DELETE FROM messages WHERE room_id = :room AND seq <= 2")
    assert seqs(filled, wanted("저녁")) == seqs(filled, wanted("밥")) == []
    change("DELETE FROM messages")
    if not place.address:
        with database.begin() as connection:
            connection.execute(text("INSERT INTO search(search) VALUES ('integrity-check')"))
            left = connection.execute(text("SELECT rowid FROM search WHERE search MATCH '\"ple\"'"))
            assert left.all() == []


def test_the_index_is_used(filled, database):
    with database.begin() as connection:
        plans = []
        if connection.dialect.name == "sqlite":
            opened = connection.connection.driver_connection
            statements = []
            opened.set_trace_callback(statements.append)
            search.find(connection, wanted("회의"), positions.END, 9, [])
            opened.set_trace_callback(None)
            [asked] = [each for each in statements if "MATCH" in each]
            plans = [found[3] for found in opened.execute("EXPLAIN QUERY PLAN " + asked)]
            assert "VIRTUAL TABLE INDEX" in plans[0] and not any("SORT" in p for p in plans)
            return
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        asked = "EXPLAIN SELECT id FROM messages WHERE folded LIKE :like ORDER BY id + 0"
        plan = connection.execute(text(asked), {"like": f"%{fold('회의')}%"}).scalars()
        assert any("Bitmap Index Scan on search" in line for line in plan)


def test_many_words_and_very_long_ones(filled):
    assert seqs(filled, wanted("점심회의는 열두 시", "점심", "회의", "열두 시", "시")) == [1]
    assert seqs(filled, wanted("가" * 200)) == []


def test_what_takes_too_long_is_ended(filled, place, database, monkeypatch):
    monkeypatch.setattr(search, "SECONDS", 0.001 if place.address else 0)
    monkeypatch.setattr(search, "_STEPS", 10)
    with database.begin() as connection:
        rows = [row(ROOM, seq, "의견 회의") for seq in range(100, 3000)]
        connection.execute(insert(tables.messages), rows)
    asked = wanted("의 회", "없는 말")
    with pytest.raises(TooSlow), place.open().begin() as connection:
        search.find(connection, wanted("회의"), positions.END, 50_000, [])
        search.find(connection, asked, positions.END, 50, [])
    with pytest.raises(Unavailable, match="takes too long"):
        filled.find(wanted("회의"), positions.END, 50_000, [])
    monkeypatch.undo()
    assert seqs(filled, wanted("밥")) == [2]


def test_where_the_words_stand():
    assert places("점심회의는 회의실", ()) == ("점심회의는 회의실", [])
    assert places("점심회의는 회의실", (fold("회의"),))[1] == [(2, 4), (6, 8)]
    assert places("Straße", (fold("SS"),))[1] == [(4, 5)]
    assert places("cafe\u0301!", (fold("É"),)) == ("café!", [(3, 4)])
    assert places("aaaa", ("aa", "aaa"))[1] == [(0, 4)]
    assert places("바 밥", (fold("바"),))[1] == [(0, 1)]
