"""Messages that were found, as pages and the API show them: each with its room and an excerpt."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from flask import request

from chat import memberships, people, search_query
from chat.people import Person
from chat.search import Hit
from chat.search_query import Query
from chat.web import i18n
from chat.web.pages.rail import called
from chat.web.services import services

#: Characters of an excerpt, about: before the first word that was found, and behind it.
_BEFORE, _BEHIND = 60, 160
#: How far an excerpt is made longer or shorter, so that it begins and ends between words.
_GIVE = 15
_BREAK = "…"
#: What belongs to the character before: marks, variation selectors, skin tones, joiners.
_JOINED = re.compile("[\u0300-\u036f\u200d\u20d0-\u20ff\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]")


@dataclass(frozen=True)
class FoundMessage:
    """A hit, with its room as the person calls it, and an excerpt of its text.

    ``parts`` are the excerpt's pieces, each with whether it is one of the words. ``sender`` is what
    the sender is shown as, and ``gone`` as in ``people.Person``.
    """

    hit: Hit
    room_name: str
    sender: str
    gone: str
    before: str
    match: str
    after: str
    parts: list[tuple[str, bool]]

    def wire(self) -> dict[str, Any]:
        room = self.hit.room
        return {
            "room": {"roomId": room.room_id, "name": self.room_name, "kind": room.kind},
            "message": orjson.Fragment(self.hit.said.wire()),
            "before": self.before,
            "match": self.match,
            "after": self.after,
        }


def asked_query(person: Person) -> Query:
    """The query of this request, in ``q`` and beside it. Raises ``Invalid``, ``TooLong``."""
    given, zone = request.args, i18n.zone(person.time_zone)
    query = search_query.parse(given.get("q", ""), zone)
    query.people += [given["from"]] if given.get("from", "").strip() else []
    query.rooms += [given["in"]] if given.get("in", "").strip() else []
    since, until, has = (given.get(name) or None for name in ("since", "until", "has"))
    search_query.add_limits(query, since, until, has, zone)
    return query


def found_messages(person: Person, hits: Sequence[Hit]) -> list[FoundMessage]:
    store = services().store
    rooms = {hit.room.room_id: hit.room for hit in hits}
    members = memberships.people_of_direct(store, person, rooms.values())
    ids = {user_id for of in members.values() for user_id in of}
    known = people.find_by_ids(store, ids | {hit.said.sender_id for hit in hits})
    shown = {user_id: each.shown for user_id, each in known.items()}
    names = {i: called(r, person, members.get(i, ()), shown).name for i, r in rooms.items()}
    return [
        _found_message(hit, names[hit.room.room_id], known.get(hit.said.sender_id)) for hit in hits
    ]


def _found_message(hit: Hit, room_name: str, sender: Person | None) -> FoundMessage:
    text = hit.text
    name = sender.shown if sender else str(hit.said.rest.get("sender", ""))
    first, last = hit.places[0] if hit.places else (0, 0)
    begin = _begin(text, max(0, first - _BEFORE), first)
    end = _end(text, min(len(text), last + _BEHIND), last)
    parts: list[tuple[str, bool]] = []
    at = begin
    for place_begin, place_end in hit.places:
        if place_begin >= end:
            break
        parts += [(text[at:place_begin], False), (text[place_begin : min(place_end, end)], True)]
        at = min(place_end, end)
    parts.append((text[at:end], False))
    if begin:
        parts.insert(0, (_BREAK, False))
    if end < len(text):
        parts.append((_BREAK, False))
    before = (_BREAK if begin else "") + text[begin:first]
    after = text[last:end] + (_BREAK if end < len(text) else "")
    shown = [(part, is_marked) for part, is_marked in parts if part]
    gone = sender.gone if sender else ""
    return FoundMessage(hit, room_name, name, gone, before, text[first:last], after, shown)


def _begin(text: str, at: int, most: int) -> int:
    """Where an excerpt begins: at a word's beginning, if one is near."""
    if not at:
        return 0
    space = re.compile(r"\s").search(text, at, min(at + _GIVE, most))
    return space.end() if space else _whole(text, at)


def _end(text: str, at: int, least: int) -> int:
    if at == len(text):
        return at
    spaces = [found.start() for found in re.finditer(r"\s", text[max(at - _GIVE, least) : at])]
    return max(at - _GIVE, least) + spaces[-1] if spaces else _whole(text, at)


def _whole(text: str, at: int) -> int:
    """The same place, or one before it that cuts no letter into pieces."""
    while at and _JOINED.match(text, at):
        at -= 1
    return at
