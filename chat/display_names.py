"""What display names and statuses may hold: text of any script that shows all that it holds."""

import re
import unicodedata

import regex
from emoji import emoji_list

from chat import names, validation
from chat.errors import N_, Invalid, TooLong

#: Characters of a display name, and of a status.
DISPLAY_NAME_MAX, STATUS_MAX = 64, 100

# Joiners that a script needs: behind a virama, and between the letters of cursive scripts.
_JOINER_IN_USE = regex.compile(
    r"(?<=\p{ccc=9})[\u200c\u200d]"
    r"|(?<=[\p{Arabic}\p{Syriac}\p{Mongolian}]\p{M}*)\u200c(?=[\p{Arabic}\p{Syriac}\p{Mongolian}])"
)
# Code points that show nothing (Unicode's default-ignorable ones), and those without a meaning.
_UNSEEN = regex.compile(r"[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Zl}\p{Zp}]")
_SPACES = re.compile(r"\s+")


def display_name(value: object) -> str:
    """A display name in NFC, of 1 to 64 characters; ``""`` where it is to be the name again.

    Spaces are made one kind, and one of each row. Raises ``Invalid``, ``TooLong``.
    """
    problem = N_("A display name has 1 to 64 characters that can be seen.")
    return _shown(value, DISPLAY_NAME_MAX, problem)


def status(value: object) -> str:
    """What somebody says of himself or herself in a line of up to 100 characters, or ``""``.

    Raises ``Invalid``, ``TooLong``.
    """
    return _shown(value, STATUS_MAX, N_("A status has at most 100 characters that can be seen."))


def _shown(value: object, longest: int, problem: str) -> str:
    text = "" if value is None else validation.line(value, longest, problem)
    text = _SPACES.sub(" ", text).strip()
    if not text:
        return ""
    if (
        _UNSEEN.search(_JOINER_IN_USE.sub("", _without_emoji(text)))
        or validation.is_blank(text)
        or names.has_too_many_marks(text)
    ):
        raise Invalid(problem)
    if unicodedata.category(text[0])[0] == "M":
        raise Invalid(problem)
    if len(text) > longest:
        raise TooLong(problem, max=longest)
    return text


def _without_emoji(text: str) -> str:
    """The text with a space in place of each emoji: those are made of unseen code points too."""
    for found in reversed(emoji_list(text)):
        text = text[: found["match_start"]] + " " + text[found["match_end"] :]
    return text
