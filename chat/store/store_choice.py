"""Records in a data folder which store its Maru uses, so that a command finds the same store."""

import contextlib
from pathlib import Path

from chat.store.embedded import socket_path
from chat.store.settings import StoreSettings

_NOTE = "store"


def record(settings: StoreSettings, shown: str) -> None:
    """Record the store of these settings; ``shown`` is its address without the password."""
    path = settings.data_dir / _NOTE
    # Maru can serve from another store also if it cannot write to this folder.
    with contextlib.suppress(OSError):
        if settings.embedded:
            path.unlink(missing_ok=True)
        else:
            settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.write_text(shown + "\n", "utf-8")


def recorded(data_dir: Path) -> str | None:
    """The recorded address of the store; ``None`` for the embedded one."""
    try:
        return (data_dir / _NOTE).read_text("utf-8").strip() or None
    except (OSError, ValueError):
        return None


def description(settings: StoreSettings, shown: str) -> str:
    """The store in words, for the person who types a command."""
    if settings.embedded:
        return f"the embedded one, in {socket_path(settings.data_dir).parent}"
    return shown
