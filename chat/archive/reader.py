"""Asks the archive, for one thread, whatever has become of the connection meanwhile."""

from pathlib import Path
from typing import Any

from chat.archive import own_messages, reading, search
from chat.archive.database import AWAY, Database, is_lost, reason

#: What can be asked for: the functions of these modules, which take a connection first.
_MODULES = {"reading": reading, "own_messages": own_messages, "search": search}


class Reader:
    """``address`` and ``data_dir`` are those of ``Database``."""

    def __init__(self, address: str, data_dir: Path) -> None:
        self._database = Database(address, data_dir)

    def read(self, name: str, args: tuple[object, ...]) -> tuple[Any, str]:
        """What the function ``module.name`` gives, and ''; or ``None``, and why there is none."""
        try:
            try:
                return self._once(name, args), ""
            except AWAY as error:
                if not is_lost(error):
                    raise
                # The server was restarted since the last question.
                return self._once(name, args), ""
        except AWAY as error:
            self.close()
            return None, reason(error)

    def close(self) -> None:
        """Close the connection; the next question opens another."""
        self._database.close()

    def _once(self, name: str, args: tuple[object, ...]) -> Any:
        module, function = name.split(".")
        with self._database.begin() as connection:
            return getattr(_MODULES[module], function)(connection, *args)
