"""The list of scenarios, with their names."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Talk:
    """Clients, spread evenly over rooms, some of which send: in a closed loop, or at a rate."""

    name: str
    clients: int
    rooms: int
    senders: int
    rate: float = 0
    workers: int = 1
    #: Messages in flight of each sender in a closed loop; nothing is as many as the run says.
    window: int | None = None

    @property
    def title(self) -> str:
        where = "1 room" if self.rooms == 1 else f"{self.rooms} rooms"
        pace = f"{self.rate:g} messages/s" if self.rate else f"{self.senders} senders"
        many = f", {self.workers} workers" if self.workers > 1 else ""
        flight = f", {self.window} in flight" if self.window else ""
        return f"{self.clients} clients, {where}, {pace}{flight}{many}"


@dataclass(frozen=True)
class Joins:
    """Clients that connect and join rooms of 100, some at once."""

    name: str
    clients: int
    workers: int = 1

    @property
    def title(self) -> str:
        many = f", {self.workers} workers" if self.workers > 1 else ""
        return f"{self.clients} clients connect and join{many}"


@dataclass(frozen=True)
class Idle:
    """Clients in rooms of 100 that say nothing, and then are lost all at once, if ``is_lost``."""

    name: str
    clients: int
    is_lost: bool
    workers: int = 1
    #: The peers that it is measured of; nothing is all.
    only: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return f"{self.clients} idle clients" + (", lost at once" if self.is_lost else "")


@dataclass(frozen=True)
class Rooms:
    """Busy rooms, first with no others beside them, then out of many rooms in all."""

    name: str
    busy: int
    total: int
    members: int
    #: Messages a second in all of them.
    rate: float
    workers: int = 1
    only: tuple[str, ...] = ("maru",)

    @property
    def title(self) -> str:
        return f"{self.busy:,} busy rooms of {self.busy:,}, and of {self.total:,}"


@dataclass(frozen=True)
class Elsewhere:
    """A room in which some talk, first alone, then with many connections in other rooms."""

    name: str
    clients: int
    elsewhere: int
    senders: int
    #: Messages a second.
    rate: float
    workers: int = 1
    only: tuple[str, ...] = ("maru", "node")

    @property
    def title(self) -> str:
        return f"{self.clients:,} clients in 1 room, with 0 and {self.elsewhere:,} elsewhere"


#: Each of these is measured in two states of one server, which are compared.
Compared = Rooms | Elsewhere
Scenario = Talk | Joins | Idle | Compared

#: In which the goals are.
MAIN = [
    Talk("one-room", 500, 1, 4),
    Talk("five-rooms", 500, 5, 20),
    Talk("many-rooms", 400, 100, 100),
    Talk("calm", 100, 1, 10, rate=10),
]
QUICK = [*MAIN, Joins("joins", 1000)]
FULL = [
    *MAIN,
    Talk("one-room-1", 500, 1, 4, window=1),
    Talk("five-rooms-1", 500, 5, 20, window=1),
    Talk("many-rooms-1", 400, 100, 100, window=1),
    Talk("room-of-4", 4, 1, 4),
    Talk("room-of-100", 100, 1, 4),
    Talk("rate-100", 100, 1, 10, rate=100),
    Talk("rate-500", 100, 1, 10, rate=500),
    Talk("rate-1000", 100, 1, 10, rate=1000),
    # What a message costs, at a rate that all can keep up with.
    Talk("cost-10-rooms", 40, 10, 10, rate=200),
    Talk("cost-100-rooms", 400, 100, 100, rate=200),
    Talk("cost-1000-rooms", 4000, 1000, 1000, rate=200),
    Talk("cost-4-members", 4, 1, 4, rate=50),
    Talk("cost-100-members", 100, 1, 4, rate=50),
    Talk("cost-1000-members", 1000, 1, 4, rate=50),
    Joins("joins", 3000),
    Idle("lost-2500", 2500, is_lost=True, only=("maru", "node")),
    Idle("lost-5000", 5000, is_lost=True),
    Idle("lost-10000", 10000, is_lost=True, only=("maru", "node")),
    Idle("idle-15000", 15000, is_lost=False),
    Talk("five-rooms-2", 500, 5, 20, workers=2),
    Talk("many-rooms-2", 400, 100, 100, workers=2),
    Talk("cost-2-workers", 400, 100, 100, rate=200, workers=2),
    Joins("joins-2", 3000, workers=2),
    Rooms("rooms-50000", busy=1000, total=50_000, members=2, rate=500),
    Elsewhere("elsewhere-9000", 1000, 9000, senders=4, rate=20),
]
