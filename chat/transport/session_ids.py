"""Random ids of Engine.IO sessions and Socket.IO connections."""

import base64
import os

#: Random bytes of an id, and of how many ids at a time.
BYTES, AT_ONCE = 15, 256


class SessionIds:
    """Call it for the next id: 20 characters of URL-safe base64.

    It reads the random bytes of many ids at once: that takes hardly longer than for one.
    """

    def __init__(self) -> None:
        self._random = b""
        self._used = 0

    def __call__(self) -> str:
        if self._used == len(self._random):
            self._random, self._used = os.urandom(BYTES * AT_ONCE), 0
        self._used += BYTES
        return base64.urlsafe_b64encode(self._random[self._used - BYTES : self._used]).decode()
