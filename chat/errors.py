"""What can go wrong, as values of the domain.

Each error has the code that clients see on the wire and the HTTP status that goes with it. The
web makes them into pages and JSON, the live side into acknowledgements, each in one place.
"""


def N_(message: str) -> str:
    """Mark a sentence for translation; the web translates it when it is shown."""
    return message


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
    code = "error"
    status = 500


class Invalid(MaruError):
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
    code = "unauthorized"
    status = 401


class TokenExpired(Unauthorized):
    code = "token_expired"


class TokenRevoked(Unauthorized):
    code = "token_revoked"


class Forbidden(MaruError):
    code = "forbidden"
    status = 403


class NotFound(MaruError):
    code = "not_found"
    status = 404


class NotJoined(MaruError):
    code = "not_joined"
    status = 409


class Conflict(MaruError):
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
    code = "unavailable"
    status = 503


class OnlyArchived(Unavailable):
    """A message is not in the store any more: the archive has to be asked first."""


#: The codes of errors after which the same call may succeed later.
RETRY_CODES = frozenset(
    error.code for error in (InternalError, TokenExpired, NotJoined, RateLimited, Unavailable)
)
