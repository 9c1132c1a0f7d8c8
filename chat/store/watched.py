"""A process of Maru's own beside the workers: started, replaced when it is killed, and stopped.

The starter (gunicorn's master, or a command), and the workers that it forks, have the writing end
of a pipe. The process ends when it reads a byte from the pipe, or when the last of these processes
has ended. So it runs longer than every worker, and also ends when the starter is killed.
"""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from chat.store import exit_status

#: The line that such a process prints when it has begun; any other line is an error.
READY = "ready"
#: Seconds that a process gets to stop, or to answer.
PROCESS_TIMEOUT_S = 15.0
#: Seconds until the next try to start a process, when the last one has failed; and from one start
#: to the next.
PAUSE_S, STARTS_S = 5.0, 1.0


class ProcessError(Exception):
    """The process cannot run; the text is one line for the operator."""


class WatchedProcess:
    """Runs a module of Maru; ``name`` is what the operator is told it is.

    ``source`` is the checkout that the module is taken from. ``extra`` is put into its environment.
    ``error`` is raised if it does not start. One that does not stop is killed after
    ``killed_after_s``, if that is given; otherwise it is left alone.
    """

    def __init__(
        self,
        name: str,
        module: str,
        arguments: Sequence[str] = (),
        extra: dict[str, str] | None = None,
        source: Path = Path(__file__).parents[2],
        error: type[ProcessError] = ProcessError,
        killed_after_s: float | None = None,
    ) -> None:
        self._name = name
        self._words = [sys.executable, "-m", module, *arguments]
        self._extra = extra or {}
        self._source = source
        self._error = error
        self._killed_after_s = killed_after_s
        self._process_end, self._lifeline = os.pipe()
        self._stopping = threading.Event()
        self._has_started = False
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def start(self) -> None:
        """Return once the process has begun. Raises ``ProcessError``."""
        self._launch()
        self._has_started = True
        self._watcher.start()

    def stop(self) -> None:
        """Return once the process has ended, as it does by itself when all is written."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        if self._has_started:
            os.write(self._lifeline, b".")
            self._watcher.join(self._killed_after_s or 2 * PROCESS_TIMEOUT_S)
            if self._killed_after_s and self._watcher.is_alive():
                # It may have been stopped by a signal.
                self._process.kill()
                self._watcher.join(PROCESS_TIMEOUT_S)
        os.close(self._lifeline)
        os.close(self._process_end)

    def _launch(self) -> None:
        self._process = subprocess.Popen(
            self._words,
            cwd=self._source,
            env={**os.environ, **self._extra},
            stdin=self._process_end,
            stdout=subprocess.PIPE,
            # Ctrl-C must reach the starter only: workers need the process until they have ended.
            start_new_session=True,
        )
        assert self._process.stdout
        self._output = self._process.stdout
        word = self._output.readline().decode().strip()
        if not word:
            raise self._error(f"{self._name} {exit_status.described(self._process.wait())}.")
        if word != READY:
            raise self._error(word)

    def _watch(self) -> None:
        while True:
            began = time.monotonic()
            # The end of its output shows that the process has ended. Its id does not: gunicorn
            # waits for every child, and the system uses ids again.
            self._output.read()
            self._process.wait()
            if self._stopping.is_set():
                return
            say(f"{self._name} was killed; starting another.")
            self._stopping.wait(began + STARTS_S - time.monotonic())
            try:
                self._launch()
            except self._error as error:
                say(str(error))
                self._stopping.wait(PAUSE_S)


def say(line: str) -> None:
    """Print a line for the operator. A terminal that is closed is no error."""
    with contextlib.suppress(OSError):
        print(f"maru: {line}", file=sys.stderr, flush=True)
