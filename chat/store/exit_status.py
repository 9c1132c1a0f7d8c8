"""How a process has ended, in words for the log."""

import signal


def described(status: int) -> str:
    """An exit status as ``subprocess`` and ``multiprocessing`` give it: -9 for SIGKILL."""
    if status >= 0:
        return f"ended with exit status {status}"
    try:
        name = f" ({signal.Signals(-status).name})"
    except ValueError:
        name = ""
    return f"was killed by signal {-status}{name}"
