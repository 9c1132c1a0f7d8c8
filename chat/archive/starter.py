"""Starts the follower. gunicorn's master does, which imports no driver of a database."""

from pathlib import Path

from chat.archive.settings import VARIABLE, ArchiveSettings, of
from chat.store.watched import WatchedProcess

#: Longer than the process itself takes at most: see ``process.END_S``.
KILLED_AFTER_S = 10.0


def follower(given: ArchiveSettings, source: Path = Path(__file__).parents[2]) -> WatchedProcess:
    """The process, to be started once the store answers: see ``chat.archive.process``."""
    return WatchedProcess(
        "The follower of the archive",
        "chat.archive.process",
        extra={VARIABLE: of(given).text()},
        source=source,
        killed_after_s=KILLED_AFTER_S,
    )
