"""Pages of the archive: in both directions and around a message, at any depth."""

import pytest
from sqlalchemy import insert

from chat.archive import positions, tables
from chat.errors import Unavailable

ROOM = "r" * 16
#: Numbers with gaps, as deletions and changes leave them.
NUMBERS = [seq for seq in range(1, 60) if seq % 3]


@pytest.fixture
def filled(database, archive):
    """The archive with these messages in one room, and some in another."""
    with database.begin() as connection:
        rows = [row(ROOM, seq) for seq in NUMBERS] + [row("s" * 16, seq) for seq in range(1, 60)]
        connection.execute(insert(tables.messages), rows)
        given = [{"room_id": ROOM, "seq": seq, "emoji": "👍", "user_id": "ann"} for seq in (1, 50)]
        connection.execute(insert(tables.reactions), given)
        reached = {"epoch": "e", "seq": 60, "sent_at": 1, "highest": 70, "is_open": False}
        connection.execute(insert(tables.cursors), [{"room_id": ROOM, **reached}])
    return archive


def row(room_id, seq):
    return {
        "id": positions.of(1000 + seq, room_id, seq), "room_id": room_id, "seq": seq, "n": seq,
        "sent_at": 1000 + seq, "sender_id": "ann", "text": f"{seq:09}" * 10, "edited_at": 0,
        "edits": 0, "newest_edit": 0, "rest": "{}", "folded": "",
    }  # fmt: skip


def seqs(page):
    return [message.seq for message in page.messages]


def expected(numbers, page):
    assert seqs(page) == numbers
    more = [any(s < numbers[0] for s in NUMBERS), any(s > numbers[-1] for s in NUMBERS)]
    assert [page.more_before, page.more_after] == more
    assert (page.epoch, page.archived) == ("e", 70), "the highest number that it knows"


def test_pages_before_and_after_a_number(filled):
    expected(NUMBERS[-10:], filled.newest(ROOM, 10))
    expected(NUMBERS, filled.newest(ROOM, 200))
    for seq in range(1, 61):
        lower = [s for s in NUMBERS if s < seq]
        higher = [s for s in NUMBERS if s > seq]
        for limit in (1, 7, 200):
            if lower:
                expected(lower[-limit:], filled.before(ROOM, seq, limit))
            if higher:
                expected(higher[:limit], filled.after(ROOM, seq, limit))


def test_where_nothing_is_on_one_side(filled):
    page = filled.before(ROOM, 1, 10)
    assert (seqs(page), page.more_before, page.more_after) == ([], False, True)
    page = filled.after(ROOM, 59, 10)
    assert (seqs(page), page.more_before, page.more_after) == ([], True, False)


def test_the_page_around_a_message_has_both_sides(filled):
    for seq in range(1, 60):
        for limit in (1, 2, 9, 10, 200):
            page = filled.around(ROOM, seq, limit)
            found = seqs(page)
            expected(found, page)
            at = NUMBERS.index(found[0])
            assert found == NUMBERS[at : at + len(found)], "it has no hole"
            assert len(found) == min(limit, len(NUMBERS))
            if seq in NUMBERS:
                assert seq in found
            lower, higher = [s for s in found if s < seq], [s for s in found if s >= seq]
            if page.more_before and page.more_after:
                assert abs(len(higher) - len(lower)) <= 1


def test_a_page_of_long_messages_has_fewer(filled):
    few = filled.newest(ROOM, 50, bytes_max=1000)
    assert 2 <= len(few.messages) <= 5
    expected(NUMBERS[-len(few.messages) :], few)
    expected([NUMBERS[0]], filled.after(ROOM, 0, 50, bytes_max=1))
    page = filled.around(ROOM, 29, 50, bytes_max=1000)
    expected(seqs(page), page)
    assert 29 in seqs(page) and 26 in seqs(page) and 31 in seqs(page) and len(page.messages) < 6


def test_one_message(filled):
    page = filled.one(ROOM, 50)
    expected([50], page)
    assert page.messages[0].reactions == {("👍", "ann")}
    assert filled.one(ROOM, 51).messages == []


def test_a_room_that_the_archive_does_not_know(filled):
    page = filled.newest("unknown", 10)
    assert (page.messages, page.epoch, page.archived) == ([], "", 0)
    assert filled.highest("unknown") == ("", 0)
    assert filled.highest(ROOM) == ("e", 70)


def test_an_archive_that_is_away_is_unavailable_until_it_is_back(place, archive):
    if place.address:
        pytest.skip("of PostgreSQL another test asks that")
    archive.newest(ROOM, 10)
    (place.folder / "archive.sqlite3").rename(place.folder / "moved")
    with pytest.raises(Unavailable):
        archive.newest(ROOM, 10)
    assert archive.trouble
    (place.folder / "moved").rename(place.folder / "archive.sqlite3")
    archive.newest(ROOM, 10)
    assert not archive.trouble


def test_a_restart_of_postgresql_is_not_noticed(place, archive, server):
    if not place.address:
        pytest.skip("of SQLite another test asks that")
    archive.newest(ROOM, 10)
    server.stop()
    with pytest.raises(Unavailable):
        archive.newest(ROOM, 10)
    server.start()
    archive.newest(ROOM, 10)
    server.stop()
    server.start()
    archive.newest(ROOM, 10)
