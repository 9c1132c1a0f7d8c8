"""Every Redis key and channel of Maru.

The keys of one room share the hash tag ``{room_id}``, those of the reaper ``{presence}``: a script
over them touches one slot of a cluster. Everything else is a key of its own.
"""

#: In front of all of them. Each process has one: see ``chat.key_prefix``.
PREFIX = "maru:"

#: ZSET of all room ids by the time of their last message, in ms.
ROOMS = PREFIX + "rooms"
#: ZSET of the ids of open rooms by the time of their last message, in ms.
OPEN_ROOMS = PREFIX + "open-rooms"
#: ZSET, all scored 0, of every ending of an open room's name (folded), a zero byte and its id.
ROOM_NAMES = PREFIX + "room-names"
#: ZSET of rooms with somebody in them, by when they need a look from the reaper, in ms.
OCCUPIED = PREFIX + "{presence}:occupied"
#: When a reaper last asked for work, and until when none is given out: ``<ms> <ms>``.
REAPED = PREFIX + "{presence}:reaped"
#: SET of the keys of all accounts (the folded name).
USERS = PREFIX + "users"
#: The folded name of the account that was made first.
FOUNDER = PREFIX + "founder"
#: A trace of the secrets that tokens and cookies are signed with.
SECRETS = PREFIX + "secrets"
#: HASH of what names look like (their skeletons) to the folded names; "" is the way they were made.
SKELETONS = PREFIX + "skeletons"
#: Present once every room is in its owner's set: there were none before.
OWNED = PREFIX + "owned"
#: Channel on which workers tell each other of revocations, of changed rooms, and that they live.
CONTROL = PREFIX + "control"


def room(room_id: str) -> str:
    """HASH of the room; the room's channel has the same name."""
    return f"{PREFIX}room:{{{room_id}}}"


def stream(room_id: str) -> str:
    """STREAM of stored messages, with ids ``0-<seq>``."""
    return room(room_id) + ":stream"


def conns(room_id: str) -> str:
    """ZSET of connections (``<connection>:<name>``) by the end of their lease, in ms."""
    return room(room_id) + ":conns"


def people(room_id: str) -> str:
    """HASH of the people present to the number of their connections."""
    return room(room_id) + ":people"


def members(room_id: str) -> str:
    """SET of the names of those who may enter a private room."""
    return room(room_id) + ":members"


def erased(room_id: str) -> str:
    """ZSET of the numbers whose messages were deleted, scored by themselves."""
    return room(room_id) + ":erased"


def edits(room_id: str) -> str:
    """HASH of an edited message's number to those of its edits, as before there was ``edited``."""
    return room(room_id) + ":edits"


def edited(room_id: str) -> str:
    """ZSET of the numbers of edits, scored by those of the messages that they change."""
    return room(room_id) + ":edited"


def reactions(room_id: str) -> str:
    """ZSET of who has put which emoji under which message, in order of the messages' numbers."""
    return room(room_id) + ":reactions"


def closed(room_id: str) -> str:
    """The CLOSE of a deleted room, for workers that missed it. Kept for a day."""
    return room(room_id) + ":closed"


def of_room(room_id: str) -> list[str]:
    """All that a room has, but what is remembered of it for a while."""
    made = (room, closed, stream, conns, people, members, erased, edits, edited, reactions)
    return [key(room_id) for key in made]


def sent(room_id: str, name: str, client_id: str) -> str:
    """What a ``clientId`` of this sender led to: ``<seq> <sentAt> <userCount> <what>``."""
    return f"{room(room_id)}:sent:{name}:{client_id}"


def typing(room_id: str) -> str:
    """Channel for who is typing: apart from the room's own, which carries messages only."""
    return room(room_id) + ":typing"


def room_of_channel(channel: str) -> tuple[str, bool]:
    """The room id in the name of one of a room's channels, and whether it is that for typing."""
    room_id, _, rest = channel.removeprefix(PREFIX + "room:{").partition("}")
    return room_id, bool(rest)


def account(folded: str) -> str:
    """HASH of an account."""
    return f"{PREFIX}user:{folded}"


def places(folded: str) -> str:
    """ZSET of the networks and browsers from which an account has logged in, by when, in s."""
    return f"{PREFIX}user:{folded}:places"


def private_rooms(folded: str) -> str:
    """SET of the private rooms that an account is a member of."""
    return f"{PREFIX}user:{folded}:rooms"


def inviters(folded: str) -> str:
    """HASH of the private rooms that an account was let into to the name of who did it."""
    return f"{PREFIX}user:{folded}:inviters"


def refused(folded: str) -> str:
    """SET of the keys of those whose invitations an account refuses."""
    return f"{PREFIX}user:{folded}:refused"


def owned_rooms(folded: str) -> str:
    """SET of the rooms that an account owns."""
    return f"{PREFIX}user:{folded}:owned"


def revoked(ident: str) -> str:
    """Present while a token (its jti) or a login session may no longer be used."""
    return f"{PREFIX}revoked:{ident}"


def rate(kind: str, subject: str) -> str:
    """State of one rate limit."""
    return f"{PREFIX}rate:{kind}:{subject}"
