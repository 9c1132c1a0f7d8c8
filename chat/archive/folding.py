"""The form in which texts are searched: in one case, in one form of Unicode, in trigrams.

Both databases index trigrams. So each Hangul syllable is written as three characters: its initial
consonant, its vowel and its final consonant, or ``_NO_FINAL`` where it has none. One syllable then
is one trigram, and what is found in this form begins and ends where syllables do: 바 is not found
in 밥.
"""

import functools
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate

#: Characters of the shortest text that the index finds.
GRAM = 3
# Unicode, section 3.12: how syllables are composed.
_FIRST, _LAST, _VOWELS, _FINALS = 0xAC00, 0xD7A3, 21, 28
_INITIAL, _VOWEL = 0x1100, 0x1161
#: Where the final consonants begin; as a letter of its own it is a vowel of the 15th century.
_NO_FINAL = 0x11A7
_SPACES = dict.fromkeys(map(ord, "\t\n\r\u3000\xa0"), " ")


def fold(text: str) -> str:
    """The text in this form; all white space in it is one kind of space."""
    if text.isascii():
        return text.lower().translate(_SPACES)
    return unicodedata.normalize("NFC", text).casefold().translate(_syllables())


def grams(text: str) -> list[str]:
    """The trigrams of a text in this form, each once, in their order."""
    return list(dict.fromkeys(text[i : i + GRAM] for i in range(len(text) - GRAM + 1)))


def places(text: str, words: tuple[str, ...]) -> tuple[str, list[tuple[int, int]]]:
    """The text in NFC, and where these words, in this form, stand in it: begin and end of each.

    They are in order, and none reaches into another. A letter of which a part is found, such as
    half of ß, is found.
    """
    composed = unicodedata.normalize("NFC", text)
    if not words:
        return composed, []
    folded = fold(text)
    # Where each letter ends in the folded text.
    ends = list(accumulate(map(_length, composed)))
    found = sorted(
        (bisect_right(ends, at), bisect_right(ends, at + len(word) - 1) + 1)
        for word in words
        for at in _occurrences(folded, word)
    )
    joined: list[tuple[int, int]] = []
    for begin, end in found:
        if joined and begin < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return composed, joined


def _length(letter: str) -> int:
    """Of the letter in this form."""
    if letter.isascii():
        return 1
    return 3 if _FIRST <= ord(letter) <= _LAST else len(letter.casefold())


def _occurrences(text: str, word: str) -> Iterator[int]:
    at = text.find(word)
    while at >= 0:
        yield at
        at = text.find(word, at + len(word))


@functools.cache
def _syllables() -> dict[int, str]:
    table: dict[int, str] = dict(_SPACES)
    for code in range(_FIRST, _LAST + 1):
        rest, final = divmod(code - _FIRST, _FINALS)
        initial, vowel = divmod(rest, _VOWELS)
        table[code] = chr(_INITIAL + initial) + chr(_VOWEL + vowel) + chr(_NO_FINAL + final)
    return table
