"""The rows of a conversation: how each message stands to the one above it, and who is shown.

``static/js/timeline.js`` decides the same for what comes later.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from chat.web import i18n

#: Messages of one person closer than this form a group.
_GROUP_MS = 5 * 60 * 1000

#: A message as the wire has it, as it reads now.
Talk = Mapping[str, Any]


@dataclass(frozen=True)
class MessageRow:
    """``shown`` is the sender's present name; ``reactions`` are userIds and shown names by emoji.

    ``gone``: the sender's account is ``deactivated`` or ``deleted``.

    ``begins_day``: it is the first message of its day. ``follows``: it belongs to the group of the
    message above, so that its head is not shown.
    """

    talk: Talk
    shown: str
    reactions: dict[str, dict[str, str]]
    begins_day: bool
    follows: bool
    gone: str = ""


def people_of(talks: Iterable[Talk]) -> set[str]:
    """The userIds of those who have sent these messages or reacted to them."""
    found = set()
    for talk in talks:
        found.add(talk["senderId"])
        for user_ids in talk.get("reactions", {}).values():
            found.update(user_ids)
    return found


def message_rows(
    talks: Iterable[Talk], shown: Mapping[str, str], gone: Mapping[str, str]
) -> list[MessageRow]:
    """``talks`` are ascending; ``shown`` are the names of people by userId.

    ``gone`` says by userId whose accounts are ``deactivated`` or ``deleted``.
    """
    rows = []
    above, day_above = None, ""
    for talk in talks:
        day = i18n.day(talk["sentAt"])
        rows.append(
            MessageRow(
                talk,
                shown=shown.get(talk["senderId"], talk["sender"]),
                reactions={
                    emoji: {user_id: shown.get(user_id, user_id) for user_id in user_ids}
                    for emoji, user_ids in talk.get("reactions", {}).items()
                },
                begins_day=day != day_above,
                follows=day == day_above and above is not None and _is_grouped(above, talk),
                gone=gone.get(talk["senderId"], ""),
            )
        )
        above, day_above = talk, day
    return rows


def _is_grouped(above: Talk, talk: Talk) -> bool:
    is_same_person: bool = above["senderId"] == talk["senderId"]
    return is_same_person and talk["sentAt"] - above["sentAt"] < _GROUP_MS
