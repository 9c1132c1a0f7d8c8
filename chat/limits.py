"""What the operator may set: how long, how many, how fast."""

from dataclasses import dataclass, field

from chat.presence import Timing
from chat.rate_limit import Rate

#: Seconds' worth of joins, and of reading, that somebody may do at once. Whoever has two tabs in
#: thirty rooms each joins them all, and reads what was missed, when the server comes back.
BURST = 20


@dataclass(frozen=True)
class Limits:
    """What the operator may set. Lengths in characters, rates in events a second and person."""

    message_max: int = 4000
    message_rate: float = 10
    message_burst: int = 30
    history_length: int = 100_000
    timing: Timing = field(default_factory=Timing)
    locale: str = "en"
    #: Joins and leaves, and other calls that only read, a second and person.
    join_rate: float = 10
    read_rate: float = 10
    #: Rooms made a minute and person, three times that at once; and rooms that one person may own.
    room_rate: int = 30
    rooms_per_person: int = 500

    def rates(self) -> dict[str, Rate]:
        """What is counted in the worker, by kind."""
        return {
            "message": Rate(self.message_rate, self.message_burst),
            "typing": Rate(1, 5),
            "join": Rate(self.join_rate, int(BURST * self.join_rate)),
            "read": Rate(self.read_rate, int(BURST * self.read_rate)),
        }
