"""The life of the embedded store's data; ``chat.store.identity`` says what a life is.

At the start the supervisor decides whether the last life continues. It continues if no acknowledged
change can be lost, which one of two facts proves. Either the store was stopped cleanly, and its
file has not changed since. Or it was killed while reserved space was left
(``chat.store.append_only_file``), and the machine has not been restarted since. Otherwise a new
life begins: after a power cut, with a restored backup, or if the disk became full before the
supervisor had stopped the writes.
"""

import json
import os
import secrets
from pathlib import Path

from chat.store.append_only_file import AppendOnlyFile, has_reserved_space

#: Bytes of the file ``life``: always the same, so that writing it needs no space on a full disk.
_LENGTH = 512


class Life:
    """The present life; ``id`` is its id."""

    def __init__(self, data_dir: Path, append_only_file: AppendOnlyFile) -> None:
        self._path = data_dir / "life"
        self._file = append_only_file
        recorded = self._read()
        self.id = str(recorded["life"]) if self._continues(recorded) else _new_id()

    def begin_new(self) -> None:
        """Begin another life, as a change may be lost."""
        self.id = _new_id()

    def record(self, clean: bool = False) -> None:
        """Write the facts that the next supervisor needs to decide. Raises ``OSError``.

        ``clean``: the store has been stopped cleanly.
        """
        path = self._file.newest()
        if path is None:
            return
        status = path.stat()
        facts = {
            "life": self.id,
            "boot": _boot(),
            "file": [path.name, status.st_ino],
            "length": status.st_size if clean else None,
        }
        with os.fdopen(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
            file.write(json.dumps(facts).encode().ljust(_LENGTH))
            file.flush()
            os.fsync(file.fileno())

    def _read(self) -> dict[str, object]:
        try:
            recorded = json.loads(self._path.read_bytes())
        except (OSError, ValueError):
            return {}
        return recorded if isinstance(recorded, dict) else {}

    def _continues(self, recorded: dict[str, object]) -> bool:
        path = self._file.newest()
        if path is None or not path.exists() or not isinstance(recorded.get("life"), str):
            return False
        status = path.stat()
        if recorded.get("file") != [path.name, status.st_ino]:
            return False
        if recorded.get("length") is not None:
            return recorded["length"] == status.st_size
        return recorded.get("boot") == _boot() and has_reserved_space(status)


def _new_id() -> str:
    return secrets.token_hex(6)


def _boot() -> str:
    """An id of this start of the machine; where the system has none, a random one."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return secrets.token_hex(6)
