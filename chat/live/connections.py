"""The Socket.IO connections of this worker, by sid and by person."""

import math
import time
from dataclasses import dataclass, field
from typing import Any

from chat.errors import N_, RateLimited, Unauthorized
from chat.live.token_cache import Caller
from chat.people import Person
from chat.presence import Lease, lease_id_of
from chat.transport.session import Session

#: A connection is warned at most WARNING_S seconds before its token expires, and at least
#: SHORTEST_WARNING_S: tokens are checked once a second.
WARNING_S, SHORTEST_WARNING_S = 60.0, 2.0

#: Events that a worker sends to its connections before other greenlets have their turns.
SENT_AT_ONCE = 100

#: Seconds after which a person with too many connections may try again.
RETRY_AFTER_S = 10.0


@dataclass(eq=False, slots=True)
class Connection:
    """One Socket.IO connection of one person, carried by the Engine.IO ``session``.

    ``person`` is the person as last looked up. ``jti`` (the token's id), ``login_id`` and
    ``expires_at`` (ms) are those of the newest token that the client has sent. The client is
    ``warned`` once for each token, ``warn_before`` seconds before that expires. After the
    connection has ``ended``, a call that is still under way must not enter it into a room.
    """

    sid: str
    session: Session
    person: Person
    jti: str
    login_id: str
    expires_at: int
    rooms: set[str] = field(default_factory=set)
    warned: bool = False
    warn_before: float = 0.0
    ended: bool = False
    #: The second, since 1970, in which ``Connections.due`` returns it.
    due: int = 0

    def __post_init__(self) -> None:
        self.set_token(self.jti, self.login_id, self.expires_at)

    def set_token(self, jti: str, login_id: str, expires_at: int) -> None:
        """Store the newest token. The warning is due in the last third of its life at most."""
        self.jti, self.login_id, self.expires_at = jti, login_id, expires_at
        left = self.seconds_left()
        self.warn_before = min(WARNING_S, max(left / 3, SHORTEST_WARNING_S), 0.9 * left)
        self.warned = False

    def authorise(self, caller: Caller) -> Person:
        """The person of the token in a call; a token that expires later replaces the stored one.

        Raises ``Unauthorized`` for another person's token.
        """
        if caller.person.user_id != self.user_id:
            raise Unauthorized(N_("This token belongs to somebody else."))
        if caller.expires_at > self.expires_at:
            self.set_token(caller.jti, caller.login_id, caller.expires_at)
            self.person = caller.person
        return caller.person

    @property
    def name(self) -> str:
        return self.person.name

    @property
    def user_id(self) -> str:
        return self.person.user_id

    @property
    def lease_id(self) -> str:
        """The id of this connection's lease, the same in each of its rooms."""
        return lease_id_of(self.sid, self.user_id)

    @property
    def lease(self) -> Lease:
        return Lease(self.lease_id, self.name)

    def seconds_left(self) -> float:
        return self.expires_at / 1000 - time.time()


class Connections(dict[str, Connection]):
    """sid -> connection. ``per_person`` limits those of one person; 0 means none."""

    def __init__(self, per_person: int) -> None:
        super().__init__()
        self._per_person = per_person
        self._persons: dict[str, set[Connection]] = {}
        #: By the second in which each is due. So no round of the heartbeat looks at all of them.
        self._due: dict[int, set[Connection]] = {}

    def __setitem__(self, sid: str, connection: Connection) -> None:
        self.pop(sid, None)
        super().__setitem__(sid, connection)
        self._persons.setdefault(connection.user_id, set()).add(connection)
        self.schedule(connection)

    def schedule(self, connection: Connection) -> None:
        """Let ``due`` return this connection when it is to be warned, or its token expires."""
        until = connection.expires_at / 1000 - (0 if connection.warned else connection.warn_before)
        connection.due = math.ceil(until)
        self._due.setdefault(connection.due, set()).add(connection)

    def due(self, now: float) -> list[Connection]:
        """Those that are due by ``now`` (s since 1970). Each is returned once: see ``schedule``.

        A connection with a newer token than when it was scheduled is returned too early.
        """
        seconds = sorted(second for second in self._due if second <= now)
        return [connection for second in seconds for connection in self._due.pop(second)]

    def pop(self, sid: str, default: Any = None) -> Any:
        """Remove and return the connection with this sid."""
        connection: Connection | None = super().pop(sid, None)
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

    def of_token_or_login(self, token_or_login_id: str) -> list[Connection]:
        """The connections whose newest token, or whose login, has this id."""
        return [c for c in self.values() if token_or_login_id in (c.jti, c.login_id)]

    def of_person(self, user_id: str) -> list[Connection]:
        return list(self._persons.get(user_id, ()))

    def check_limit(self, user_id: str) -> None:
        """Raises ``RateLimited`` if this person has as many connections as allowed."""
        if 0 < self._per_person <= len(self._persons.get(user_id, ())):
            too_many = N_("You have too many connections. Close some of them, and try again.")
            raise RateLimited(too_many, RETRY_AFTER_S)
