"""Display names and other things that one may change oneself."""

import pytest

from chat import people, profile
from chat.errors import Invalid, TooLong


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("남보라", "남보라"), ("  Bora   Nam ", "Bora Nam"), ("A", "A"), ("보라 👩‍💻", "보라 👩‍💻"),
        ("Bora ❤️", "Bora ❤️"), ("علی‌رضا", "علی‌رضا"), ("ශ්‍රී", "ශ්‍රී"), ("क्‍ष", "क्‍ष"),
        ("Anne-Marie O’Neill", "Anne-Marie O’Neill"),
        ("Jose\u0301", "José"), ("보라\u3000님", "보라 님"), ("x" * 64, "x" * 64),
        ("(they)", "(they)"),
        ("", "bora"), (None, "bora"), ("   ", "bora"),
    ],
)  # fmt: skip
def test_a_display_name(made, store, given, shown):
    bora = made("bora")
    changed = profile.change(store, bora.user_id, {"displayName": given})
    assert (changed.shown, changed.name) == (shown, "bora")
    assert people.find(store, bora.user_id) == changed


@pytest.mark.parametrize(
    "given",
    [
        "Bo\u200bra", "Bora\u202e", "\u2066Bora", "Bo\u00adra", "\u3164", "\u2800", "Bora\n\x00",
        "Bo\x07ra",
        "Bo\u200dra", "Bo\ufe0fra", "Bora\u034f", "Bora\U000e0041", "B" + "\u0301" * 9,
        "\u0301Bora",
        "Bora\ud800", "Bora\U000f0000", "Bo\u200cra", "\u200d", 7, ["Bora"], True,
    ],
)  # fmt: skip
def test_a_display_name_that_hides_something(made, store, given):
    bora = made("bora")
    with pytest.raises(Invalid):
        profile.change(store, bora.user_id, {"displayName": given})
    assert people.find(store, bora.user_id) == bora


def test_things_of_a_person_that_are_too_long_or_no_such_thing(made, store):
    bora = made("bora")
    for wanted, problem in [
        ({"displayName": "x" * 65}, TooLong), ({"displayName": "x" * 10**6}, TooLong),
        ({"status": "x" * 101}, TooLong), ({"status": "\u202ex"}, Invalid),
        ({"timeZone": "Nowhere/At_All"}, Invalid), ({"timeZone": "../etc"}, Invalid),
        ({"timeZone": "localtime"}, Invalid), ({"timeZone": "Factory"}, Invalid),
        ({"timeZone": 9}, Invalid), ({"timeZone": ["Asia/Seoul"]}, Invalid),
        ({"language": "xx"}, Invalid), ({"language": ["en"]}, Invalid),
        ({"name": "x" * 33}, TooLong),
    ]:  # fmt: skip
        with pytest.raises(problem):
            profile.change(store, bora.user_id, wanted)
    assert people.find(store, bora.user_id) == bora


def test_a_display_name_that_is_the_name_follows_it(made, store):
    bora = made("bora")
    profile.change(store, bora.user_id, {"displayName": "bora"})
    assert profile.change(store, bora.user_id, {"name": "sora"}).shown == "sora"
