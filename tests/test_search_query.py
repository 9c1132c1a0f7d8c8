"""What people type to find messages; whatever it is, it is read in one way and soon."""

import contextlib
from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.archive.folding import fold
from chat.errors import Invalid, TooLong
from chat.search_query import FILTERS, LENGTH_MAX, Query, add_limits, parse

DAY = 24 * 60 * 60 * 1000
FEBRUARY_1 = 1_769_904_000_000


@pytest.mark.parametrize(
    "q, words",
    [
        ("회의 밥", ["회의", "밥"]),
        ("  lunch\t\n today  ", ["lunch", "today"]),
        ("lunch LUNCH", ["lunch"]),
        ('"lunch today" now', ["lunch today", "now"]),
        ('"lunch today', ["lunch today"]),
        ('so"lunch today"so', ["so", "lunch today"]),
        ('""', []),
        ('"" ""', []),
        ("http://example.org/?a=b:c", ["http://example.org/?a=b:c"]),
        ("12:30 noon", ["12:30", "noon"]),
        ("note: lunch", ["note:", "lunch"]),
        ('note:"lunch today"', ["note:", "lunch today"]),
        ("from: bora", ["from:", "bora"]),
        ("from:", ["from:"]),
        ("in:", ["in:"]),
        ("AND OR NOT NEAR(a, b) * ^x", ["and", "or", "not", "near(a,", "b)", "*", "^x"]),
        ("100% a_b %_", ["100%", "a_b", "%_"]),
        ("'; DROP TABLE messages; --", ["';", "drop", "table", "messages;", "--"]),
        ("\\ \\% {x}", ["\\", "\\%", "{x}"]),
        ("CAFE\u0301", ["café"]),
        ("a\0b c\x1b[0m", ["a", "b", "c", "[0m"]),
        ("hangul\u3000ㅋㅋ", ["hangul", "ㅋㅋ"]),
    ],
)
def test_words(q, words):
    assert parse(q).words == list(map(fold, words))


def test_filters():
    query = parse('from:bora FROM:@dan in:lunch in:"점심 방" has:link after:2026-02-01 plans')
    assert query.people == ["bora", "dan"] and query.rooms == ["lunch", "점심 방"]
    assert query.has == {"link"} and query.words == ["plans"]
    assert query.since == FEBRUARY_1 and query.until is None
    assert parse("before:2026-02-01").until == FEBRUARY_1
    assert parse(f"before:{FEBRUARY_1}").until == FEBRUARY_1
    both = parse("before:2026-02-01 before:2026-02-03 after:2026-01-01 after:2025-01-01")
    assert both.until == FEBRUARY_1 and both.since == FEBRUARY_1 - 31 * DAY
    assert parse("2from:bora").people == []


def test_days_are_those_of_who_asks():
    seoul = parse("after:2026-02-01", ZoneInfo("Asia/Seoul"))
    assert seoul.since == FEBRUARY_1 - 9 * 60 * 60 * 1000


def test_limits_beside_the_text():
    query = Query()
    add_limits(query, "2026-02-01", str(FEBRUARY_1 + 1), "file", UTC)
    assert (query.since, query.until, query.has) == (FEBRUARY_1, FEBRUARY_1 + 1, {"file"})
    add_limits(query, None, None, None, UTC)


@pytest.mark.parametrize(
    "q",
    [
        "x",
        "漢",
        "é",
        "a b c",
        "before:yesterday",
        "before:2026-13-01",
        "before:2026-02-30",
        "after:0000-00-00",
        "after:99999999999999999",
        "after:-1",
        "after:２０２６-02-01",
        "has:everything",
        " ".join(f"word{i}" for i in range(11)),
        "\ud800 lone",
        7,
        None,
        ["회의"],
    ],
)
def test_what_cannot_be_searched_for(q):
    with pytest.raises(Invalid):
        parse(q)


def test_how_long_a_query_may_be():
    assert parse("밥" * LENGTH_MAX).words == [fold("밥" * LENGTH_MAX)]
    with pytest.raises(TooLong) as refused:
        parse("밥" * (LENGTH_MAX + 1))
    assert refused.value.max == LENGTH_MAX
    with pytest.raises(TooLong):
        parse("x" * 10_000_000)


@given(st.text(max_size=LENGTH_MAX))
def test_any_text_is_read_or_refused(q):
    try:
        query = parse(q)
    except Invalid:
        return
    assert all(query.words) and not any("\0" in word for word in query.words)


@pytest.mark.parametrize(
    "q",
    [
        '"' * LENGTH_MAX,
        ":" * LENGTH_MAX,
        "a:" * (LENGTH_MAX // 2),
        'a:"' * (LENGTH_MAX // 3),
        "a" * (LENGTH_MAX - 1) + '"',
        "x\u0300" * (LENGTH_MAX // 2),
        " " * LENGTH_MAX,
        f"{FILTERS[0]}:" * 40,
    ],
)
def test_texts_of_signs_alone_are_read_or_refused(q):
    with contextlib.suppress(Invalid):
        assert all(parse(q).words)
