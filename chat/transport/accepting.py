"""Accepts connections for ever, also after a time in which the system could not open more."""

import errno
import logging
from collections.abc import Iterator
from typing import Any

import eventlet
from eventlet.greenio import GreenSocket

log = logging.getLogger(__name__)

#: Errors of a system that has no file or memory left for another connection.
_SHORTAGE = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
#: Seconds until the next try after such an error.
_PAUSE = 1.0


def accept_forever(listener: GreenSocket, what: str) -> Iterator[tuple[Any, Any]]:
    """Each connection with its address. ``what`` names them in the log: "Connections"."""
    was_logged = False
    while True:
        try:
            connection = listener.accept()
        except OSError as error:
            if error.errno in _SHORTAGE:
                if not was_logged:
                    was_logged = True
                    log.warning("%s cannot be accepted: %s", what, error)
                eventlet.sleep(_PAUSE)
            continue
        if was_logged:
            was_logged = False
            log.warning("%s are accepted again.", what)
        yield connection
