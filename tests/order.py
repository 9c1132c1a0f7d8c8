"""The order of the tests' files, for a run in several processes."""

from itertools import chain, zip_longest
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
#: Folders whose tests take long: in the first the browser keeps the processors busy, in the others
#: one mostly waits.
BUSY, WAITING = ("browser",), ("programs", "live")


def long_files_first(items: list[pytest.Item]) -> None:
    """Files that take long begin first, so that no process is left alone with one at the end; and
    those that keep the machine busy stand between those that do not."""
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    busy, waiting = ([f for name in names for f in _of(files, name)] for names in (BUSY, WAITING))
    mixed = [path for pair in zip_longest(waiting, busy) for path in pair if path]
    others = [path for path in files if path not in mixed]
    items[:] = chain.from_iterable(files[path] for path in [*mixed, *others])


def _of(files: dict[Path, list[pytest.Item]], folder: str) -> list[Path]:
    return [path for path in files if path.is_relative_to(FOLDER / folder)]
