"""Which error of the domain a script means, by the word with which it answers."""

from redis.exceptions import ResponseError

from chat.errors import (
    GUESTS_MAY_NOT_CHAT,
    N_,
    NO_MEMBERSHIP,
    Conflict,
    Forbidden,
    MaruError,
    NotFound,
    NotJoined,
    OnlyArchived,
)

_ERRORS: dict[str, tuple[type[MaruError], str]] = {
    "NOTFOUND": (NotFound, N_("There is no such room.")),
    "NOTJOINED": (NotJoined, N_("Join the room first.")),
    "BANNED": (Forbidden, N_("You may not enter this room.")),
    "GUEST": (Forbidden, GUESTS_MAY_NOT_CHAT),
    "MUTED": (Forbidden, N_("You may not speak in this room for a while.")),
    "ARCHIVED": (Conflict, N_("This room is archived: it can be read only.")),
    "NOTALLOWED": (Forbidden, N_("Your role in this room does not allow that.")),
    "NOTMEMBER": (NotFound, N_("That person is no member of this room.")),
    "NOMEMBERSHIP": (NotFound, NO_MEMBERSHIP),
    "OWNERSTAYS": (Conflict, N_("The owner of a room stays in it.")),
    "DEACTIVATED": (Conflict, N_("This account is deactivated.")),
    "GUESTOWNER": (Conflict, N_("A guest cannot enter the rooms yet.")),
    "TOOMANYROOMS": (Conflict, N_("This person owns too many rooms already.")),
    "BLOCKED": (Forbidden, N_("This person does not take invitations from you.")),
    "USEDBEFORE": (Conflict, N_("This clientId stands for something else already.")),
    "TOOMANYEDITS": (Conflict, N_("This message was changed too often.")),
    "TOOMANYREACTIONS": (Conflict, N_("There are too many reactions to this message.")),
    "NOMESSAGE": (NotFound, N_("There is no such message.")),
    "ONLYARCHIVED": (OnlyArchived, N_("Older messages cannot be shown at the moment.")),
    "NOTYOURS": (Forbidden, N_("Only its sender can change a message.")),
}


def domain_error(error: Exception) -> Exception:
    """The error of the domain for that of a script; any other error as it is."""
    word = str(error).split(" ")[0]
    if not isinstance(error, ResponseError) or word not in _ERRORS:
        return error
    kind, text = _ERRORS[word]
    return kind(text)
