"""What somebody types to find messages: words, ``"…"``, and filters such as ``from:bora``.

Nothing else has a meaning: every other character is searched for as it is.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo

from chat import validation
from chat.archive.folding import GRAM, fold
from chat.errors import N_, Invalid

#: Characters of a query, and words and names in it.
LENGTH_MAX, WORDS_MAX = 200, 10
#: The filters, as they begin in a query.
FILTERS = ("from", "in", "has", "before", "after")
LINK, FILE = "link", "file"

_PART = re.compile(r'(?:(?P<filter>[A-Za-z]+):)?(?:"(?P<quoted>[^"]*)(?:"|$)|(?P<plain>[^\s"]+))')
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MS = re.compile(r"\d{1,16}", re.ASCII)
_BAD_DATE = N_("A date is written as in 2026-01-31.")


@dataclass
class Query:
    """What a message has to be like: all of ``words``, in the form of ``chat.archive.folding``.

    ``people`` and ``rooms`` are names or ids: of each one of them. ``since`` and ``until`` are
    in ms: from then on, and before then. ``has`` are ``LINK`` and ``FILE``.
    """

    words: list[str] = field(default_factory=list)
    people: list[str] = field(default_factory=list)
    rooms: list[str] = field(default_factory=list)
    since: int = 0
    until: int | None = None
    has: set[str] = field(default_factory=set)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was asked for."""
        return self == Query()


def parse(q: object, zone: tzinfo = UTC) -> Query:
    """The query; days are those of the time zone. Raises ``Invalid``, ``TooLong``."""
    message = N_("A search has at most %(max)s characters.")
    text = validation.line(q, LENGTH_MAX, message)
    # What cannot stand in a message is taken for white space.
    text = "".join(" " if unicodedata.category(c) == "Cc" else c for c in text)
    query = Query()
    for part in _PART.finditer(text):
        kind = (part["filter"] or "").lower()
        value = (part["quoted"] if part["plain"] is None else part["plain"]).strip()
        if kind in FILTERS and value:
            _filter(query, kind, value, zone)
        elif kind and part["quoted"] is not None:
            # A word with a colon, and a quotation right after it.
            _words(query, f"{part['filter']}:", value)
        elif kind:
            _words(query, f"{part['filter']}:{value}")
        else:
            _words(query, value)
    if len(query.words) + len(query.people) + len(query.rooms) > WORDS_MAX:
        raise Invalid(N_("A search has at most %(max)s words."), max=WORDS_MAX)
    if query.words and max(map(len, query.words)) < GRAM - 1:
        raise Invalid(N_("A search needs a syllable of Hangul, or two other characters."))
    return query


def add_limits(query: Query, since: object, until: object, has: object, zone: tzinfo) -> None:
    """Add what was given beside the text: each may be ``None``. Raises ``Invalid``."""
    for kind, value in (("after", since), ("before", until), ("has", has)):
        if value is not None:
            _filter(query, kind, str(value), zone)


def _words(query: Query, *texts: str) -> None:
    query.words += (word for text in texts if (word := fold(text)) and word not in query.words)


def _filter(query: Query, kind: str, value: str, zone: tzinfo) -> None:
    if kind == "from":
        query.people.append(value.removeprefix("@"))
    elif kind == "in":
        query.rooms.append(value.removeprefix("#"))
    elif kind == "after":
        query.since = max(query.since, _ms(value, zone))
    elif kind == "before":
        until = _ms(value, zone)
        query.until = until if query.until is None else min(query.until, until)
    elif value.lower() in (LINK, FILE):
        query.has.add(value.lower())
    else:
        raise Invalid(N_("A message has a link or a file: has:link, has:file."))


def _ms(value: str, zone: tzinfo) -> int:
    """A time in ms, as such or as the beginning of a day."""
    if _DAY.fullmatch(value):
        try:
            day = date.fromisoformat(value)
            midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
            # As the zone is at that moment; pytz has no zone that a date could be made in.
            begin = midnight - _offset(midnight, zone)
            begin = midnight - _offset(begin, zone)
            return max(0, int(begin.timestamp() * 1000))
        except (ValueError, OverflowError):
            raise Invalid(_BAD_DATE) from None
    if _MS.fullmatch(value) and int(value) <= validation.NUMBER_MAX:
        return int(value)
    raise Invalid(_BAD_DATE)


def _offset(moment: datetime, zone: tzinfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()
