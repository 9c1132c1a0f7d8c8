"""Rules for names of new accounts, so that no two accounts have names that look alike.

Names that look alike have a common skeleton (Unicode TS 39), and a skeleton belongs to one account.
Accounts from before this rule keep their names; ``chat.validation.person_name`` accepts those.
"""

import bisect
import functools
import json
import unicodedata
from collections.abc import Iterator
from importlib import resources
from typing import Any

import regex

from chat import person_ids, validation
from chat.errors import N_, Invalid

#: Version of the skeletons. When it changes, the store's index is built anew.
VERSION = "3"
#: Combining marks on one letter at most, as in TS 39; real orthographies need no more.
MARKS_MAX = 4

# Default-ignorable code points that ``person_name`` accepts: they are invisible.
_IGNORABLE = frozenset(
    (
        *(0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x3164, 0xFFA0),
        *range(0xFE00, 0xFE10),
        *range(0xE0100, 0xE01F0),
    )
)
# Scripts that are written together: TS 39, "highly restrictive". Others stand alone.
_TOGETHER = [
    {"LATIN", "HAN", "HANGUL"},
    {"LATIN", "HAN", "HIRAGANA", "KATAKANA"},
    {"LATIN", "HAN", "BOPOMOFO"},
]


# Confusables that TS 39 does not list: letters that look the same on screens, and "vv", which looks
# like "w" as "rn" looks like "m".
_OURS = {"\u0237": "j", "\u66f0": "\u65e5", "w": "vv"}
# East Asian letters and strokes that stand alone, and the Latin letter, sign or other East Asian
# letter that each looks like; TS 39 has few of these pairs. In a syllable of Hangul such a letter
# looks otherwise: U+C774 is no "ol".
_ALONE = str.maketrans(
    "\u1175\u4e28\u110b\u1173\u4e00\u30fc\u3127\u116e\u4e05\u3112\u1102\u1110\u1162\u1100"
    "\u4e42\u3128\u30e1\u4e2b\u311a\u51f5\u3129\u531a\u3108\u1103\u1106\u1109\u1161\u110c",
    "llo----TTTLEH7XXXYYUUCCC\u53e3\u4eba\u535c\u30b9",
)
# A combining dot above a letter with a dot of its own (i, j) replaces that, so it is invisible.
_DOT = regex.compile(r"(?<=\p{Soft_Dotted}\p{M}*)\u0307")
# Combining marks without a script in Unicode; those of the first block are in use. The letters
# above letters in that block are from old manuscripts.
_MARKS_OF_ALL = regex.compile(r"[\p{scx=Zinh}&&[\u0300-\u0345]]", regex.V1)
_MEDIEVAL = regex.compile(r"[\u0363-\u036f]")
# Blocks of Latin letters for phonetics, old manuscripts and abandoned alphabets.
_NOT_IN_USE = regex.compile(
    r"[\u1d00-\u1dbf\ua720-\ua7ff\uab30-\uab6f\U00010780-\U000107bf\U0001df00-\U0001dfff]"
)


def new_name(value: object) -> str:
    """The name for a new account, or a new name, in NFC. Raises ``Invalid``."""
    name = validation.person_name(value)
    if any(ord(c) in _IGNORABLE for c in name) or has_too_many_marks(name):
        raise Invalid(N_("A name has only what can be seen, and few marks on each letter."))
    scripts = {_script(c) for c in name} - {"COMMON", "INHERITED"}
    if len(scripts) > 1 and not any(scripts <= together for together in _TOGETHER):
        raise Invalid(
            N_("A name is in one script. Latin letters may stand beside East Asian ones.")
        )
    if not all(_is_in_use(c) and _is_mark_of(c, scripts) for c in name):
        raise Invalid(N_("A name has letters and marks of a language that is written today."))
    if person_ids.is_id(validation.fold(unicodedata.normalize("NFKC", name))):
        raise Invalid(N_("A name does not look like the id of a person: add a dot or a dash."))
    return name


def skeletons(name: str) -> list[str]:
    """The skeletons of a name: as it is written, and in lower case.

    Both are needed: in ``biIl`` the third letter looks like an ``l`` only as a capital. A name with
    letters that look like others where they stand alone has the skeletons with those too.
    """
    alone = (unicodedata.normalize("NFKC", c) for c in unicodedata.normalize("NFC", name))
    drawn = "".join(alone).translate(_ALONE)
    shown = {unicodedata.normalize("NFKC", each) for each in (name, drawn)}
    return sorted({_skeleton(case) for each in shown for case in (each, each.casefold())})


def _skeleton(shown: str) -> str:
    prototypes = _prototypes()
    # Twice: what a letter looks like may be made of letters that look like others.
    for _ in range(2):
        parts = _DOT.sub("", unicodedata.normalize("NFD", shown))
        ours = (_OURS.get(c, c) for c in parts if ord(c) not in _IGNORABLE)
        shown = "".join(prototypes.get(c, c) for c in ours).casefold()
    return unicodedata.normalize("NFC", "".join(_OURS.get(c, c) for c in shown))


def _is_in_use(c: str) -> bool:
    """False for Latin letters that no language uses today, many of which look like others."""
    name = unicodedata.name(c, "")
    if not name.startswith("LATIN "):
        return True
    if "SMALL CAPITAL" in name or "TONE" in name or _NOT_IN_USE.match(c):
        return False
    # A small letter without a capital one is a sign of phonetics.
    return unicodedata.category(c) != "Ll" or c.upper() != c


def _is_mark_of(c: str, scripts: set[str]) -> bool:
    """False for a combining mark that belongs to none of these scripts."""
    if unicodedata.category(c)[0] != "M":
        return True
    if _MARKS_OF_ALL.match(c):
        return bool(scripts)
    return not _MEDIEVAL.match(c) and any(_marks_of(script).match(c) for script in scripts)


@functools.cache
def _marks_of(script: str) -> Any:
    return regex.compile(rf"\p{{scx={script}}}")


def has_too_many_marks(name: str) -> bool:
    """More marks on a letter than any language has, or one mark twice."""
    row = ""
    for c in unicodedata.normalize("NFD", name):
        row = row + c if unicodedata.category(c) in ("Mn", "Me") else ""
        # The same mark twice covers itself.
        if len(row) > MARKS_MAX or row[-2:-1] == c:
            return True
    return False


def _script(c: str) -> str:
    """The script's name in Unicode, in capitals; ``UNKNOWN`` for what the data does not know."""
    starts, ranges, scripts = _scripts()
    found = bisect.bisect_right(starts, ord(c)) - 1
    known = found >= 0 and ord(c) <= ranges[found][1]
    return scripts[ranges[found][2]] if known else "UNKNOWN"


@functools.cache
def _scripts() -> tuple[list[int], list[list[int]], list[str]]:
    data = _data("categories.json")
    ranges = sorted(data["code_points_ranges"])
    return [first for first, *_ in ranges], ranges, data["iso_15924_aliases"]


@functools.cache
def _prototypes() -> dict[str, str]:
    """Character -> the prototype of all characters that look like it.

    The data lists pairs without saying which of the two is Unicode's prototype. In each group of
    characters that look alike the prototype is the one with most pairs.
    """
    pairs: dict[str, set[str]] = {}
    for one, others in _data("confusables.json").items():
        # Right-to-left characters stand between marks of direction in the data.
        one = one.strip("\u200e")
        for other in (entry["c"].strip("\u200e") for entry in others):
            pairs.setdefault(one, set()).add(other)
            pairs.setdefault(other, set()).add(one)
    chosen: dict[str, str] = {}
    for alike in _connected(pairs):
        stands = max(sorted(alike), key=lambda each: (len(pairs[each]), len(each)))
        chosen.update((c, stands) for c in alike if len(c) == 1 and c != stands)
    return chosen


def _connected(pairs: dict[str, set[str]]) -> Iterator[set[str]]:
    seen: set[str] = set()
    for start in pairs:
        group, ahead = set(), {start} - seen
        while ahead:
            one = ahead.pop()
            group.add(one)
            ahead |= pairs[one] - group
        seen |= group
        if group:
            yield group


def _data(name: str) -> Any:
    # The package itself is not imported: it would keep all its data in memory.
    return json.loads(resources.files("confusable_homoglyphs").joinpath(name).read_text("utf-8"))
