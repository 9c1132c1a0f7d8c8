"""Starts the follower. gunicorn's master does, which imports no driver of a database."""

from pathlib import Path

from chat.archive.settings import VARIABLE, ArchiveSettings, of
from chat.store.watched import WatchedProcess


def follower(given: ArchiveSettings, source: Path = Path(__file__).parents[2]) -> WatchedProcess:
    """The process, to be started once the store answers: see ``chat.archive.process``."""
    return WatchedProcess(
        "The follower of the archive",
        "chat.archive.process",
        extra={VARIABLE: of(given).text()},
        source=source,
    )
