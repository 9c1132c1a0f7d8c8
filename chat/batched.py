"""``itertools.batched``, which Python has only since 3.12."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of ``size``, the last of which may be shorter. Reads no further ahead."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
