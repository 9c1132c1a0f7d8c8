"""Rate limits: how fast somebody may do something."""

from chat import keys
from chat.errors import N_, RateLimited
from chat.store import Call, Store


def throttle(
    store: Store, kind: str, subject: str, rate: float, per_seconds: float, burst: int
) -> None:
    """Count one event; raise ``RateLimited`` when it is one too many.

    On average ``rate`` events in ``per_seconds`` are allowed, ``burst`` of them at once. A rate of
    0 switches the limit off.
    """
    if rate > 0:
        wait = store.batch([throttle_call(kind, subject, rate, per_seconds, burst)])[0]
        check(wait)


def throttle_call(kind: str, subject: str, rate: float, per_seconds: float, burst: int) -> Call:
    """The same as part of a batch; give the answer to ``check``."""
    gap_ms = per_seconds * 1000 / rate
    return Call("throttle", [keys.rate(kind, subject)], [f"{gap_ms:.3f}", burst])


def check(wait_ms: int) -> None:
    """Raise ``RateLimited`` if the answer of a ``throttle_call`` says to wait."""
    if wait_ms:
        raise RateLimited(N_("Too fast. Wait a moment and try again."), wait_ms / 1000)


def give_back(store: Store, kind: str, subject: str, rate: float, per_seconds: float) -> None:
    """Take one event off again that turned out not to count."""
    if rate > 0:
        store.run("give_back", [keys.rate(kind, subject)], [f"{per_seconds * 1000 / rate:.3f}"])
