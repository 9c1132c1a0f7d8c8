"""A room's messages: one stream, numbered densely from 1.

The number serves as order, as cursor and to detect gaps. Where the store may have lost messages a
new ``epoch`` begins, and the numbers go on far above: so no number ever means two messages, and
within one epoch there is no gap. Messages are returned as the JSON that clients get, without being
decoded.
"""

import functools
import random
from dataclasses import dataclass, replace
from typing import Any

from chat import keys, message, validation
from chat.errors import N_, Invalid, NotFound
from chat.people import Person
from chat.store.question import Argument, Question, ScriptCall, snapshot
from chat.store.store import Store

#: Messages on a page, at the most.
PAGE_MAX = 200
#: Bytes of one page, about, however few messages they are, and of what is made up for at once.
BYTES_MAX = 1_000_000
#: Entries that one call reads beyond the messages of a page, so that it does not hold up the store.
READ_AT_ONCE = 300
#: Such entries that are read for one page, about, where it has at least one message by then.
READ_MOST = 10_000
#: Messages that a client gets when it cannot be told exactly what it missed.
FRESH = 50
#: The most messages that are made up for one by one; who missed more starts from a fresh page.
RECOVERABLE = 1000
#: How long a clientId is remembered, in ms.
REMEMBER_MS = 10 * 60 * 1000


@dataclass(slots=True)
class NewEntry:
    """A message or change that is to be stored as an entry.

    ``lease_id`` is that of the connection that must be in the room, or ''. ``extra`` are further
    arguments of the script.
    """

    room_id: str
    kind: str
    body: bytes
    sender: Person
    client_id: str | None
    lease_id: str
    extra: tuple[Argument, ...] = ()

    def store_call(self, script: str, epoch: str) -> ScriptCall:
        """The call that stores it; the answer is: 1 if it was new, seq, sentAt, userCount.

        ``epoch`` is a new epoch, in case one has to begin.
        """
        # Without a clientId a random one is used: the pipeline may have to send the command twice.
        client_id = self.client_id or f"{random.getrandbits(128):032x}"
        room, stream, conns, present, members, banned, *rest = _keys(self.room_id)
        user_id = self.sender.user_id
        # append.lua reads the account only when no lease is given: see no_speech in lua/lib.lua.
        if script != "append" or not self.lease_id:
            rest.append(keys.account(user_id))
        if script == "alter":
            rest += [keys.deleted(self.room_id), keys.marks(self.room_id)]
        sent = keys.sent(self.room_id, user_id, client_id)
        what: list[Argument] = ["", self.kind, self.body, user_id, self.sender.name, self.lease_id]
        return ScriptCall(
            script,
            [room, stream, conns, present, members, banned, sent, *rest],
            [*what, REMEMBER_MS, epoch, *self.extra],
        )


@functools.lru_cache(10_000)
def _keys(room_id: str) -> tuple[str, ...]:
    make = (keys.room, keys.stream, keys.conns, keys.present, keys.members, keys.banned)
    noted = (keys.erased, keys.edited, keys.reactions)
    counted = (keys.spoken(room_id), keys.mentions(room_id), keys.NAMES, keys.CONTROL)
    return (*(key(room_id) for key in make + noted), keys.UNARCHIVED, *counted)


@dataclass(frozen=True)
class Page:
    """Messages in ascending order, each as wire JSON.

    A page of history holds TALKs as they read now; what a client has missed is every entry.

    ``seq`` is the number of the room's newest message; ``more`` says whether further messages
    follow in the direction asked for. Messages up to ``trimmed`` are not in the stream any more,
    and up to ``lost`` some may not be: the archive has them (``chat.pages``). Between messages
    there may be very many other entries: then ``rest`` asks for the same page with what stands
    behind them. See ``complete``.
    """

    messages: list[bytes]
    epoch: str
    seq: int
    more: bool
    rest: "Question[Page] | None" = None
    trimmed: int = 0
    lost: int = 0

    @property
    def missing(self) -> int:
        """The number up to which the stream may lack messages."""
        return max(self.trimmed, self.lost)


def page(
    store: Store, room_id: str, before: object = None, after: object = None, limit: object = None
) -> Page:
    """The page that ``page_question`` asks for, completed."""
    return complete(store, store.ask(page_question(room_id, before, after, limit)))


def complete(store: Store, page: Page, *checks: Question[Any]) -> Page:
    """The whole page, after further calls if it has a ``rest``; ``checks`` are asked behind each.

    Raises what ``checks`` raise, and ``NotFound``.
    """
    while page.rest is not None:
        page, *_ = store.ask_all([page.rest, *checks])
    return page


def page_question(
    room_id: str, before: object = None, after: object = None, limit: object = None
) -> Question[Page]:
    """The newest ``limit`` messages, or those just before or just after a number.

    Each reads as it does now: with its newest text and its reactions. A page of very long messages
    has fewer than ``limit``: see ``BYTES_MAX``; and so has one with very many other entries between
    its messages: see ``READ_MOST``.

    Raises ``Invalid`` for numbers out of range and for both ``before`` and ``after``, and
    ``NotFound``.
    """
    count = FRESH if limit is None else validation.whole_number(limit, "limit", 1, PAGE_MAX)
    if before is not None and after is not None:
        raise Invalid(N_("Give before, after or around: one of them."))
    if after is not None:
        first = validation.whole_number(after, "after") + 1
        return _window(room_id, ("XRANGE", f"0-{first}", "+"), count)
    if before is not None:
        last = validation.whole_number(before, "before") - 1
        window = (f"0-{last}", "-") if last >= 1 else ("0-0", "0-0")
        return _window(room_id, ("XREVRANGE", *window), count)
    return newest(room_id, count)


def top(room_id: str) -> Question[Page]:
    """The newest entry, whatever it is. Reading raises ``NotFound``."""

    def read(answers: list[Any]) -> Page:
        (epoch, seq), entries = answers
        if epoch is None:
            raise NotFound(N_("There is no such room."))
        return Page([_wire(entry) for entry in entries], epoch.decode(), int(seq or 0), False)

    return snapshot(
        [
            ("HMGET", keys.room(room_id), "epoch", "seq"),
            ("XREVRANGE", keys.stream(room_id), "+", "-", "COUNT", 1),
        ],
        read,
    )


def newest(room_id: str, count: int = FRESH) -> Question[Page]:
    """The newest page. Reading raises ``NotFound``."""
    return _window(room_id, ("XREVRANGE", "+", "-"), count)


def since(room_id: str, seq: int, epoch: str, at: int | None = None) -> Question[Page | None]:
    """All messages after ``seq``, or ``None`` if not all of them can be given.

    That is: in another epoch, for a ``seq`` beyond the newest message, if some have been trimmed,
    or if there are too many: see ``RECOVERABLE`` and ``BYTES_MAX``. ``at`` is the ``sentAt`` of the
    message ``seq``: a store that has lost its last writes may have another message under that
    number by now. Reading raises ``NotFound``.
    """
    return _missed(room_id, seq, epoch, at, is_all=True)


def page_after(room_id: str, seq: int, epoch: str, at: int | None = None) -> Question[Page | None]:
    """The same; but if there are too many, as many of the next as may be given at once."""
    return _missed(room_id, seq, epoch, at, is_all=False)


def _missed(
    room_id: str, seq: int, epoch: str, at: int | None, is_all: bool
) -> Question[Page | None]:
    def read(answers: list[Any]) -> Page | None:
        if not answers[0]:
            return None
        top, last, erased, *flat = answers[0]
        entries = list(zip(flat[::2], flat[1::2], strict=True))
        if entries and seq and entries[0][0] == b"0-%d" % seq:
            _, last_seen = entries.pop(0)
            if at is not None and message.sent_at(last_seen) != at:
                return None
        newest = int(top)
        if len(entries) + erased != min(newest, int(last)) - seq:
            return None
        found = [message.on_wire(entry_id[2:], stored) for entry_id, stored in entries]
        return Page(found, epoch, newest, newest > int(last))

    room_keys = [keys.room(room_id), keys.stream(room_id), keys.erased(room_id)]
    args: list[Argument] = [epoch, seq, seq + RECOVERABLE, BYTES_MAX, int(is_all)]
    return Question([ScriptCall("missed", room_keys, args)], read)


def begin_epoch(store: Store, room_id: str, seq: int, epoch: str, at: int, new_epoch: str) -> bool:
    """Begin a new epoch if the message that was sent as ``seq`` is not the one stored there now."""
    room_keys = [keys.room(room_id), keys.stream(room_id)]
    return bool(store.ask(ScriptCall("begin_epoch", room_keys, [epoch, seq, at, new_epoch])))


def _window(
    room_id: str,
    command: tuple[str, str, str],
    limit: int,
    begun: Page | None = None,
    read_before: int = 0,
) -> Question[Page]:
    """``begun`` is what was found so far in this direction, among ``read_before`` entries."""
    name, start, end = command

    def read(answers: list[Any]) -> Page:
        epoch, seq, more, encrypted, stopped, trimmed, lost, *flat = answers[0]
        is_sealed = encrypted == b"1"
        messages = [_as_read(is_sealed, *flat[i : i + 4]) for i in range(0, len(flat), 4)]
        found = len(messages)
        if name == "XREVRANGE":
            messages.reverse()
        top = int(seq)
        if begun is not None:
            if begun.epoch != epoch.decode():
                # What has been found is a part of another stream than this one.
                return replace(begun, more=True, rest=None)
            if name == "XREVRANGE":
                messages, top = messages + begun.messages, begun.seq
            else:
                messages = begun.messages + messages
        page = Page(messages, epoch.decode(), top, bool(more), None, trimmed, lost)
        if not stopped:
            return page
        number_read = read_before + READ_AT_ONCE
        if messages and number_read >= READ_MOST:
            return replace(page, more=True)
        going_on = (name, stopped.decode(), end)
        return replace(page, rest=_window(room_id, going_on, limit - found, page, number_read))

    room_keys = [
        *(keys.room(room_id), keys.stream(room_id)),
        *(keys.edited(room_id), keys.reactions(room_id)),
    ]
    room_for = BYTES_MAX - sum(map(len, begun.messages)) if begun is not None else BYTES_MAX
    is_begun = begun is not None and bool(begun.messages)
    args: list[Argument] = [name, start, end, limit, room_for, READ_AT_ONCE, int(is_begun)]
    return Question([ScriptCall("page", room_keys, args)], read)


def _as_read(
    is_sealed: bool,
    entry_id: bytes,
    stored: bytes,
    edits: list[bytes],
    reactions: list[bytes],
) -> bytes:
    """A TALK as it reads now, as wire JSON."""
    talk = message.on_wire(entry_id[2:], stored)
    if edits:
        made = [message.on_wire(edits[i][2:], edits[i + 1]) for i in range(0, len(edits), 2)]
        talk = message.edited(talk, made, is_sealed)
    return message.with_reactions(talk, reactions) if reactions else talk


def _wire(entry: Any) -> bytes:
    entry_id, (_, stored) = entry
    return message.on_wire(entry_id[2:], stored)
