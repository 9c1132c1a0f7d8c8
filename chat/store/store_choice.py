"""Which store the Maru of a data folder uses, noted there, so that a command finds the same one."""

import contextlib
from pathlib import Path

from chat.store.embedded import socket_path
from chat.store.settings import StoreSettings

_NOTE = "store"


def note(settings: StoreSettings, shown: str) -> None:
    """A Maru starts with these settings; ``shown`` is its store's address, less the password."""
    place = settings.data_dir / _NOTE
    # A folder that cannot be written to is no reason not to serve from a store elsewhere.
    with contextlib.suppress(OSError):
        if settings.embedded:
            place.unlink(missing_ok=True)
        else:
            settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            place.write_text(shown + "\n", "utf-8")


def elsewhere(data_dir: Path) -> str | None:
    """The address of the store that the Maru of this folder uses, unless it is the embedded one."""
    try:
        return (data_dir / _NOTE).read_text("utf-8").strip() or None
    except (OSError, ValueError):
        return None


def described(settings: StoreSettings, shown: str) -> str:
    """In words, for whoever types a command."""
    if settings.embedded:
        return f"the embedded one, in {socket_path(settings.data_dir).parent}"
    return shown
