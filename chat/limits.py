"""The limits that an operator can set: lengths, numbers and rates."""

from dataclasses import dataclass, field

from chat.presence import Timing
from chat.rate_limit import Rate

#: Joins and reads that a person may make at once, as seconds' worth of the rate. After an outage a
#: person with two tabs and thirty rooms each joins them all, and reads what was missed.
BURST = 20


@dataclass(frozen=True)
class Limits:
    """Lengths are in characters; rates in events a second, for each person."""

    message_max: int = 4000
    message_rate: float = 10
    message_burst: int = 30
    timing: Timing = field(default_factory=Timing)
    locale: str = "en"
    #: Joins and leaves a second, and other calls that only read, for each person.
    join_rate: float = 10
    read_rate: float = 10
    #: Rooms that a person may create in a minute (three times as many at once), and may own.
    room_rate: int = 30
    rooms_per_person: int = 500

    def rates(self) -> dict[str, Rate]:
        """Kind of event -> its rate, as ``rate_limit.Limiter`` counts it."""
        return {
            "message": Rate(self.message_rate, self.message_burst),
            "typing": Rate(1, 5),
            "join": Rate(self.join_rate, int(BURST * self.join_rate)),
            "read": Rate(self.read_rate, int(BURST * self.read_rate)),
        }
