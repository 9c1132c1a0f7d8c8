"""The settings that the archive's process needs, as its starter gives them to it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

#: The name under which the process finds them in its environment: no other user can read that.
VARIABLE = "MARU_FOLLOWER"


class ArchiveSettings(Protocol):
    """The settings that are read."""

    @property
    def store_url(self) -> str: ...

    @property
    def key_prefix(self) -> str: ...

    @property
    def database_url(self) -> str: ...

    @property
    def data_dir(self) -> Path: ...

    @property
    def recent(self) -> int: ...

    @property
    def history_length(self) -> int: ...

    @property
    def history_days(self) -> int: ...


@dataclass(frozen=True)
class FollowerSettings:
    """``kept`` and ``days`` are 0 where everything is kept."""

    store_url: str
    key_prefix: str
    database_url: str
    data_dir: str
    recent: int
    kept: int
    days: int

    def text(self) -> str:
        return json.dumps(asdict(self))


def of(settings: ArchiveSettings) -> FollowerSettings:
    return FollowerSettings(
        settings.store_url,
        settings.key_prefix,
        settings.database_url,
        str(settings.data_dir.absolute()),
        settings.recent,
        settings.history_length,
        settings.history_days,
    )


def read(text: str) -> FollowerSettings:
    """What ``FollowerSettings.text`` gave."""
    return FollowerSettings(**json.loads(text))
