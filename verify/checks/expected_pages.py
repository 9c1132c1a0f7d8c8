"""What a page of a room has to hold, by the entries of its stream.

Written anew, and not with Maru's own code, which it is to check.
"""

from collections import defaultdict
from collections.abc import Sequence

from verify.history import Message

#: Fields that a message has in a page only.
OF_PAGES = frozenset({"editedAt", "editClientId", "reactions"})


def talks(entries: Sequence[Message]) -> list[Message]:
    """The TALKs of a stream, each with its newest text and the reactions to it."""
    edits: dict[int, Message] = {}
    reactions: dict[int, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for entry in entries:
        if entry["type"] == "EDIT":
            edits[entry["ref"]] = entry
        elif entry["type"] == "REACT":
            given = reactions[entry["ref"]][entry["emoji"]]
            (given.add if entry["on"] else given.discard)(entry["senderId"])
    return [
        _reading(entry, edits.get(entry["seq"]), reactions[entry["seq"]])
        for entry in entries
        if entry["type"] == "TALK"
    ]


def comparable(served: Message) -> Message:
    """A message of a page, with sets where it has lists of no certain order."""
    told = served.get("reactions", {})
    return {**served, "reactions": {emoji: set(people) for emoji, people in told.items()}}


def _reading(talk: Message, edit: Message | None, reactions: dict[str, set[str]]) -> Message:
    reads = {**talk, "reactions": {emoji: given for emoji, given in reactions.items() if given}}
    if edit:
        reads |= {"message": edit["message"], "editedAt": edit["sentAt"]}
        if "clientId" in edit:
            reads["editClientId"] = edit["clientId"]
    return reads
