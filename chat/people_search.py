"""Finding people by a part of their name or display name.

The index is a sorted set of all endings of names and display names, so that a search reads only
what it finds: whatever contains the sought text has an ending that begins with it. Hangul is found
by initial consonants too (``ㅂㄹ`` or ``보ㄹ`` finds 보라): their endings are in the index as well.

An entry counts only where the person still has it, so one that was left behind does no harm.
"""

import base64
import binascii
import unicodedata
from collections.abc import Iterator

from chat import keys, people, validation
from chat.batched import batched
from chat.errors import N_, Invalid
from chat.people import Person
from chat.store.store import Store

#: People on a page, at the most.
PAGE_MAX = 200
#: Entries that one call looks at, about, however few people the page wants.
LOOKED_AT = 1000
#: Entries that are read at a time.
_CHUNK = 200
#: Characters of an ending in the index, and people who are noted together while it is built.
_ENDING, _TOGETHER = 24, 50
#: Characters of a name, and of a cursor, that are looked at: a compatibility form can be long.
_LONGEST, _CURSOR_MAX = 96, 400
#: The entry that says that the index is there; the number grows when the entries change.
_MARK = b"!1"
#: Kinds of entries: an ending from the beginning of a word, or from the middle of one.
_WORD, _MIDDLE = "0", "1"
#: The same of endings in which each syllable is its initial consonant.
_OF_CONSONANTS = {_WORD: "2", _MIDDLE: "3"}
# Unicode, section 3.12: a syllable's initial consonant, by its number in the block.
_SYLLABLES, _PER_INITIAL, _INITIALS = 0xAC00, 588, 0x1100


def page(
    store: Store, q: str = "", cursor: str = "", limit: int = 50, everyone: bool = False
) -> tuple[list[Person], str | None]:
    """People with ``q`` in a name, words that begin with it first; and the next page's cursor.

    Without ``q`` it is all people. Deactivated ones are left out, unless ``everyone`` is true. One
    call looks at ``LOOKED_AT`` entries at most: so a page may have fewer people than ``limit``, or
    none, although there are more. Raises ``Invalid``.
    """
    validation.whole_number(limit, "limit", 1, PAGE_MAX)
    wanted = _form(validation.sought(q))
    after = _parse_cursor(cursor)
    _build_once(store)
    found: list[Person] = []
    looked_at = 0
    for kind in _kinds(wanted):
        first = f"{kind}{_key(wanted)}".encode()
        while after is None or after[:1] <= kind.encode():
            entries = _entries_after(store, first, after)
            known = people.find_by_ids(store, map(_user_id, entries))
            for entry in entries:
                person = known.get(_user_id(entry))
                may_be_shown = person is not None and (everyone or not person.deactivated)
                if person and may_be_shown and entry == _first_entry(person, wanted):
                    if len(found) == limit:
                        return found, _cursor(after)
                    found.append(person)
                after = entry
            looked_at += len(entries)
            if looked_at >= LOOKED_AT:
                return found, _cursor(after)
            if len(entries) < _CHUNK:
                break
    return found, None


def shown_as(store: Store, text: str) -> list[Person]:
    """Active people whose display name this is; as in a search, case does not tell them apart."""
    wanted = _form(" ".join(text.split()))
    if not wanted:
        return []
    _build_once(store)
    first = f"{_WORD}{wanted[:_ENDING]}\0".encode()
    known = people.find_by_ids(store, map(_user_id, _entries_after(store, first, None)))
    return [
        person
        for person in known.values()
        if _form(person.display_name) == wanted and not person.deactivated
    ]


def terms(person: Person) -> list[str]:
    """The entries of a person in the index."""
    entries = set()
    for kind, ending in _endings(person):
        entries.add(_entry(kind, ending, person))
        if any(_is_syllable(c) or _is_initial(c) for c in ending):
            entries.add(_entry(_OF_CONSONANTS[kind], _consonants(ending), person))
    return sorted(entries)


def _build_once(store: Store) -> None:
    if store.ask(("ZSCORE", keys.TERMS, _MARK)) is None:
        build(store)


def build(store: Store) -> None:
    """Note everybody in the index, where that has not been done in this version."""
    user_ids = [member.decode() for member in store.ask(("SMEMBERS", keys.PEOPLE))]
    # A few at a time: the worker serves others in between.
    for some in batched(user_ids, _TOGETHER):
        found = people.find_by_ids(store, some)
        entries = [term for person in found.values() for term in terms(person)]
        store.redis.zadd(keys.TERMS, dict.fromkeys(entries, 0))
    store.ask(("ZADD", keys.TERMS, 0, _MARK))


def _entries_after(store: Store, first: bytes, after: bytes | None) -> list[bytes]:
    """The next entries that begin with ``first``, behind ``after`` in the index's order."""
    begin = b"[" + first if after is None or after < first else b"(" + after
    entries: list[bytes] = store.ask(
        ("ZRANGEBYLEX", keys.TERMS, begin, b"(" + first + b"\xff", "LIMIT", 0, _CHUNK)
    )
    return entries


def _first_entry(person: Person, wanted: str) -> bytes | None:
    """Of the entries by which a search finds this person, the first in its order; or none."""
    by_consonants = any(map(_is_initial, wanted))
    fitting = [
        _entry(_OF_CONSONANTS[kind], _consonants(ending), person)
        if by_consonants
        else _entry(kind, ending, person)
        for kind, ending in _endings(person)
        if _fits(ending, wanted) and (wanted or kind == _WORD)
    ]
    return min(fitting).encode() if fitting else None


def _endings(person: Person) -> Iterator[tuple[str, str]]:
    """All endings of a person's names, each with its kind."""
    for text in dict.fromkeys(map(_form, (person.name, person.display_name))):
        for i, c in enumerate(text):
            if not c.isspace():
                yield _MIDDLE if i and text[i - 1].isalnum() else _WORD, text[i:]


def _entry(kind: str, ending: str, person: Person) -> str:
    return f"{kind}{ending[:_ENDING]}\0{person.user_id}"


def _user_id(entry: bytes) -> str:
    return entry.rpartition(b"\0")[2].decode()


def _kinds(wanted: str) -> tuple[str, ...]:
    """The kinds of entries to look at, in this order."""
    if not wanted:
        return (_WORD,)
    if any(map(_is_initial, wanted)):
        return _OF_CONSONANTS[_WORD], _OF_CONSONANTS[_MIDDLE]
    return _WORD, _MIDDLE


def _key(wanted: str) -> str:
    """What the entries begin with that a search looks at."""
    of_kind = _consonants(wanted) if any(map(_is_initial, wanted)) else wanted
    return of_kind[:_ENDING]


def _fits(ending: str, wanted: str) -> bool:
    """Does the ending begin with what is wanted? A consonant fits each syllable that it begins."""
    return len(ending) >= len(wanted) and all(
        c == w or (_is_initial(w) and _consonants(c) == w)
        for c, w in zip(ending, wanted, strict=False)
    )


def _form(text: str) -> str:
    """The form in which texts are compared."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFC", folded).strip()[:_LONGEST]


def _is_syllable(c: str) -> bool:
    return "가" <= c <= "힣"


def _is_initial(c: str) -> bool:
    return "\u1100" <= c <= "\u1112"


def _consonants(text: str) -> str:
    """The text with the initial consonant in place of each Hangul syllable."""
    return "".join(
        chr(_INITIALS + (ord(c) - _SYLLABLES) // _PER_INITIAL) if _is_syllable(c) else c
        for c in text
    )


def _cursor(entry: bytes | None) -> str:
    return base64.urlsafe_b64encode(entry or b"").decode().rstrip("=")


def _parse_cursor(cursor: str) -> bytes | None:
    if not cursor:
        return None
    try:
        entry = base64.b64decode(
            cursor[:_CURSOR_MAX] + "=" * (-len(cursor) % 4), b"-_", validate=True
        )
    except (binascii.Error, ValueError):
        entry = b""
    if len(cursor) > _CURSOR_MAX or entry[:1] not in (b"0", b"1", b"2", b"3"):
        raise Invalid(N_("That cursor is not one of ours."))
    return entry
