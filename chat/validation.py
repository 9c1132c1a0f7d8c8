"""Checks all text from outside: names, rooms, messages, identifiers, numbers.

Each function takes a value of any type and returns the value to use, or raises ``Invalid`` or
``TooLong`` with a sentence that says what is allowed. The length of a text is checked first, since
the time to normalise a text can grow with the square of its length.
"""

import re
import unicodedata

import regex
from emoji import EMOJI_DATA
from emoji.unicode_codes import STATUS

from chat.errors import N_, Invalid, TooLong

#: Characters, all of these.
NAME_MIN, NAME_MAX = 2, 32
ROOM_NAME_MAX = 80
PASSWORD_MIN, PASSWORD_MAX = 8, 256
ROOM_ID_MAX, CLIENT_ID_MAX, EPOCH_MAX = 32, 64, 128
#: Code points; the longest emoji in use, families of four with skin tones, have eleven.
EMOJI_MAX = 16
#: How many times more code points a text may have before it is composed (NFC): no letter that a
#: keyboard decomposes has more than four parts.
DECOMPOSED = 4
#: Far beyond any sequence number, well inside what Lua and JavaScript count exactly.
NUMBER_MAX = 2**53 - 1

_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
# Unicode's category Cc, less newline and tab.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# Marks that reorder the text around them; in a name they could make one room look like another.
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Unicode's categories of what emoji were taken to be made of.
_IN_EMOJI = {"So", "Sk", "Sm", "Mn", "Me", "Cf", "Nd", "Po"}
# Letters by their category that nevertheless show nothing: the Hangul fillers and Braille's blank.
_INVISIBLE = frozenset("\u115f\u1160\u2800\u3164\uffa0")
# Texts in which nothing can be seen. Unicode names format characters and default-ignorable code
# points, some of which are marks. The listed ones have a blank glyph: Braille's blank, a note
# without a head, two hieroglyphs, and the filler of Khitan.
_BLANK = regex.compile(
    r"[\s\p{Default_Ignorable_Code_Point}\p{Cf}\p{Noncharacter_Code_Point}"
    r"\u2800\U0001d159\U00013441\U00013442\U00016fe4]*+"
)


def person_name(value: object) -> str:
    """A person's name in NFC: 2 to 32 letters, digits, ``.``, ``_``, ``-`` of any script."""
    message = N_("A name has 2 to 32 letters, digits, dots, dashes or underscores.")
    name = _composed(value, NAME_MAX, message)
    if len(name) < NAME_MIN:
        raise Invalid(message)
    if not all(_is_name_character(c) for c in name) or not any(c.isalnum() for c in name):
        raise Invalid(message)
    if unicodedata.category(name[0])[0] == "M" or not _INVISIBLE.isdisjoint(name):
        raise Invalid(message)
    return name


def fold(name: str) -> str:
    """The form in which names of people are compared: case does not tell them apart.

    Raises ``TooLong`` for what is too long to be a name.
    """
    if len(name) > DECOMPOSED * NAME_MAX:
        problem = N_("A name has 2 to 32 letters, digits, dots, dashes or underscores.")
        raise TooLong(problem, max=NAME_MAX)
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def password(value: object) -> str:
    """A new password in its normal form: 8 to 256 characters."""
    message = N_("A password has 8 to 256 characters.")
    text = opaque(typed_password(value))
    if len(text) > PASSWORD_MAX:
        raise TooLong(message, max=PASSWORD_MAX)
    if len(text) < PASSWORD_MIN or "\0" in text:
        raise Invalid(message)
    return text


def typed_password(value: object) -> str:
    """What somebody types as a password, as it is; it may be one from before all of the rules."""
    message = N_("A password has 8 to 256 characters.")
    try:
        return _string(value, DECOMPOSED * PASSWORD_MAX, message)
    except TooLong:
        raise TooLong(message, max=PASSWORD_MAX) from None


def opaque(password: str) -> str:
    """The form in which passwords are compared (RFC 8265, OpaqueString): NFC, one kind of space."""
    spaced = "".join(" " if unicodedata.category(c) == "Zs" else c for c in password)
    return unicodedata.normalize("NFC", spaced)


def room_name(value: object) -> str:
    """A room's name in NFC, without the white space around it: 1 to 80 characters."""
    message = N_("A room's name has 1 to 80 characters, none of them control characters.")
    name = _composed(value.strip() if isinstance(value, str) else value, ROOM_NAME_MAX, message)
    if is_blank(name):
        raise Invalid(message)
    if any(unicodedata.category(c) in ("Cc", "Zl", "Zp") or c in _BIDI for c in name):
        raise Invalid(message)
    return name


def description(value: object, most: int) -> str:
    """A room's description in NFC, without the white space around it; it may be empty."""
    message = N_("A description is a text without control characters.")
    text = _composed(value.strip() if isinstance(value, str) else value, most, message)
    if any(unicodedata.category(c) in ("Cc", "Zl", "Zp") or c in _BIDI for c in text):
        raise Invalid(message)
    return text


def sought(value: object) -> str:
    """What is searched for in names of rooms, in the form in which they are compared."""
    message = N_("A search has at most 80 characters.")
    return _composed(value, ROOM_NAME_MAX, message).casefold()


def message(value: object, longest: int) -> str:
    """The text of a message: up to ``longest`` characters, newline and tab allowed."""
    problem = N_("A message is a text.")
    text = _string(value, longest, problem, N_("A message has at most %(max)s characters."))
    text = text.replace("\r\n", "\n")
    if _CONTROL.search(text):
        raise Invalid(N_("A message holds no control characters."))
    if is_blank(text):
        raise Invalid(N_("A message needs at least one visible character."))
    return text


def room_id(value: object) -> str | None:
    """The room id, or ``None`` for a text that no room can have as its id."""
    if isinstance(value, str) and len(value) > ROOM_ID_MAX:
        return None
    text = _string(value, ROOM_ID_MAX, N_("roomId is a text."))
    return text if _IDENTIFIER.fullmatch(text) else None


def epoch(value: object) -> str | None:
    """The id of an epoch, or ``None`` for what no room can have as one."""
    if not isinstance(value, str) or len(value) > EPOCH_MAX:
        return None
    return value if _IDENTIFIER.fullmatch(value) else None


def client_id(value: object) -> str | None:
    """What the client calls its message, or ``None`` when it gave no name."""
    if value is None:
        return None
    problem = N_("clientId is a text of 1 to 64 letters, digits, dashes or underscores.")
    text = _string(value, CLIENT_ID_MAX, problem)
    if not _IDENTIFIER.fullmatch(text):
        raise Invalid(problem)
    return text


def emoji(value: object) -> str:
    """One emoji of Unicode's list, with whatever modifiers it has there."""
    text = former_emoji(value)
    listed = EMOJI_DATA.get(text)
    # A skin tone or a kind of hair is a part of one.
    if listed is None or listed["status"] == STATUS["component"]:
        raise Invalid(N_("That is not an emoji."))
    return text


def former_emoji(value: object) -> str:
    """What has been taken for an emoji before there was a list, to take it away again."""
    problem = N_("That is not an emoji.")
    text = _string(value, EMOJI_MAX, problem, N_("An emoji has at most %(max)s code points."))
    parts = {unicodedata.category(c) for c in text}
    if text not in EMOJI_DATA and (not parts & {"So", "Me"} or not parts <= _IN_EMOJI):
        raise Invalid(problem)
    return text


def whole_number(value: object, field: str, least: int = 0, most: int = NUMBER_MAX) -> int:
    """A number from a JSON body; a truth value or a fraction is none."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise Invalid(
            N_("%(field)s is a whole number from %(least)s to %(most)s."),
            field=field,
            least=least,
            most=most,
        )
    return value


def truth(value: object, field: str) -> bool:
    """``true`` or ``false`` from a JSON body; missing is false."""
    if value is None:
        return False
    if not isinstance(value, bool):
        raise Invalid(N_("%(field)s is true or false."), field=field)
    return value


def is_blank(text: str) -> bool:
    """Nothing to see: white space, marks and letters without a glyph only."""
    if text.isascii():
        return not text.strip()
    return _BLANK.fullmatch(text) is not None


def line(value: object, longest: int, problem: str) -> str:
    """A line of text in NFC, of at most ``longest`` characters; it may hold anything else."""
    return _composed(value, longest, problem)


def _composed(value: object, longest: int, problem: str) -> str:
    """The text in NFC: at most ``longest`` characters."""
    try:
        text = unicodedata.normalize("NFC", _string(value, DECOMPOSED * longest, problem))
    except TooLong:
        raise TooLong(problem, max=longest) from None
    if len(text) > longest:
        raise TooLong(problem, max=longest)
    return text


def _string(value: object, longest: int, problem: str, too_long: str | None = None) -> str:
    if not isinstance(value, str):
        raise Invalid(problem)
    if len(value) > longest:
        raise TooLong(too_long or problem, max=longest)
    if not value.isascii() and any("\ud800" <= c <= "\udfff" for c in value):
        # Half of a surrogate pair: JSON can carry it, UTF-8 cannot.
        raise Invalid(problem)
    return value


def _is_name_character(c: str) -> bool:
    return c in "._-" or unicodedata.category(c)[0] in "LM" or unicodedata.category(c) == "Nd"
