"""Archives while it has the right to, and stands by while another process has it.

Of all processes on one store one has the right to archive, for a while, and renews it; the others
stand by. Whoever was stopped for longer than that cannot write any more when it goes on, since the
next follower has made itself the one whose writes the archive takes.
"""

import secrets
import threading
import time
from pathlib import Path

from redis.exceptions import RedisError

from chat import key_prefix, keys, script_errors
from chat.archive.archive import Archive
from chat.archive.database import AWAY, Database, reason
from chat.archive.errors import ArchiveError
from chat.archive.follower import Follower
from chat.archive.recorder import Fenced
from chat.archive.settings import FollowerSettings
from chat.erasing_work import ErasingWork
from chat.errors import Unavailable
from chat.store.question import Argument, ScriptCall
from chat.store.store import Store, connect
from chat.store.watched import say

#: For how long a process that was killed holds up the next one, in ms, and how often it is renewed.
LEASE_MS, RENEWAL_S = 10_000, 1.0
#: Seconds between two looks at what is not archived, and before the next try after an error.
PAUSE_S, RETRY_S = 0.1, 1.0
#: Seconds that archiving the rest may take at the end.
LAST_S = 5.0

WORKING, AWAY_NOW = "working", "away"


class Archiver:
    """Runs until ``stop`` is set."""

    def __init__(self, given: FollowerSettings, stop: threading.Event) -> None:
        key_prefix.use(given.key_prefix)
        self._store: Store = connect(given.store_url, script_errors.domain_error)
        self._database = Database(given.database_url, Path(given.data_dir), writes=True)
        self._follower = Follower(self._store, self._database, given.recent, given.kept, given.days)
        archive = Archive(given.database_url, Path(given.data_dir))
        self._erasing = ErasingWork(self._store, self._database, archive, self._follower.recorder)
        self._token = secrets.token_hex(8)
        self._stop = stop
        self._renew_at = 0.0
        self._has_begun = False
        self._trouble = ""
        self._name = ""

    def run(self) -> None:
        """Archive until it is time to stop, and then what is there."""
        while not self._stop.is_set():
            try:
                pause = self._round()
            except RedisError:
                # The workers tell of it. Afterwards the store may be another one.
                self._has_begun = False
                pause = RETRY_S
            self._stop.wait(pause)
        self._finish()

    def _round(self) -> float:
        """One batch; gives the seconds to wait before the next. Raises ``RedisError``."""
        if not self._renew():
            self._has_begun = False
            self._database.close()
            return RENEWAL_S
        try:
            return self._work()
        except Fenced:
            self._has_begun = False
            return RENEWAL_S
        except Unavailable:
            return RETRY_S
        except (*AWAY, ArchiveError) as error:
            self._note_away(error)
            return RETRY_S

    def _work(self) -> float:
        if not self._has_begun:
            self._begin()
        _, more = self._follower.work()
        more = self._erasing.work() or more
        if self._trouble:
            say("The archive is written to again.")
            self._trouble = ""
            self._renew(at_once=True)
        return 0.0 if more else PAUSE_S

    def _begin(self) -> None:
        before = (self._store.ask(("HGET", keys.ARCHIVE, "name")) or b"").decode()
        self._name = self._follower.begin(not before, self._renew)
        if before and before != self._name:
            say(
                "The store was archived in another database before: what is not in its memory any"
                " more is in that one alone."
            )
        self._has_begun = True
        self._renew(at_once=True)

    def _renew(self, at_once: bool = False) -> bool:
        """Take or keep the right to archive, and say how the archive is; False without it."""
        now = time.monotonic()
        if now < self._renew_at and not at_once:
            return True
        state: list[Argument] = ["state", AWAY_NOW if self._trouble else WORKING]
        state += ["reason", self._trouble]
        if self._has_begun:
            state += ["name", self._name]
        lease: list[Argument] = [self._token, LEASE_MS, *state]
        has = bool(self._store.ask(ScriptCall("archiving", [keys.ARCHIVING, keys.ARCHIVE], lease)))
        self._renew_at = now + RENEWAL_S if has else 0.0
        return has

    def _note_away(self, error: Exception) -> None:
        """Say why nothing is archived, once; let another machine try whether it reaches it."""
        self._has_begun = False
        self._database.close()
        self._renew_at = 0.0
        if self._store.ask(("GET", keys.ARCHIVING)) not in (None, self._token.encode()):
            # It was stopped for a while: another one archives, and the server has cut this one off.
            return
        why = str(error) if isinstance(error, ArchiveError) else reason(error)
        if why != self._trouble:
            say(f"The archive cannot be written to ({why}). Chat goes on, and memory fills up.")
            self._trouble = why
        self._renew(at_once=True)
        self._release()

    def _release(self) -> None:
        self._renew_at = 0.0
        if self._store.ask(("GET", keys.ARCHIVING)) == self._token.encode():
            self._store.ask(("DEL", keys.ARCHIVING))

    def _finish(self) -> None:
        """Archive what is there, as far as that is soon done, and give the right back."""
        deadline = time.monotonic() + LAST_S
        try:
            while self._has_begun and time.monotonic() < deadline and self._renew():
                _, more = self._follower.work()
                if not more:
                    break
            self._release()
        except (RedisError, Fenced, Unavailable, *AWAY):
            pass  # It goes on at the next start.
