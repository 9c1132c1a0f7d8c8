"""The log of the embedded Valkey, where it says why it does not start."""

import re
from pathlib import Path

#: Bytes of the log that are searched for the reason.
_TAIL = 64 * 1024


def last_line(log: Path, begin: int) -> str:
    """The last line that was logged from byte ``begin`` on, without its time, or ''."""
    with open(log, "rb") as file:
        file.seek(begin)
        lines = file.read(_TAIL).decode("utf-8", "replace").splitlines()
    logged = [re.sub(r"^\d+:\S+ .{24} [#*.-] ", "", line) for line in lines if line.strip()]
    return logged[-1] if logged else ""
