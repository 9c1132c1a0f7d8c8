"""What people have begun to change, which goes on until it is answered.

So it is always known who may be where, and who is what.
"""

import asyncio
from collections.abc import Coroutine, Hashable
from typing import Any

#: Seconds that what has been begun may take to be answered at the end of a round.
LAST_ANSWERS_S = 60.0


class Pending:
    def __init__(self) -> None:
        self._busy: dict[Hashable, asyncio.Task[None]] = {}
        self._failed: list[BaseException] = []

    def begin(self, key: Hashable, work: Coroutine[Any, Any, None]) -> None:
        """Begin some work, unless other work with the same key is under way."""
        if key in self._busy:
            work.close()
            return
        task = self._busy[key] = asyncio.create_task(work)
        task.add_done_callback(lambda done: self._end(key, done))

    def is_busy(self, key: Hashable) -> bool:
        return key in self._busy

    async def finish(self) -> None:
        """Wait until everything is answered. Raises ``OSError``."""
        if self._busy:
            _, late = await asyncio.wait(self._busy.values(), timeout=LAST_ANSWERS_S)
            if late:
                raise OSError("a change of somebody's room, role or name is not answered")
        await asyncio.sleep(0)
        if self._failed:
            raise self._failed[0]

    def _end(self, key: Hashable, done: asyncio.Task[None]) -> None:
        self._busy.pop(key, None)
        if not done.cancelled() and (error := done.exception()):
            self._failed.append(error)
