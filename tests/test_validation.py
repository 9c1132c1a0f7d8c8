"""Which texts are accepted as a name, a room's name and a message."""

import pytest

from chat import validation
from chat.errors import Invalid, TooLong


@pytest.mark.parametrize("name", ["Bo", "보라", "a.b-c_d", "José", "Ёлка", "नमस्ते", "x" * 32, "김1"])
def test_people_may_be_called(name):
    assert validation.person_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "", "a", "x" * 33, "a b", "a\n", "a\0b", "<b>x", "a/b", "..", "-_.", "a:b", "{name}",
        "a%b", "\u202eevil", "a\u200db", "ㅤㅤ", "\u0301ab", "ab\ud800", None, 7, True, ["ab"],
        {"a": 1}, b"ab",
    ],
)  # fmt: skip
def test_people_may_not_be_called(name):
    with pytest.raises(Invalid):
        validation.person_name(name)


def test_a_name_is_composed_and_compared_without_case():
    assert validation.person_name("Jose\u0301") == "José"
    assert validation.fold("JOSE\u0301") == validation.fold("josé")
    assert validation.fold("Straße") == validation.fold("STRASSE")


@pytest.mark.parametrize("name", ["x", "방 하나", "a < b & c", "x" * 80, "👩‍💻 work", "שלום"])
def test_rooms_may_be_called(name):
    assert validation.room_name(f"  {name} ") == name


@pytest.mark.parametrize(
    "name",
    [
        "", "   ", "x" * 81, "a\nb", "a\tb", "a\0b", "a\x7fb", "a\u2028b", "\u202etxt", "a\u2066b",
        "\u200b", "ㅤ", "\ud83d", None, 1, [], {},
    ],
)  # fmt: skip
def test_rooms_may_not_be_called(name):
    with pytest.raises(Invalid):
        validation.room_name(name)


@pytest.mark.parametrize("said", ["hi", "a\nb\tc", "<script>", "안녕\u202e", "👍", "x" * 10])
def test_a_message_may_say(said):
    assert validation.message(said, 10) == said


def test_a_message_from_windows_has_plain_line_breaks():
    assert validation.message("a\r\nb", 10) == "a\nb"


@pytest.mark.parametrize(
    "said",
    ["", " \n\t ", "a\0", "a\x1b[2J", "a\x85", "\ud800", "\u200b\u2060", "ㅤ", None, 5, [], {}],
)
def test_a_message_may_not_say(said):
    with pytest.raises(Invalid):
        validation.message(said, 10)


def test_a_message_has_a_longest_length_in_characters():
    assert validation.message("한" * 10, 10)
    with pytest.raises(TooLong, match="at most 10 characters"):
        validation.message("x" * 11, 10)


@pytest.mark.parametrize(
    "unseen",
    [
        "\u034f", "\u17b4\u17b5", "\u180b", "\ufe0f", "\U000e0100", "\ufdd0", "\U0001ffff",
        "\U0001d159", "\U00013441\U00013442", "\U00016fe4", "\u00a0\ufe0e\u3000", "\U000e0fff",
    ],
)  # fmt: skip
def test_no_text_is_of_nothing_that_can_be_seen(unseen):
    for text in (unseen, " " + unseen):
        with pytest.raises(Invalid):
            validation.message(text, 10)
        with pytest.raises(Invalid):
            validation.room_name(text)
        assert validation.message("a" + text, 10) == "a" + text


@pytest.mark.parametrize("password", ["short", "x" * 257, "with\0null", "", None, 12345678])
def test_not_a_password(password):
    with pytest.raises(Invalid):
        validation.password(password)


@pytest.mark.parametrize("number", [True, "1", 1.0, -1, 2**53, 10**400, None, [], float("nan")])
def test_not_a_whole_number(number):
    with pytest.raises(Invalid, match="since is a whole number from 0"):
        validation.whole_number(number, "since")


@pytest.mark.parametrize("value", ["", "a b", "x" * 65, "é", 1, [], {}, "a:b"])
def test_not_a_client_id(value):
    with pytest.raises(Invalid):
        validation.client_id(value)


@pytest.mark.parametrize("value", ["", "{x}", "a b", "x" * 33, "..", "a\n", "방"])
def test_no_room_has_such_an_id(value):
    assert validation.room_id(value) is None


@pytest.mark.parametrize("value", [None, 1, [], {"a": 1}, "\ud800"])
def test_not_even_the_form_of_a_room_id(value):
    with pytest.raises(Invalid):
        validation.room_id(value)


@pytest.mark.parametrize(
    "emoji",
    [
        "👍", "👍🏽", "❤", "❤\ufe0f", "👩‍👩‍👧‍👦", "👩🏻‍❤️‍💋‍👨🏿", "🏳️‍🌈",
        "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        "🇰🇷", "1\ufe0f\u20e3", "#\ufe0f\u20e3", "☎", "☎\ufe0f", "©", "⬛", "✅", "😀", "🫠",
    ],
)  # fmt: skip
def test_an_emoji(emoji):
    assert validation.emoji(emoji) == validation.former_emoji(emoji) == emoji


@pytest.mark.parametrize(
    "emoji",
    [
        "☎0123456789", "☎\u202e123", "©" + "\u0301" * 15, "🏳!!!!!!", "👍👍👍👍", "👍👎", "👍🏽🏽",
        "🏽", "🦰", "🇰", "🇰🇷🇰🇷", "🇦🇦", "☎\u200d", "👍\u200d👍", "1\u20e4", "1", "#",
        "\u20e3", "\ufe0f", "♪", "→",
        "👍 ", " 👍", "👍\n", "👍\u200b", "🏴\U000e0067", "", "a", "\ud83d", None, 1, ["👍"],
    ],
)  # fmt: skip
def test_not_one_emoji(emoji):
    with pytest.raises(Invalid):
        validation.emoji(emoji)


def test_an_emoji_has_a_longest_length():
    with pytest.raises(TooLong):
        validation.emoji("👍" * 17)
