"""Whom a text may mention: ``@name``, ``@here`` and ``@all``, outside code.

A Hangul honorific or particle may follow a name without a space, and a name may end as one does:
so there are several readings of each ``@``, the longest first. The script that stores the message
takes the first that is a member's name (``lua/lib_stream.lua``).
"""

import json
import unicodedata
from collections.abc import Iterator

import regex

from chat import validation

#: Words that mention everybody who is here now, or who belongs to the room.
HERE, ALL = "here", "all"
#: Mentions of one message that are looked up.
MOST = 50
_LETTER = r"[\p{L}\p{M}\p{N}._\-]"
_AT = regex.compile(rf"(?<![A-Za-z0-9._%+\-/])@({_LETTER}{{2,64}})")
_HONORIFIC = "(?:[가-힣]{0,4}님|씨|군|양|형|누나|언니|오빠|선배|쌤|샘)?"
_PARTICLES = (
    "이|가|은|는|을|를|과|와|랑|이랑|에게|에게서|한테|한테서|께|께서|도|만|의|야|아|여|이여|이야|로|으로|부터|까지"
    "|처럼|보다|하고|이나|나|네|들|라고|이라고|마다|조차|밖에|뿐|라도|이라도|요|이요|예요|이에요|입니다"
)
#: What may stand between a name and the end of the word.
_BEHIND = regex.compile(rf"{_HONORIFIC}(?:{_PARTICLES}){{0,4}}[._\-]*")


def readings(text: str) -> str:
    """The readings of each ``@``, as JSON for the scripts; '' where there is none.

    A reading is a name as names are compared, or ``*here`` or ``*all``.
    """
    if "@" not in text:
        return ""
    found = []
    for word in dict.fromkeys(_words(unicodedata.normalize("NFC", text))):
        of_word = list(_readings(word))
        if of_word:
            found.append(of_word)
    return json.dumps(found[:MOST]) if found else ""


def _words(text: str) -> Iterator[str]:
    for part in outside_code(text):
        yield from _AT.findall(part)


def _readings(word: str) -> Iterator[str]:
    for length in range(min(len(word), validation.NAME_MAX), 1, -1):
        if _BEHIND.fullmatch(word, length):
            name = validation.fold(word[:length])
            yield f"*{name}" if name in (HERE, ALL) else name


def outside_code(text: str) -> Iterator[str]:
    """The parts of a text that are not code: of it ``chat.web.pages.markup`` makes the same."""
    parts = text.split("```")
    unclosed = [f"```{parts.pop()}"] if len(parts) % 2 == 0 else []
    for part in [*parts[::2], *unclosed]:
        pieces = part.split("`")
        for i, piece in enumerate(pieces):
            is_code = i % 2 and i < len(pieces) - 1 and piece and "\n" not in piece
            if not is_code:
                yield piece
