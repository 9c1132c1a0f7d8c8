"""The rows of a conversation: each message as it reads now, and how it stands to the one above it.

``static/js/changes.js`` and ``static/js/timeline.js`` decide the same for what comes later.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chat.web import i18n

#: Messages of one person closer than this form a group.
_GROUP_MS = 5 * 60 * 1000

#: A message or a change as the wire has it.
Entry = Mapping[str, Any]


@dataclass(frozen=True)
class MessageRow:
    """``reactions`` has the names of those who reacted, by emoji; ``talk`` is the TALK itself.

    ``begins_day``: it is the first message of its day. ``follows``: it belongs to the group of the
    message above, so that its head is not shown.
    """

    talk: Entry
    text: str
    edited: bool
    reactions: dict[str, list[str]]
    begins_day: bool
    follows: bool


@dataclass
class _Changes:
    """What was done to one message."""

    edits: list[Entry] = field(default_factory=list)
    #: By emoji and person: whether the reaction is there.
    reactions: dict[str, dict[str, bool]] = field(default_factory=dict)

    def edit(self, change: Entry) -> None:
        # One that was stored twice must not undo a later one.
        client_id = change.get("clientId")
        if not client_id or client_id not in {edit.get("clientId") for edit in self.edits}:
            self.edits.append(change)

    def react(self, change: Entry) -> None:
        people = self.reactions.setdefault(change["emoji"], {})
        people[change["sender"]] = change["on"]

    def reactions_now(self) -> dict[str, list[str]]:
        now = {
            emoji: [name for name, is_on in people.items() if is_on]
            for emoji, people in self.reactions.items()
        }
        return {emoji: names for emoji, names in now.items() if names}


def message_rows(messages: Iterable[Entry]) -> list[MessageRow]:
    """``messages`` are ascending, with the changes behind what they change."""
    talks: list[Entry] = []
    changes: dict[int, _Changes] = {}
    for entry in messages:
        if entry["type"] == "TALK":
            talks.append(entry)
        elif entry["type"] == "EDIT":
            changes.setdefault(entry["ref"], _Changes()).edit(entry)
        elif entry["type"] == "REACT":
            changes.setdefault(entry["ref"], _Changes()).react(entry)
    rows = []
    above, day_above = None, ""
    for talk in talks:
        day = i18n.day(talk["sentAt"])
        done = changes.get(talk["seq"], _Changes())
        rows.append(
            MessageRow(
                talk,
                text=done.edits[-1]["message"] if done.edits else talk["message"],
                edited=bool(done.edits),
                reactions=done.reactions_now(),
                begins_day=day != day_above,
                follows=day == day_above and above is not None and _is_grouped(above, talk),
            )
        )
        above, day_above = talk, day
    return rows


def _is_grouped(above: Entry, talk: Entry) -> bool:
    is_same_person: bool = above["sender"] == talk["sender"]
    return is_same_person and talk["sentAt"] - above["sentAt"] < _GROUP_MS
