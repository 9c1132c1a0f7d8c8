"""The index of open rooms: by activity, and by every ending of their names.

Whatever contains the sought text has an ending that begins with it. So a search reads what it
finds, and no other rooms. An entry counts only while the room has that name: one that was left
behind does no harm. Private rooms are not in the index: their members know them.
"""

import unicodedata

from chat import keys
from chat.store.question import Command
from chat.store.store import Store

#: Characters of an ending in the index: what is sought beyond them is compared with the name.
_ENDING = 24
#: The entry that says that the index is there; the number grows when the entries change.
_MARK = b"!1"


def folded(name: str) -> str:
    """The name in the form in which it is compared."""
    return unicodedata.normalize("NFC", name).casefold()


def lists() -> list[str]:
    """The keys of the lists of all rooms, as scripts take them: see ``add_to_all_rooms``."""
    return [keys.ROOMS, keys.OPEN_ROOMS, keys.ROOM_NAMES]


def entries(room_id: str, name: str, private: bool) -> list[str]:
    """What stands in the index for a name of a room; nothing for a private one."""
    if private:
        return []
    text = folded(name)
    return sorted({f"{text[at : at + _ENDING]}\0{room_id}" for at in range(len(text))})


def add_commands(room_id: str, name: str, active_at: int) -> list[Command]:
    """The commands that add an open room of an older store.

    ``active_at`` is in ms, and counts only for a room that is not in the index yet.
    """
    scored = [part for entry in entries(room_id, name, False) for part in (0, entry)]
    return [
        ("ZADD", keys.OPEN_ROOMS, "NX", active_at, room_id),
        ("ZADD", keys.ROOM_NAMES, *scored),
    ]


def is_built(store: Store) -> bool:
    """Whether the rooms of an older store are in the index."""
    return store.ask(("ZSCORE", keys.ROOM_NAMES, _MARK)) is not None


def note_built(store: Store) -> None:
    """Note that they are."""
    store.ask(("ZADD", keys.ROOM_NAMES, 0, _MARK))


def matching(store: Store, wanted: str, most: int) -> set[str] | None:
    """The open rooms whose names may have ``wanted`` (folded); ``None`` for more than ``most``."""
    beginning = wanted[:_ENDING].encode()
    between = b"[" + beginning, b"[" + beginning + b"\xff"
    if store.ask(("ZLEXCOUNT", keys.ROOM_NAMES, *between)) > most:
        return None
    entries: list[bytes] = store.ask(("ZRANGEBYLEX", keys.ROOM_NAMES, *between))
    return {entry.rpartition(b"\0")[2].decode() for entry in entries}
