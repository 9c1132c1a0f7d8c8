"""The Socket.IO connections of this worker, by session and by person."""

import math
import time
from dataclasses import dataclass, field
from typing import Any

from chat.errors import N_, RateLimited, Unauthorized
from chat.live.token_cache import Caller
from chat.people import Person
from chat.presence import Entrant, connection_of
from chat.transport.session import Session

#: A connection is warned at most WARNING seconds before its token expires, and at least
#: SHORTEST_WARNING: tokens are checked once a second.
WARNING, SHORTEST_WARNING = 60.0, 2.0

#: Seconds after which a person with too many connections may try again.
TOO_MANY = 10.0


@dataclass(eq=False, slots=True)
class Connection:
    """One Socket.IO session of one person, on an Engine.IO session.

    ``person`` is the person as last looked up. ``token``, ``login`` and ``expires_at`` (ms) are
    those of the newest token that it has shown. It is ``warned`` once for each token,
    ``warn_before`` seconds before that expires. After it has ``ended``, a call that is still under
    way must not let it enter a room.
    """

    session: str
    engine: Session
    person: Person
    token: str
    login: str
    expires_at: int
    rooms: set[str] = field(default_factory=set)
    warned: bool = False
    warn_before: float = 0.0
    ended: bool = False
    #: The second in which ``Connections.due`` gives it.
    due: int = 0

    def __post_init__(self) -> None:
        self.show(self.token, self.login, self.expires_at)

    def show(self, token: str, login: str, expires_at: int) -> None:
        """Take a newer token. The warning is due in the last third of the token's life at most."""
        self.token, self.login, self.expires_at = token, login, expires_at
        left = self.seconds_left()
        self.warn_before = min(WARNING, max(left / 3, SHORTEST_WARNING), 0.9 * left)
        self.warned = False

    def take(self, caller: Caller) -> Person:
        """The person of a token that a call carries; a newer one counts from now on.

        Raises ``Unauthorized`` for another person's token.
        """
        if caller.person.user_id != self.user_id:
            raise Unauthorized(N_("This token belongs to somebody else."))
        if caller.expires_at > self.expires_at:
            self.show(caller.jti, caller.session, caller.expires_at)
            self.person = caller.person
        return caller.person

    @property
    def name(self) -> str:
        return self.person.name

    @property
    def user_id(self) -> str:
        return self.person.user_id

    @property
    def in_store(self) -> str:
        """This connection as the store names it."""
        return connection_of(self.session, self.user_id)

    @property
    def entrant(self) -> Entrant:
        return self.in_store, self.name

    def seconds_left(self) -> float:
        return self.expires_at / 1000 - time.time()


class Connections(dict[str, Connection]):
    """Socket.IO session -> connection. ``per_person`` limits those of one person; 0 means none."""

    def __init__(self, per_person: int) -> None:
        super().__init__()
        self._per_person = per_person
        self._persons: dict[str, set[Connection]] = {}
        #: By the second in which each is due. So no round of the heartbeat looks at all of them.
        self._due: dict[int, set[Connection]] = {}

    def __setitem__(self, session: str, connection: Connection) -> None:
        self.pop(session, None)
        super().__setitem__(session, connection)
        self._persons.setdefault(connection.user_id, set()).add(connection)
        self.wait(connection)

    def wait(self, connection: Connection) -> None:
        """Have ``due`` give this connection when it is to be warned, or its token expires."""
        until = connection.expires_at / 1000 - (0 if connection.warned else connection.warn_before)
        connection.due = math.ceil(until)
        self._due.setdefault(connection.due, set()).add(connection)

    def due(self, now: float) -> list[Connection]:
        """Those that have waited until now, in s since 1970; they wait no longer.

        A connection that has shown a newer token since it began to wait is among them too early.
        """
        seconds = sorted(second for second in self._due if second <= now)
        return [connection for second in seconds for connection in self._due.pop(second)]

    def pop(self, session: str, default: Any = None) -> Any:
        """Remove and return the connection of this session."""
        connection: Connection | None = super().pop(session, None)
        if connection is None:
            return default
        of_person = self._persons[connection.user_id]
        of_person.discard(connection)
        if not of_person:
            del self._persons[connection.user_id]
        of_second = self._due.get(connection.due)
        if of_second is not None:
            of_second.discard(connection)
            if not of_second:
                del self._due[connection.due]
        return connection

    def of_ident(self, ident: str) -> list[Connection]:
        """The connections whose newest token, or whose login, has this id."""
        return [c for c in self.values() if ident in (c.token, c.login)]

    def of_person(self, user_id: str) -> list[Connection]:
        return list(self._persons.get(user_id, ()))

    def check_room_for(self, user_id: str) -> None:
        """Raises ``RateLimited`` if this person has as many connections as allowed."""
        if 0 < self._per_person <= len(self._persons.get(user_id, ())):
            too_many = N_("You have too many connections. Close some of them, and try again.")
            raise RateLimited(too_many, TOO_MANY)
