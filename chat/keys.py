"""Every Redis key and channel of Maru.

The keys of one room share the hash tag ``{room_id}``, those of the reaper ``{presence}``: a script
over them touches one slot of a cluster. Everything else is a key of its own.
"""

#: In front of all of them. Each process has one: see ``chat.key_prefix``.
PREFIX = "maru:"

#: The version of the shapes that the store holds; see ``chat.migrations``.
VERSION = PREFIX + "version"
#: Who carries an older store over at this moment.
MIGRATING = PREFIX + "migrating"
#: HASH that is there while a backup is restored: ``id`` of the backup, ``parts``, ``archives``.
RESTORING = PREFIX + "restoring"
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
#: SET of the userIds of all accounts.
PEOPLE = PREFIX + "people"
#: HASH of the names in use (folded) to userIds.
NAMES = PREFIX + "names"
#: HASH of names that were given up (folded) to ``<userId> <ms>``: until then nobody else gets them.
FORMER = PREFIX + "former"
#: HASH of the names (folded) to userIds, as they were when accounts got ids.
LEGACY = PREFIX + "legacy"
#: HASH of the userIds of a direct room, sorted and joined by commas, to its roomId.
DIRECT = PREFIX + "direct"
#: The userId of the account that was made first.
FOUNDER = PREFIX + "founder"
#: A trace of the secrets that tokens and cookies are signed with.
SECRETS = PREFIX + "secrets"
#: HASH of what names look like (their skeletons) to the folded names; "" is the way they were made.
SKELETONS = PREFIX + "skeletons"
#: ZSET of the endings of all names, by which people are found: see ``chat.people_search``.
TERMS = PREFIX + "terms"
#: ZSET of renamings that are not written everywhere yet, ``<userId>:<ms>``, by when they began.
RENAMING = PREFIX + "renaming"
#: ZSET of deletions of accounts that are not finished, userIds, by when they began.
DELETING = PREFIX + "deleting"
#: HASH of people who are being erased: userIds to ``<1 if the words are> <1 if the name is> <ms>``,
#: with 0 for what is not, and when that began.
ERASING = PREFIX + "erasing"
#: ZSET of the rooms whose streams are not archived to their ends, by the time of the first entry
#: that is not, in ms.
UNARCHIVED = PREFIX + "unarchived"
#: SET of deleted rooms whose messages the archive has still.
UNPURGED = PREFIX + "unpurged"
#: Who archives at this moment.
ARCHIVING = PREFIX + "archiving"
#: HASH of what that follower says of the archive: ``state``, ``reason``, ``name``, ``at`` in ms.
ARCHIVE = PREFIX + "archive"
#: Channel on which workers tell each other of revocations, of changed rooms, and that they live.
CONTROL = PREFIX + "control"


def room(room_id: str) -> str:
    """HASH of the room; the room's channel has the same name."""
    return f"{PREFIX}room:{{{room_id}}}"


def stream(room_id: str) -> str:
    """STREAM of stored messages, with ids ``0-<seq>``."""
    return room(room_id) + ":stream"


def conns(room_id: str) -> str:
    """ZSET of lease ids (``<sid>:<userId>``), one a connection, by the end of the lease in ms."""
    return room(room_id) + ":conns"


def present(room_id: str) -> str:
    """HASH of the userIds of people present to ``<number of their connections> <name>``."""
    return room(room_id) + ":people"


def members(room_id: str) -> str:
    """HASH of userIds to memberships: ``<role> <muted until, in ms> <name>``."""
    return room(room_id) + ":members"


def banned(room_id: str) -> str:
    """HASH of userIds to the time until which they are banned, in ms; 0 is for good."""
    return room(room_id) + ":banned"


def erased(room_id: str) -> str:
    """ZSET of the numbers whose messages were deleted, scored by themselves."""
    return room(room_id) + ":erased"


def edited(room_id: str) -> str:
    """ZSET of the numbers of changes, by those of their messages: edits at it, others 0.5 above."""
    return room(room_id) + ":edited"


def reactions(room_id: str) -> str:
    """ZSET of who has put which emoji under which message, in order of the messages' numbers."""
    return room(room_id) + ":reactions"


def deleted(room_id: str) -> str:
    """ZSET of the ordinals of deleted TALKs, scored by themselves."""
    return room(room_id) + ":deleted"


def spoken(room_id: str) -> str:
    """HASH of userIds to how many TALKs of theirs are not deleted."""
    return room(room_id) + ":spoken"


def marks(room_id: str) -> str:
    """HASH of the userIds of members to how far they have read: ``<seq> <n> <own>``.

    ``n`` is the ordinal of the last TALK up to the number ``seq``; ``own`` is how many of the
    person's own TALKs up to there are not deleted. Who has none has read nothing.
    """
    return room(room_id) + ":marks"


def mentions(room_id: str) -> str:
    """ZSET, all scored 0, of who is mentioned by which TALK: ``<userId>:<n>:<seq>:<ms>``.

    ``n`` is the TALK's ordinal in 16 digits, and ms is when it was told. ``*`` in place of the
    userId is everybody, and ``-<userId>`` then is who has said it.
    """
    return room(room_id) + ":mentions"


def closed(room_id: str) -> str:
    """The CLOSE of a deleted room, for workers that missed it. Kept for a day."""
    return room(room_id) + ":closed"


def of_room(room_id: str) -> list[str]:
    """All that a room has, but what is remembered of it for a while."""
    made = (room, closed, stream, conns, present, members, banned)
    noted = (erased, edited, reactions, deleted, spoken, marks, mentions)
    return [key(room_id) for key in made + noted]


def sent(room_id: str, user_id: str, client_id: str) -> str:
    """What a ``clientId`` of this sender led to: ``<seq> <sentAt> <userCount> <what>``."""
    return f"{room(room_id)}:sent:{user_id}:{client_id}"


def typing(room_id: str) -> str:
    """Channel for who is typing: apart from the room's own, which carries messages only."""
    return room(room_id) + ":typing"


def room_of_channel(channel: str) -> tuple[str, bool]:
    """The room id in the name of one of a room's channels, and whether it is that for typing."""
    room_id, _, rest = channel.removeprefix(PREFIX + "room:{").partition("}")
    return room_id, bool(rest)


def account(user_id: str) -> str:
    """HASH of an account."""
    return f"{PREFIX}person:{user_id}"


def erasing(user_id: str) -> str:
    """HASH about somebody who is being erased: of rooms in which the person has said something, and
    with "" how far the archive was looked through, ``<when it began, in ms> <row>``.
    """
    return account(user_id) + ":erasing"


def login_sources(user_id: str) -> str:
    """ZSET of the networks and browsers from which a person has logged in, by when, in s."""
    return account(user_id) + ":places"


def rooms_of(user_id: str) -> str:
    """ZSET of the rooms that a person is a member of, by the time of becoming one, in ms."""
    return account(user_id) + ":rooms"


def levels(user_id: str) -> str:
    """HASH of rooms to what a person is notified of: ``mentions`` or ``none``; else all."""
    return account(user_id) + ":levels"


def starred(user_id: str) -> str:
    """SET of the rooms that a person has marked with a star."""
    return account(user_id) + ":starred"


def inviters(user_id: str) -> str:
    """HASH of the rooms that a person was added to, to the userId of who did it."""
    return account(user_id) + ":inviters"


def blocked_inviters(user_id: str) -> str:
    """SET of the userIds of those whose invitations a person refuses."""
    return account(user_id) + ":refused"


def owned_rooms(user_id: str) -> str:
    """SET of the rooms that a person owns."""
    return account(user_id) + ":owned"


def revoked(token_or_login_id: str) -> str:
    """Present while a token (its jti) or a login session may no longer be used."""
    return f"{PREFIX}revoked:{token_or_login_id}"


def rate(kind: str, subject: str) -> str:
    """State of one rate limit."""
    return f"{PREFIX}rate:{kind}:{subject}"
