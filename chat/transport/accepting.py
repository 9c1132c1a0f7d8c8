"""Accepts connections for ever, also through a time in which the system has no room for more."""

import errno
import logging
from collections.abc import Iterator
from typing import Any

import eventlet
from eventlet.greenio import GreenSocket

log = logging.getLogger(__name__)

#: What the system answers when it has no file or memory left for another connection.
_SHORTAGE = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
#: Seconds until the next try then.
_PAUSE = 1.0


def accepted(listener: GreenSocket, what: str) -> Iterator[tuple[Any, Any]]:
    """Each connection with its address. ``what`` names them in the log: "Connections"."""
    was_told = False
    while True:
        try:
            connection = listener.accept()
        except OSError as error:
            if error.errno in _SHORTAGE:
                if not was_told:
                    was_told = True
                    log.warning("%s cannot be accepted: %s", what, error)
                eventlet.sleep(_PAUSE)
            continue
        if was_told:
            was_told = False
            log.warning("%s are accepted again.", what)
        yield connection
