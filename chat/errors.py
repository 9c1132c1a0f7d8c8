"""What can go wrong, as values of the domain.

Each error has the code that clients see on the wire and the HTTP status that goes with it. The
web makes them into pages and JSON, the live side into acknowledgements, each in one place.
"""


def N_(message: str) -> str:
    """Mark a sentence for translation; the web translates it when it is shown."""
    return message


#: Said by the operations, and by the scripts for who was made a guest meanwhile.
NO_MEMBERSHIP = N_("You are no member of this room.")
GUESTS_MAY_NOT_CHAT = N_("Guests cannot enter the rooms yet. An admin can change that.")


def wire_error(code: str, message: str) -> dict[str, object]:
    """``{code, message}``, and ``retry: true`` where the same call may succeed later."""
    error: dict[str, object] = {"code": code, "message": message}
    return {**error, "retry": True} if code in RETRY_CODES else error


class MaruError(Exception):
    """A refusal that the person or program who asked should be told about.

    ``message`` is an English sentence that may hold ``%(name)s`` markers for ``params``. ``code``
    is what clients see, and ``status`` is the HTTP status that goes with it.
    """

    code: str
    status: int

    def __init__(self, message: str, **params: object) -> None:
        super().__init__(message)
        self.message = message
        self.params = params

    def __str__(self) -> str:
        return self.message % self.params if self.params else self.message

    def wire(self) -> dict[str, object]:
        """The error as clients see it: ``wire_error``, and whatever the class adds."""
        return wire_error(self.code, str(self))


class InternalError(MaruError):
    """Something that nobody expected went wrong."""

    code = "error"
    status = 500


class Invalid(MaruError):
    """What was sent is none of what is allowed."""

    code = "invalid"
    status = 400


class TooLong(Invalid):
    """``max`` is how many characters there may be."""

    code = "too_long"
    status = 413

    def __init__(self, message: str, max: int) -> None:
        super().__init__(message, max=max)
        self.max = max

    def wire(self) -> dict[str, object]:
        return {**super().wire(), "max": self.max}


class Unauthorized(MaruError):
    """It is not known who asks."""

    code = "unauthorized"
    status = 401


class TokenExpired(Unauthorized):
    """The token has ended by itself."""

    code = "token_expired"


class TokenRevoked(Unauthorized):
    """The token, or the log-in that it belongs to, was ended."""

    code = "token_revoked"


class Forbidden(MaruError):
    """The person may not do that."""

    code = "forbidden"
    status = 403


class NotFound(MaruError):
    """It does not exist, or nobody else is to learn that it does."""

    code = "not_found"
    status = 404


class NotJoined(MaruError):
    """The connection is not in the room."""

    code = "not_joined"
    status = 409


class Conflict(MaruError):
    """It does not go together with what there is now."""

    code = "conflict"
    status = 409


class RateLimited(MaruError):
    """Too fast. ``retry_after`` is in seconds, rounded up for the HTTP header."""

    code = "rate_limited"
    status = 429

    def __init__(self, message: str, retry_after: float, **params: object) -> None:
        super().__init__(message, **params)
        self.retry_after = retry_after

    def wire(self) -> dict[str, object]:
        return {**super().wire(), "retryAfter": round(self.retry_after, 3)}


class Unavailable(MaruError):
    """The store cannot be used for now."""

    code = "unavailable"
    status = 503


class OnlyArchived(Unavailable):
    """A message is not in the store any more: the archive has to be asked first."""


#: The codes of errors after which the same call may succeed later.
RETRY_CODES = frozenset(
    error.code for error in (InternalError, TokenExpired, NotJoined, RateLimited, Unavailable)
)
