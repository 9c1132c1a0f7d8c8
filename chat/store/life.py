"""The life that the embedded store's data is in; see ``chat.store.condition`` for the word.

At the start the supervisor decides whether the last life continues. It does if nothing acknowledged
can have been lost, which one of two facts proves: the store was stopped cleanly, and its file has
not changed since; or it was killed while reserved space was left (``chat.store.journal``), and the
machine has not been restarted since. Otherwise a new life begins: after a power cut, with a
restored backup, or if the disk filled up faster than the supervisor could stop the writes.
"""

import json
import os
import secrets
from pathlib import Path

from chat.store.journal import Journal, is_spare

#: Bytes of the file ``life``: always the same, so that writing it needs no space on a full disk.
_LENGTH = 512


class Life:
    def __init__(self, data_dir: Path, journal: Journal) -> None:
        self._path = data_dir / "life"
        self._journal = journal
        known = self._read()
        self.name = str(known["life"]) if self._goes_on(known) else _new_name()

    def begin_another(self) -> None:
        self.name = _new_name()

    def note(self, clean: bool = False) -> None:
        """Write the facts by which the next supervisor decides. Raises ``OSError``.

        ``clean``: the store has been stopped cleanly.
        """
        path = self._journal.newest()
        if path is None:
            return
        status = path.stat()
        noted = {
            "life": self.name,
            "boot": _boot(),
            "file": [path.name, status.st_ino],
            "length": status.st_size if clean else None,
        }
        with os.fdopen(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
            file.write(json.dumps(noted).encode().ljust(_LENGTH))
            file.flush()
            os.fsync(file.fileno())

    def _read(self) -> dict[str, object]:
        try:
            known = json.loads(self._path.read_bytes())
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}

    def _goes_on(self, known: dict[str, object]) -> bool:
        path = self._journal.newest()
        if path is None or not path.exists() or not isinstance(known.get("life"), str):
            return False
        status = path.stat()
        if known.get("file") != [path.name, status.st_ino]:
            return False
        if known.get("length") is not None:
            return known["length"] == status.st_size
        return known.get("boot") == _boot() and is_spare(status)


def _new_name() -> str:
    return secrets.token_hex(6)


def _boot() -> str:
    """An id of this start of the machine; where the system has none, a random one."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return secrets.token_hex(6)
