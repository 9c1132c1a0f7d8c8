"""Keys of version 1, and those that version 2 has in their place, as they are at this step."""

from chat import keys

VERSION = "2"


def signs_of_1() -> list[str]:
    """A store of version 1 that holds anything has one of these."""
    return [old("users"), old("rooms")]


def old(rest: str) -> str:
    """A key that is one of a kind: ``users``, ``owned``, ``founder``…"""
    return keys.PREFIX + rest


def user(folded: str, what: str = "") -> str:
    """An account of version 1, and what it has besides: ``places``, ``inviters``, ``refused``,
    ``rooms`` (the private ones it is a member of), ``owned``."""
    return f"{keys.PREFIX}user:{folded}{what and ':' + what}"


def person(user_id: str, what: str = "") -> str:
    """The same of version 2."""
    return f"{keys.PREFIX}person:{user_id}{what and ':' + what}"


def room(room_id: str, what: str = "") -> str:
    """A room, or something of it, in both versions."""
    return f"{keys.PREFIX}room:{{{room_id}}}{what and ':' + what}"


def room_id_of(key: str) -> tuple[str, str]:
    """The room id in the name of one of a room's keys, and what it holds: '' is the room itself."""
    room_id, _, rest = key.removeprefix(keys.PREFIX + "room:{").partition("}")
    return room_id, rest.removeprefix(":")


#: Names without an account, whose words are still in some room -> the userId that they get.
#: Only there while a store is carried over.
def strangers() -> str:
    return old("strangers")
