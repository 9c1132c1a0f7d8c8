"""Where a message stands among all messages of all rooms: in the order in which they were said.

A position is the time in ms, and below that 20 bits: the number in the room, so that a room's
messages of one ms stay in order, and a hash of the room.
"""

import zlib

#: Bits below the time, of which half are of the number.
_BITS, _HALF = 20, 10
#: The latest time that fits into a row's id, in ms.
_LATEST = 2 ** (63 - _BITS) - 1
#: Behind every message.
END = 2**63 - 1


def at(ms: int) -> int:
    """The first position of a time."""
    return min(max(ms, 0), _LATEST) << _BITS


def of(sent_at: int, room_id: str, seq: int) -> int:
    """The position of a message, if no other message has it (``chat.archive.recorder``)."""
    low = 2**_HALF - 1
    return at(sent_at) | (seq & low) << _HALF | zlib.crc32(room_id.encode()) & low
