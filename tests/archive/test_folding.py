"""The form in which texts are searched means the same as the text that people read."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from chat.archive.folding import fold, grams, places

LETTERS = st.sampled_from(
    "가각간밥바회의ㄱㅏaAßſİiéÉ\u0301\u1100\u1161\u11a8\u11a7 %_\U0001f44d\U0001f3fd"
)
TEXTS = st.text(LETTERS, max_size=12)


def plain(text):
    return unicodedata.normalize("NFC", text).casefold()


@given(TEXTS, st.text(LETTERS, min_size=1, max_size=3))
def test_a_word_is_found_where_it_stands_in_the_text(text, word):
    """Of texts in which each syllable is one character: of others it may be found as well."""
    if not set(text + word) & {"\u1100", "\u1161", "\u11a8", "\u11a7"}:
        assert (fold(word) in fold(text)) == (plain(word) in plain(text))
    elif plain(word) in plain(text):
        assert fold(word) in fold(text)


@given(TEXTS, st.lists(st.text(LETTERS, min_size=1, max_size=3), min_size=1, max_size=3))
def test_places_cover_the_words_in_order(text, words):
    folded = tuple(map(fold, words))
    composed, found = places(text, folded)
    assert composed == unicodedata.normalize("NFC", text)
    assert bool(found) == any(word in fold(text) for word in folded)
    ends = [0, *(place for pair in found for place in pair), len(composed)]
    assert ends == sorted(ends) and all(begin < end for begin, end in found)
    if len(words) == 1:
        assert all(folded[0] in fold(composed[begin:end]) for begin, end in found)


@given(st.text(LETTERS, max_size=12))
def test_every_form_of_a_text_is_one(text):
    decomposed = unicodedata.normalize("NFD", text)
    assert fold(decomposed) == fold(text) == fold(unicodedata.normalize("NFC", text))


def test_a_syllable_is_one_trigram():
    assert [len(grams(fold(each))) for each in ("밥", "바", "회의", "hi", "hey")] == [1, 1, 4, 0, 1]
