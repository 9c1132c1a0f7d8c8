"""The process of the follower: ``python -m chat.archive.process``, with its settings in a variable.

It ends on TERM, when a byte arrives on standard input, or at the end of standard input: before that
it archives what is there. It prints ``READY`` when it has begun.
"""

import contextlib
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

from chat.archive import settings
from chat.store.watched import READY

#: Added to the niceness: messages go before.
NICE = 5
#: Seconds after which it ends in the midst of what it does, such as waiting for a database. It can
#: end at any point: what it has not archived by then is archived at the next start.
END_S = 8.0


def main() -> None:
    stop = threading.Event()
    # In no thread a signal interrupts what holds a lock: one thread waits for it.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    _stop_after(lambda: os.read(sys.stdin.fileno(), 1), stop)
    _stop_after(lambda: signal.sigwait({signal.SIGTERM}), stop)
    # A starter that was killed reads nothing any more. Its workers still store messages.
    with contextlib.suppress(BrokenPipeError):
        os.write(sys.stdout.fileno(), f"{READY}\n".encode())
    os.umask(0o077)
    os.nice(NICE)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s [%(process)d] %(levelname)s %(name)s: %(message)s"
    )
    logging.getLogger("alembic").setLevel(logging.WARNING)
    # Imported here: Maru's start does not wait for the driver of a database.
    from chat.archive.archiver import Archiver

    Archiver(settings.read(os.environ[settings.VARIABLE]), stop).run()


def _stop_after(wait: Callable[[], object], stop: threading.Event) -> None:
    """Have a thread that sets ``stop`` once ``wait`` returns, and ends the process ``END_S`` later.

    It holds no lock while it waits, which would be in the way of the interpreter's end.
    """

    def end() -> None:
        wait()
        stop.set()
        time.sleep(END_S)
        os._exit(1)

    threading.Thread(target=end, daemon=True).start()


if __name__ == "__main__":
    main()
