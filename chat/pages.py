"""Pages of messages of any age: the recent ones from the stream, the others from the archive.

A page of both is put together by numbers, and reads as all messages do now. What was done to a
message since the archive was written stands in the stream: it is applied to what the archive has.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from chat import history, keys, message, validation
from chat.archive import effects
from chat.archive.archive import Archive
from chat.archive.effects import Said
from chat.archive.page import Page as Archived
from chat.errors import N_, NotFound, OnlyArchived, Unavailable
from chat.history import BYTES_MAX, FRESH, PAGE_MAX, Page
from chat.store.question import Argument, Question, ScriptCall
from chat.store.store import Store

#: Times that something is read anew because the follower has gone on in between.
_TRIES = 3
_SEQ = re.compile(rb'\{"seq":(\d+)')


@dataclass(frozen=True)
class Around:
    """The messages on both sides of a number; ``more_before`` and ``more_after`` as in a page."""

    messages: list[bytes]
    epoch: str
    seq: int
    more_before: bool
    more_after: bool


class Pages:
    """Without an archive there are recent messages alone."""

    def __init__(self, store: Store, archive: Archive | None) -> None:
        self._store = store
        self._archive = archive

    def page(
        self,
        room_id: str,
        before: object,
        after: object,
        limit: object,
        *checks: Question[Any],
    ) -> Page:
        """The page that ``history.page_question`` asks for, with what the archive has of it.

        ``checks`` are asked behind all that is read from the store. Raises what they and
        ``history.page_question`` raise, and ``Unavailable`` where the archive would be needed.
        """
        asked = history.page_question(room_id, before, after, limit)
        page, *_ = self._store.ask_all([asked, *checks])
        page = history.complete(self._store, page, *checks)
        count = FRESH if limit is None else int(str(limit))
        if after is not None:
            return self._onwards(room_id, page, int(str(after)), count, checks)
        until = None if before is None else int(str(before))
        return self._back(room_id, page, until, count, checks)

    def newest(self, room_id: str, page: Page, count: int, *checks: Question[Any]) -> Page:
        """The newest page, of which ``page`` is what the stream has; never ``Unavailable``.

        An archive that could not be read the last time is not waited for: many may join at once.
        """
        if self._archive is not None and self._archive.trouble:
            return recent(page)
        try:
            return self._back(room_id, page, None, count, checks)
        except Unavailable:
            return recent(page)

    def around(self, room_id: str, seq: object, limit: object, *checks: Question[Any]) -> Around:
        """``limit`` messages around a number, about half of them before it. Raises as ``page``."""
        number = validation.whole_number(seq, "around")
        count = FRESH if limit is None else validation.whole_number(limit, "limit", 1, PAGE_MAX)
        later = self.page(room_id, None, max(0, number - 1), max(1, count - count // 2), *checks)
        left = count - len(later.messages)
        if left <= 0:
            return Around(later.messages, later.epoch, later.seq, number > 1, later.more)
        earlier = self.page(room_id, number, None, left, *checks)
        if earlier.epoch != later.epoch:
            raise Unavailable(N_("Older messages cannot be shown at the moment."))
        # What is known of changes is what both have: the earlier reading's.
        messages = earlier.messages + later.messages
        return Around(messages, later.epoch, later.seq, earlier.more, later.more)

    def one(self, room_id: str, seq: int, *checks: Question[Any]) -> bytes:
        """One message. Raises ``NotFound``, and as ``page``."""
        found = self.page(room_id, None, seq - 1, 1, *checks).messages
        if not found or number_of(found[0]) != seq:
            raise NotFound(N_("There is no such message."))
        return found[0]

    def behind(self, room_id: str, seq: int, user_id: str) -> tuple[Argument, ...]:
        """What the archive has behind a number, as ``lua/mark.lua`` takes it.

        Raises ``Unavailable``.
        """
        if self._archive is None:
            return 0, "", 0
        found = self._archive.behind(room_id, seq, user_id)
        return found.archived, found.first_n or "", found.own

    def facts(self, room_id: str, seq: int, with_reactions: bool) -> tuple[Argument, ...]:
        """What the archive has of a message, as ``lua/alter.lua`` takes it.

        Raises ``NotFound``, and ``Unavailable``.
        """
        if self._archive is None:
            raise NotFound(N_("There is no such message."))
        found = self._archive.one(room_id, seq)
        if not found.messages:
            raise NotFound(N_("There is no such message."))
        [said] = found.messages
        given = sorted(said.reactions) if with_reactions else []
        reactions = (f"{emoji}\0{user_id}" for emoji, user_id in given)
        mentioned = orjson.dumps(said.rest.get("mentions", []))
        return (found.archived, said.sender_id, said.n, said.edits, mentioned, *reactions)

    def _back(
        self, room_id: str, page: Page, before: int | None, count: int, checks: Sequence[Any]
    ) -> Page:
        """The page just before a number, or the newest one."""
        cut = recent(page)
        enough = len(cut.messages) >= count or (page.more and cut.messages == page.messages)
        if not page.missing or self._archive is None or enough or before == 0:
            return page if self._archive is None else cut
        most = before if before is not None else validation.NUMBER_MAX
        asked = history.page_question(room_id, before, None, count)
        for _ in range(_TRIES):
            found = self._archive.before(room_id, most, count)
            whole, old = self._with_stream(room_id, asked, found, checks)
            if old is None:
                continue
            # From here on both have everything.
            least = max(_first(whole.messages) if whole.more else 0, _first_of(found))
            joined = _joined(whole, old, found.archived, count, least=least)
            if joined.messages or not joined.more:
                return joined
            # All of these were deleted since.
            most, asked = least, history.page_question(room_id, least, None, count)
        raise _too_fast()

    def _onwards(
        self, room_id: str, page: Page, after: int, count: int, checks: Sequence[Any]
    ) -> Page:
        """The page just after a number."""
        if after >= page.missing or self._archive is None:
            return page
        asked = history.page_question(room_id, None, after, count)
        for _ in range(_TRIES):
            found = self._archive.after(room_id, after, count)
            whole, old = self._with_stream(room_id, asked, found, checks)
            if old is None:
                continue
            ends = [number_of(whole.messages[-1])] if whole.more and whole.messages else []
            if found.more_after:
                ends.append(found.messages[-1].seq)
            most = min(ends, default=validation.NUMBER_MAX)
            joined = _joined(whole, old, found.archived, count, most=most)
            if joined.messages or not joined.more:
                return joined
            after, asked = most, history.page_question(room_id, None, most, count)
        raise _too_fast()

    def _with_stream(
        self, room_id: str, asked: Question[Page], found: Archived, checks: Sequence[Any]
    ) -> tuple[Page, dict[int, bytes] | None]:
        """What the stream has, and the archive's messages with what was done to them since.

        Those are ``None`` where the follower has gone on so far that they are to be read again.
        """
        numbers = [said.seq for said in found.messages] or [0]
        changing = changes_question(room_id, numbers[0], numbers[-1], found.archived)
        page, changes, *_ = self._store.ask_all([asked, changing, *checks])
        page = history.complete(self._store, page, *checks)
        if changes is None or page.trimmed > found.archived:
            return page, None
        return page, _as_read(found.messages, *changes)


def changes_question(
    room_id: str, first: int, last: int, archived: int
) -> Question[tuple[bool, list[tuple[int, bytes]]] | None]:
    """The changes behind ``archived`` of messages with numbers from ``first`` to ``last``.

    Whether the room is encrypted, and of each its number and what is stored, in order. ``None``
    where entries behind ``archived`` have been trimmed.
    """

    def read(answers: list[Any]) -> tuple[bool, list[tuple[int, bytes]]] | None:
        is_there, *rest = answers[0]
        if not is_there:
            return None
        is_sealed, flat = rest
        return bool(is_sealed), list(zip(flat[::2], flat[1::2], strict=True))

    room_keys = [keys.room(room_id), keys.stream(room_id), keys.edited(room_id)]
    return Question([ScriptCall("changes", room_keys, [first, last, archived])], read)


def number_of(wire: bytes) -> int:
    """The number of a message as clients get it."""
    found = _SEQ.match(wire)
    assert found is not None
    return int(found[1])


def recent(page: Page) -> Page:
    """The page without what stands before a message that the archive alone may have."""
    messages = page.messages
    if not page.missing:
        return page
    if messages and number_of(messages[0]) <= page.missing:
        messages = [each for each in messages if number_of(each) > page.missing]
    return replace(page, messages=messages, more=True)


def _as_read(
    messages: Iterable[Said], is_sealed: bool, changes: Iterable[tuple[int, bytes]]
) -> dict[int, bytes]:
    """The messages as clients get them, by number, after these changes."""
    return {each.seq: each.wire() for each in changed(messages, is_sealed, changes)}


def changed(
    messages: Iterable[Said], is_sealed: bool, changes: Iterable[tuple[int, bytes]]
) -> list[Said]:
    """These messages of one room after these changes, without those that were deleted."""
    said = {each.seq: each for each in messages}
    for seq, stored in changes:
        change = orjson.loads(stored)
        target = said.get(change["ref"])
        if target is None:
            continue
        if change["type"] == message.DELETE:
            del said[target.seq]
        elif change["type"] == message.EDIT:
            effects.edit(target, seq, change, is_sealed)
        else:
            effects.react(target, change)
    return list(said.values())


def _joined(
    page: Page,
    old: dict[int, bytes],
    archived: int,
    count: int,
    least: int | None = None,
    most: int = validation.NUMBER_MAX,
) -> Page:
    """One page of what the archive has, up to ``archived``, and of what the stream has behind that.

    A store that has lost changes may have something else before it. Both have everything from
    ``least`` on, or up to ``most``. Those nearest to the number that was asked for come first, if
    there are more than ``count`` or than ``BYTES_MAX`` bytes.
    """
    recently = {number_of(each): each for each in page.messages}
    found = old | {seq: each for seq, each in recently.items() if seq > archived}
    numbers = sorted(seq for seq in found if (least or 0) <= seq <= most)
    is_back = least is not None
    if is_back:
        numbers.reverse()
    chosen: list[int] = []
    size = 0
    for seq in numbers[:count]:
        size += len(found[seq])
        if size > BYTES_MAX and chosen:
            break
        chosen.append(seq)
    more = len(chosen) < len(numbers) or bool(least) or most < validation.NUMBER_MAX
    messages = [found[seq] for seq in sorted(chosen)]
    return replace(page, messages=messages, more=more)


def _too_fast() -> OnlyArchived:
    """The follower goes on, or messages are deleted, faster than they can be read."""
    return OnlyArchived(N_("Older messages cannot be shown at the moment."))


def _first(messages: Sequence[bytes]) -> int:
    return number_of(messages[0]) if messages else 0


def _first_of(found: Archived) -> int:
    """The first number from which on the archive's page has everything; 0 if it has all."""
    return found.messages[0].seq if found.more_before else 0
